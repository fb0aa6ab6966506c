"""Which weights a network starts from, which layers learn and how fast, and what is said of bad weights."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from safetensors.torch import save_file

from explorer import Recipe, networks
from explorer.errors import InputError
from explorer.events import WeightsLoaded
from explorer.networks import pretrained
from explorer.networks.pretrained import BackboneName
from explorer.recipe import parse
from explorer.techniques import (
    DataSpec,
    Dropout,
    FrozenNormalization,
    Initialization,
    LabelSmoothing,
    LayerPlace,
    LayerRate,
    Normalization,
    Skip,
    Technique,
    Transfer,
    clash,
)
from explorer.training.freezing import places
from explorer.training.model import Standardize, build

CNN, LITE0 = networks.SmallCNN(), networks.Pretrained(size=32)
TRANSFER = Transfer()


def built(
    network: networks.Network, *others: Technique, classes: int = 4, transfer: Transfer = TRANSFER
) -> torch.nn.Module:
    recipe = Recipe(techniques=(Normalization(), Initialization(), Skip(), transfer, *others), network=network)
    standardize = Standardize(torch.zeros(1), torch.ones(1))
    return build(recipe, DataSpec(classes, ordered=False), standardize, torch.Generator())


def loaded(model: torch.nn.Module) -> WeightsLoaded:
    found = model.loaded
    assert isinstance(found, WeightsLoaded)
    return found


def place(stage: int, stages: int = 5) -> LayerPlace:
    return LayerPlace("layer", stage, stages)


def test_every_backbone_can_be_chosen() -> None:
    assert get_args(BackboneName) == tuple(backbone.name for backbone in networks.BACKBONES)


# Where the weights come from.


def test_official_weights_survive_the_other_techniques() -> None:
    model = built(LITE0)
    official, state = networks.official("efficientnet_lite0"), model.state_dict()
    assert all(torch.equal(tensor, state[name]) for name, tensor in official.items())
    assert loaded(model).fresh == ("head.weight", "head.bias")
    assert loaded(model).unused == ()
    assert "ImageNet" in str(loaded(model).source)
    fresh = built(LITE0, transfer=Transfer(weights="none"))
    assert torch.equal(state["head.weight"], fresh.state_dict()["head.weight"])
    assert not hasattr(fresh, "loaded")


def test_the_small_cnn_gets_a_new_head_even_for_as_many_classes() -> None:
    model = built(CNN, classes=6)
    weights, state = networks.small_cnn_weights(), model.state_dict()
    assert set(loaded(model).fresh) == {"classifier.weight", "classifier.bias"}
    assert all(torch.equal(tensor, state[name]) for name, tensor in weights.items() if "classifier" not in name)
    assert torch.equal(state["input.mean"], weights["input.mean"])  # normalization follows the weights
    assert not torch.equal(state["classifier.weight"], weights["classifier.weight"])


def test_what_fits_is_loaded_and_the_rest_is_listed() -> None:
    deeper = loaded(built(networks.SmallCNN(depth=14)))
    assert "stage1.0.conv1.weight" in deeper.kept
    assert "stage1.1.conv1.weight" in deeper.fresh
    plain = loaded(_without_norm())
    assert "norm.weight" in dict(plain.unused)
    with pytest.raises(InputError, match="None of the"):
        built(networks.SmallCNN(width=8))


def _without_norm() -> torch.nn.Module:
    recipe = Recipe(techniques=(TRANSFER,))
    return build(recipe, DataSpec(4, ordered=False), Standardize(torch.zeros(1), torch.ones(1)), torch.Generator())


@pytest.mark.parametrize("form", ["pt", "safetensors", "checkpoint"])
@pytest.mark.parametrize("classes", [4, 5])
def test_a_file_keeps_its_head_if_that_has_as_many_classes(tmp_path: Path, form: str, classes: int) -> None:
    state = {name: tensor.clone() for name, tensor in built(CNN, classes=4).state_dict().items()}
    path = tmp_path / f"weights.{form}"
    if form == "safetensors":
        save_file(state, path)
    else:
        torch.save({"format": 1, "model": state} if form == "checkpoint" else state, path)
    event = loaded(built(CNN, classes=classes, transfer=Transfer(weights=str(path))))
    assert str(event.source) == str(path)
    if classes == 4:
        assert (event.fresh, event.unused) == ((), ())
    else:
        assert event.fresh == ("classifier.weight", "classifier.bias")
        assert str(dict(event.unused)["classifier.weight"]) == "shape (4, 64) instead of (5, 64)"


class _Hostile:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return Path.touch, (Path("touched"),)  # type: ignore[return-value]


def _damaged(path: Path) -> None:
    torch.save({"conv.weight": torch.rand(16, 1, 3, 3)}, path)
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: None, "There is no file"),
        (lambda path: path.mkdir(), "is a folder"),
        (_damaged, "weights.pt cannot be "),
        (lambda path: path.write_bytes(pickle.dumps(_Hostile())), "weights.pt cannot be "),
        (lambda path: torch.save({"model": {}}, path), "holds no tensors"),
        (lambda path: torch.save({"fc.weight": torch.rand(3, 3)}, path), "None of the 1 tensors"),
        (lambda path: torch.save({"conv.weight": torch.full((16, 1, 3, 3), torch.nan)}, path), "not finite"),
    ],
    ids=["missing", "folder", "damaged", "hostile", "empty", "foreign", "nan"],
)
def test_bad_files_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], object], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pt"
    write(path)
    with pytest.raises(InputError, match=said):
        built(CNN, transfer=Transfer(weights=str(path)))
    assert not Path("touched").exists()


@pytest.mark.parametrize(
    ("network", "transfer", "fetched"),
    [
        (networks.Pretrained(name="resnet18"), TRANSFER, ["resnet18"]),
        (networks.Pretrained(name="resnet18"), Transfer(weights="none"), []),
        (networks.Pretrained(name="resnet18"), Transfer(weights="mine.pt"), []),
        (CNN, TRANSFER, []),
    ],
)
def test_only_official_weights_are_fetched(
    monkeypatch: pytest.MonkeyPatch, network: networks.Network, transfer: Transfer, fetched: list[str]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(pretrained, "fetch", lambda name: iter([(1, 2), (asked.append(name) or 2, 2)]))
    assert list(transfer.fetch(network)) == ([(1, 2), (2, 2)] if fetched else [])
    assert asked == fetched


def test_statistics_of_a_body_can_follow_a_short_training() -> None:
    norms = [layer for layer in built(LITE0).modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert {layer.momentum for layer in norms} == {0.1}  # the original has 0.01


# The input.


def test_a_size_that_no_network_takes_is_refused() -> None:
    with pytest.raises(InputError, match=r"network\.size is 20; it must be 0, or 32 and more"):
        parse({"network": {"kind": "pretrained", "size": 20}})


@pytest.mark.parametrize(
    ("network", "side"),
    [(LITE0, 32), (networks.Pretrained(size=0), 224), (networks.Pretrained(name="vit_b_32"), 224), (CNN, 28)],
)
def test_the_preview_has_the_size_that_the_network_takes(network: networks.Network, side: int) -> None:
    images = torch.rand(2, 1, 28, 28)
    seen = network.resized(images)
    assert seen.shape == (2, 1, side, side)
    if network is LITE0:
        model = built(network)
        assert torch.equal(model.input(images), (seen - model.input.mean) / model.input.std)  # type: ignore[operator]


# Which layers learn.


@pytest.mark.parametrize(
    ("fields", "frozen"),
    [
        ({"train": "head"}, {0: 4, 99: 4}),
        ({"train": "all"}, {0: 0}),
        ({"train": "top", "frozen_stages": 2}, {0: 2, 99: 2}),
        ({"train": "top", "frozen_stages": 20}, {0: 4}),
        ({"train": "head", "thaw_every": 2}, {0: 4, 1: 4, 2: 3, 3: 3, 4: 2, 8: 0, 99: 0}),
        ({"train": "top", "frozen_stages": 2, "thaw_every": 1}, {0: 2, 1: 1, 2: 0, 3: 0}),
    ],
)
def test_stages_thaw_from_the_head_down(fields: dict[str, Any], frozen: dict[int, int]) -> None:
    transfer = Transfer(**fields)
    for epoch, stages in frozen.items():
        assert [transfer.layer_rate(place(k), epoch, LayerRate()).frozen for k in range(5)] == [
            k < stages for k in range(5)
        ]


def test_the_rate_falls_with_depth() -> None:
    transfer = Transfer(train="all", depth_factor=0.5)
    slowed = LayerRate(factor=0.5, frozen=True)
    assert transfer.layer_rate(place(0), 0, slowed).frozen
    assert transfer.layer_rate(place(3), 0, slowed).factor == 0.25
    assert [transfer.layer_rate(place(k), 0, LayerRate()).factor for k in range(5)] == [0.0625, 0.125, 0.25, 0.5, 1.0]


@pytest.mark.parametrize("name", ["vit_b_32", "convnext_tiny", "densenet121", "swin_t"])
def test_every_parameter_belongs_to_its_stage(name: str) -> None:
    """Also those that a transformer has beside its layers: they are frozen with the first stage, not the head."""
    model = networks.build(name, 3)
    in_head = [at.name for at in places(model) if at.from_head == 0]
    assert in_head == ["head"]
    first = [at.name for at in places(model) if at.stage == 0]
    assert first
    if name == "vit_b_32":
        assert {"body", "body.encoder", "body.conv_proj"} == set(first)


# Beside other techniques.


def test_a_pretrained_network_leaves_no_blanks() -> None:
    assert "EfficientNet-Lite0 is built of its own layers" in str(clash(Normalization(), (Normalization(),), LITE0))
    assert "EfficientNet-Lite0" in str(clash(Dropout(), (), LITE0))
    assert not clash(LabelSmoothing(), (), LITE0)
    assert not clash(Initialization(), (), LITE0)
    assert not clash(Normalization(), (), CNN)
    assert not clash(TRANSFER, (Normalization(), Skip()), LITE0)
    assert "no official weights for MLP" in str(clash(TRANSFER, (), networks.MLP()))


def test_the_comparison_differs_in_what_its_labels_say() -> None:
    recipe = Recipe(lr=0.01, network=networks.Pretrained(size=64)).switched(Transfer(thaw_every=3, weights="none"))
    arms = {str(label): arm.technique(Transfer) for label, arm in recipe.techniques[-1].comparison(recipe)}
    assert list(arms) == ["from scratch", "feature extraction", "fine-tuning"]
    assert [arm.weights for arm in arms.values() if arm] == ["none", "official", "official"]
    assert [arm.train for arm in arms.values() if arm] == ["all", "head", "all"]


def test_the_comparison_of_frozen_normalization_shows_the_trap() -> None:
    recipe = Recipe().switched(Transfer(train="head"))
    kept, trap = FrozenNormalization(), FrozenNormalization(statistics="training", affine_trains=False)
    assert [arm.technique(FrozenNormalization) for _label, arm in kept.comparison(recipe)] == [None, kept, trap]
    assert [arm.technique(FrozenNormalization) for _label, arm in trap.comparison(recipe)] == [None, trap]
    assert str(kept.comparison(recipe)[-1][0]) == "BatchNorm trap"


def test_any_technique_can_be_compared_with_its_absence() -> None:
    recipe = Recipe()
    (without, off), (label, on) = Dropout(p=0.5).comparison(recipe)
    assert (str(without), str(label)) == ("without dropout", "dropout 0.5")
    assert off.technique(Dropout) is None
    assert on.technique(Dropout) == Dropout(p=0.5)
