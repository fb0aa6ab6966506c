"""The script of a run trains the same: the loss of every step, bit for bit where nothing else is said."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import Recipe, train
from explorer.data import ImageData
from explorer.events import EpochDone, StepDone
from explorer.exports.script import Facts, script
from explorer.exports.script.beside import needed
from explorer.exports.script.notebook import notebook
from explorer.exports.script.techniques import FRAGMENTS
from explorer.networks import MLP, Network, SmallCNN, ViT
from explorer.optimizers import OPTIMIZERS, AdamW, Muon, Optimizer
from explorer.techniques import (
    TECHNIQUES,
    Accumulation,
    Activation,
    Augmentation,
    ClassBalance,
    Distillation,
    Dropout,
    EarlyStopping,
    FrozenNormalization,
    Initialization,
    Mixing,
    Normalization,
    Schedule,
    Skip,
    StochasticDepth,
    Technique,
    Transfer,
    WeightStandardization,
    clash,
)
from tests.conftest import MakeImages

START = Recipe(network=SmallCNN(width=4), batch_size=8, epochs=3, lr=0.05, device="cpu", techniques=())
NETWORKS: tuple[Network, ...] = (
    START.network,
    MLP(depth=4, width=8),
    ViT(patch=4, width=16, depth=4, heads=2),
)
BOUND = 1e-4
"""Relative, on each loss, where the operations are not the same: where a teacher answers, which is an exported program;
and in a ViT without normalization, as ours reshapes tokens there all the same, and sums come in another order.
"""
OTHERWISE: dict[type[Technique], Technique] = {
    Transfer: Transfer(weights="none", train="top", frozen_stages=2, thaw_every=1, depth_factor=0.5),
    Accumulation: Accumulation(pieces=2),
    EarlyStopping: EarlyStopping(patience=0),
    ClassBalance: ClassBalance(where="sampling"),
}
DEFAULTS = tuple(OTHERWISE.get(kind) or kind() for kind in TECHNIQUES)
VARIANTS: tuple[Technique, ...] = (
    ClassBalance(where="loss", by="effective"),
    *(Normalization(kind=kind) for kind in ("layer", "group", "instance")),
    Normalization(affine=False, momentum=0.3),
    *(Activation(kind=kind) for kind in ("prelu", "elu", "gelu")),
    *(Initialization(kind=kind, fan="fan_out") for kind in ("orthogonal", "xavier_uniform", "he_uniform", "torch")),
    Skip(kind="identity", zero_start=True),
    Dropout(kind="channel", places=("stage1", "stage3")),
    StochasticDepth(kind="batch", p=0.5),
    *(Mixing(kind=kind) for kind in ("cutmix", "both")),
    WeightStandardization(kind="centre"),
    Augmentation(policy="trivial"),
    Augmentation(policy="rand", erasing=0.5),
    Augmentation(
        crop=2, rotation=20, scale=0.2, translation=0.1, brightness=0.3, contrast=0.3, saturation=0.5, hue=0.1,
        noise=0.1, erasing=0.5, erasing_fill="mean",
    ),
    *(
        Schedule(kind=kind, warmup=0.5, every=1, gamma=0.5, milestones=(0.5, 1), patience=0)
        for kind in (
            "cosine", "cosine_restarts", "step", "multi_step", "exponential", "polynomial", "plateau", "cyclic"
        )
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def images(tiny: MakeImages) -> ImageData:
    return tiny(count=27, classes=3, channels=3, size=12, ordered=True, noise=0.5)


@pytest.fixture(scope="module")
def teacher(images: ImageData, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("teacher")
    list(train(START.with_(epochs=1), data=images, checkpoints=folder))
    return str(folder)


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


Curves = tuple[list[float], list[float]]


def run(recipe: Recipe, data: ImageData) -> tuple[Curves, int]:
    """Losses of all steps and validation losses of all epochs, and with how many threads."""
    events = list(train(recipe, data=data, instruments="none"))
    assert getattr(events[-1], "outcome", "") == "finished", events[-1]
    (threads,) = (event.threads for event in events if type(event).__name__ == "RunStarted")  # type: ignore[union-attr]
    losses = [event.loss for event in events if isinstance(event, StepDone)]
    return (losses, [event.validation["loss"] for event in events if isinstance(event, EpochDone)]), threads


def scripted(recipe: Recipe, data: ImageData, folder: Path, threads: int, own_process: bool = False) -> Curves:
    """The same from the script."""
    folder.mkdir(exist_ok=True)
    text = script(recipe, Facts(threads, data.mirrors))
    (folder / "script.py").write_text(text, encoding="utf-8")
    for name, content in needed(recipe, data):
        (folder / name).write_bytes(content)
    if own_process:
        code = "import json, script; print(json.dumps(script.train('images.npz')))"
        said = subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True, text=True)
        losses, measured = json.loads(said.stdout.splitlines()[-1])
    else:
        found: dict[str, Any] = {"__name__": "script"}
        exec(compile(text, "script.py", "exec"), found)
        losses, measured = found["train"](folder / "images.npz")
    return losses, [loss for loss, _accuracy in measured]


def assert_same_losses(recipe: Recipe, data: ImageData, folder: Path, own_process: bool = False) -> None:
    wanted, threads = run(recipe, data)
    found = scripted(recipe, data, folder, threads, own_process)
    bare_tokens = isinstance(recipe.network, ViT) and recipe.technique(Normalization) is None
    if recipe.technique(Distillation) or bare_tokens:
        assert found == (pytest.approx(wanted[0], rel=BOUND), pytest.approx(wanted[1], rel=BOUND))
    else:
        assert found == wanted


def on(network: Network, *techniques: Technique, teacher: str = "") -> Recipe | None:
    """With these techniques and what they need; None if they cannot be on together in this network."""
    # Without normalization a ViT diverges at the rate of the others.
    recipe = START.with_(network=network, lr=0.01 if isinstance(network, ViT) else START.lr)
    for technique in techniques:
        given = technique.model_copy(update={"teacher": teacher}) if isinstance(technique, Distillation) else technique
        recipe = recipe.switched(given)
        if isinstance(technique, StochasticDepth) and recipe.technique(Skip) is None:
            recipe = recipe.switched(Skip())
    if isinstance(network, ViT) and recipe.technique(Initialization) and recipe.technique(Normalization) is None:
        recipe = recipe.switched(Normalization(kind="layer"))  # diverges without
    wrong = any(clash(technique, recipe.techniques, network) for technique in recipe.techniques)
    return None if wrong else recipe


def test_every_technique_has_its_lines() -> None:
    assert set(FRAGMENTS) == {kind.name for kind in TECHNIQUES}


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.key())
def test_every_optimizer_has_its_lines(kind: type[Optimizer]) -> None:
    assert f"{'MuonAndAdamW' if kind is Muon else kind.__name__}(" in script(START.with_(optimizer=kind()))


@pytest.mark.parametrize("technique", DEFAULTS, ids=lambda technique: technique.name)
def test_each_technique_trains_the_same(technique: Technique, images: ImageData, teacher: str, tmp_path: Path) -> None:
    recipe = on(START.network, technique, teacher=teacher)
    assert recipe is not None
    assert_same_losses(recipe.with_(epochs=2), images, tmp_path)


def test_the_default_recipe_in_a_process_of_its_own(images: ImageData, tmp_path: Path) -> None:
    recipe = Recipe(network=START.network, batch_size=8, epochs=2).switched(Dropout())
    assert_same_losses(recipe, images, tmp_path, own_process=True)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.kind)
def test_each_network_with_what_has_a_place_in_it(network: Network, images: ImageData, tmp_path: Path) -> None:
    layers = (Normalization(kind="layer"), Skip(), StochasticDepth(), Dropout(places=("stage2", "classifier")))
    recipe = on(network, *layers, Initialization())
    assert recipe is not None
    assert_same_losses(recipe, images, tmp_path)


def test_what_is_off_leaves_no_line_and_every_name_is_there(images: ImageData) -> None:
    bare = script(START)
    for word in ("Dropout", "schedule", "augment", "BatchNorm", "shortcut"):
        assert word not in bare
    assert len(bare.splitlines()) < 200


def test_the_notebook_runs_from_the_first_cell_to_the_last(
    images: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = START.with_(epochs=1).switched(Schedule())
    wanted, threads = run(recipe, images)
    for name, content in needed(recipe, images):
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    cells = json.loads(notebook(script(recipe, Facts(threads))))["cells"]
    found: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("from __future__ import annotations\n" + "".join(cell["source"]), found)
    assert found["losses"] == wanted[0]


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.kind)
@pytest.mark.parametrize("technique", [*VARIANTS, *DEFAULTS], ids=str)
def test_every_kind_of_every_technique(
    technique: Technique, network: Network, images: ImageData, teacher: str, tmp_path: Path
) -> None:
    if (recipe := on(network, technique, teacher=teacher)) is None:
        pytest.skip("has no place in this network")
    assert_same_losses(recipe, images, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("one", DEFAULTS, ids=lambda technique: technique.name)
def test_with_every_later_one(one: Technique, images: ImageData, teacher: str, tmp_path: Path) -> None:
    for other in itertools.dropwhile(lambda technique: technique is not one, DEFAULTS):
        if (recipe := on(START.network, one, other, teacher=teacher)) is not None:
            assert_same_losses(recipe, images, tmp_path / other.name)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": AdamW(), "lr": 0.01},
        {"optimizer": Muon(), "lr": 0.01},
        {"drop_last": False},
        {"precision": "bf16"},
        {"frozen": ("stage1", "*.norm1"), "techniques": (Normalization(),)},
        {"techniques": (Transfer(), Normalization(), Skip()), "network": SmallCNN()},
        *(
            {"frozen": ("stage1", "norm"), "techniques": (Normalization(), FrozenNormalization(statistics=statistics))}
            for statistics in ("kept", "followed", "batch", "training")
        ),
    ],
    ids=str,
)
def test_every_other_setting(changes: dict[str, Any], images: ImageData, tiny: MakeImages, tmp_path: Path) -> None:
    data = tiny(count=27, classes=3, channels=1, size=12) if "network" in changes else images
    assert_same_losses(START.with_(**changes), data, tmp_path)
