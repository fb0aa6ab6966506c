"""Runs that start from weights learned elsewhere: what stands still, what learns, and that they can go on."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import Recipe, networks
from explorer.data import ImageData
from explorer.errors import InputError
from explorer.events import (
    FINISHED,
    EpochDone,
    Event,
    LayerPlan,
    Note,
    RecipeChanged,
    RunEnded,
    SampleGrid,
    StepDone,
    WeightsLoaded,
)
from explorer.networks import Network, Pretrained, SmallCNN
from explorer.recipe import in_words, parse
from explorer.techniques import (
    Augmentation,
    Dropout,
    EarlyStopping,
    FrozenNormalization,
    LabelSmoothing,
    Normalization,
    Schedule,
    Skip,
    Transfer,
    WeightAveraging,
)
from explorer.training import checkpoint
from explorer.training.control import Control
from explorer.training.freezing import places
from explorer.training.instruments import Watch
from explorer.training.loop import train, whole_run
from explorer.training.metrics import soft_cross_entropy
from explorer.training.model import build
from explorer.training.resuming import go_on
from explorer.training.run import Run

MakeImages = Callable[..., ImageData]
SMALL, LITE0 = Transfer(), Pretrained(size=32)
STATISTICS = {"running_mean", "running_var", "num_batches_tracked"}


def recipe(transfer: Transfer | None, **fields: Any) -> Recipe:
    values = {"batch_size": 8, "epochs": 2, "lr": 0.02, "device": "cpu"}
    techniques = (Normalization(), Skip(), *([transfer] if transfer else []))
    return Recipe(**{**values, **fields}, techniques=techniques)


def changed(transfer: Transfer, **fields: Any) -> Transfer:
    return Transfer(**{**transfer.model_dump(), **fields})


def run_of(of: Recipe, data: ImageData) -> Run:
    return Run(of, data, Watch(()), Control(), None)


def resumed(of: Recipe, data: ImageData, path: Path) -> Run:
    run = Run(of, data, Watch(()), Control(), None, started=False)
    go_on(run, path)
    return run


def finish(run: Run) -> list[Event]:
    events = list(whole_run(run))
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == FINISHED, events[-1].details
    return events


def of_kind(events: list[Event], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def copied(run: Run) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in run.learner.model.state_dict().items()}


def moved(run: Run, before: dict[str, torch.Tensor]) -> set[str]:
    return {name for name, tensor in run.learner.model.state_dict().items() if not torch.equal(tensor, before[name])}


# What the run says.


def test_the_default_recipe_with_transfer_just_works_and_says_what_has_no_effect(tiny: MakeImages) -> None:
    of = Recipe(batch_size=8, epochs=1, lr=0.01, device="cpu", network=LITE0).switched(SMALL)
    events = finish(run_of(of, tiny(size=28)))
    (loaded,) = of_kind(events, WeightsLoaded)
    assert loaded.fresh == ("head.weight", "head.bias")
    said = [str(event.text) for event in of_kind(events, Note)]
    assert "without effect in it are Normalization, Skip connections" in said[0]
    assert "Augmentation shows other images in each epoch" in said[1]
    assert sum(of_kind(events, LayerPlan)[0].factors > 0) == 1


def test_samples_have_the_size_that_the_network_sees(tiny: MakeImages) -> None:
    events = list(train(recipe(SMALL, network=LITE0, epochs=1), data=tiny(size=28)))
    grid = of_kind(events, SampleGrid)[0]
    assert grid.before.shape == (8, 1, 28, 28)
    assert grid.after.shape == (8, 1, 32, 32)


# What stands still.


@pytest.mark.parametrize("network", [SmallCNN(), LITE0], ids=["small", "lite0"])
@pytest.mark.parametrize(
    ("policy", "moving"),
    [
        (None, set()),
        (FrozenNormalization(statistics="kept"), {"weight", "bias"}),
        (FrozenNormalization(statistics="followed", affine_trains=False), STATISTICS),
        (FrozenNormalization(statistics="batch", affine_trains=False), set()),
        (FrozenNormalization(statistics="training", affine_trains=False), STATISTICS),
    ],
    ids=["safe", "affine", "statistics", "batch", "trap"],
)
def test_each_policy_keeps_the_bytes_it_promises_to_keep(
    tiny: MakeImages, network: Network, policy: FrozenNormalization | None, moving: set[str]
) -> None:
    of = recipe(SMALL, network=network, epochs=1, weight_decay=0.1)
    run = run_of(of.switched(policy) if policy else of, tiny(count=24, size=28))
    head = "head." if network is LITE0 else "classifier."
    before = copied(run)
    finish(run)
    different = moved(run, before)
    assert {f"{head}weight", f"{head}bias"} <= different
    body = {name for name in different if not name.startswith(head)}
    assert {name.rpartition(".")[2] for name in body} == moving
    norms = {name for name, layer in run.learner.model.named_modules() if isinstance(layer, torch.nn.BatchNorm2d)}
    assert {name.rpartition(".")[0] for name in body} <= norms


def test_thawing_by_epoch_is_said_and_happens(tiny: MakeImages) -> None:
    of = recipe(changed(SMALL, thaw_every=1, depth_factor=0.5), epochs=3)
    run = run_of(of, tiny(count=24, size=28))
    learning: list[set[float]] = []
    snapshots = [copied(run)]
    for event in whole_run(run):
        if isinstance(event, LayerPlan):
            learning.append(set(event.factors.tolist()))
        if isinstance(event, EpochDone):
            snapshots.append(copied(run))
    assert learning == [{0, 1}, {0, 0.5, 1}, {0, 0.25, 0.5, 1}]
    for epoch, still in enumerate((("conv", "stage1", "stage2", "stage3"), ("conv", "stage1", "stage2"), ("stage1",))):
        one, two = snapshots[epoch : epoch + 2]
        parts = {name.partition(".")[0] for name, tensor in one.items() if not torch.equal(tensor, two[name])}
        assert not parts & set(still)
        assert ("stage3" in parts) is (epoch > 0)


def test_what_learns_changes_live_and_the_network_stays(tiny: MakeImages) -> None:
    control, of = Control(), recipe(SMALL, network=LITE0, epochs=3)
    run = Run(of, tiny(count=24, size=28), Watch(()), control, None)
    model, factors = run.learner.model, []
    for event in whole_run(run):
        if isinstance(event, StepDone) and event.step == 2:
            wanted = changed(SMALL, train="top", frozen_stages=7, weights="none")
            control.change(of.with_(network="resnet18").switched(wanted).without("normalization"))
        if isinstance(event, RecipeChanged):
            assert (event.kept, event.fresh) == ((), ())
            assert in_words(of, parse(event.recipe)) == (
                "without normalization",
                "Transfer learning: what learns all but the first stages instead of the head",
                "Transfer learning: frozen stages 7 instead of 3",
            )
        if isinstance(event, LayerPlan):
            factors.append(int((event.factors > 0).sum()))
    assert run.learner.model is model
    assert factors[0] == 1 < factors[1]


# Against torch alone.


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_parameter_groups_equal_those_written_by_hand(tiny: MakeImages, optimizer: str) -> None:
    """Step by step, with a rate for each stage and a thaw after two steps."""
    data = tiny(count=16, size=28)
    transfer = changed(SMALL, train="top", frozen_stages=3, thaw_every=1, depth_factor=0.5)
    run = run_of(recipe(transfer, epochs=3, optimizer=optimizer, lr=0.01, weight_decay=0.1), data)
    by_hand = build(run.recipe, run.learner.facts, run.learner.standardize, torch.Generator())
    by_hand.to(memory_format=torch.channels_last)  # the same start; everything else is torch's
    stage = {at.name: at.stage for at in places(by_hand)}
    rates = [0.01 * 0.5 ** (4 - k) for k in range(5)]

    def groups(frozen: int) -> list[dict[str, Any]]:
        """Those of a stage with two and more dimensions, which decay, and its others, which do not."""
        found = []
        for k in range(frozen, 5):
            own = [p for n, p in by_hand.named_parameters() if stage[n.rpartition(".")[0]] == k]
            found += [
                {"params": [p for p in own if p.ndim > 1], "lr": rates[k], "weight_decay": 0.1},
                {"params": [p for p in own if p.ndim <= 1], "lr": rates[k], "weight_decay": 0.0},
            ]
        return found

    def freeze(below: int) -> None:
        for name, module in by_hand.named_modules():
            if name in stage:
                for parameter in module.parameters(recurse=False):
                    parameter.requires_grad_(stage[name] >= below)
                    parameter.grad = None if stage[name] < below else parameter.grad
                module.train(stage[name] >= below)

    def new_optimizer(below: int) -> torch.optim.Optimizer:
        if optimizer == "adamw":
            return torch.optim.AdamW(groups(below), lr=0.01, foreach=True)
        return torch.optim.SGD(groups(below), lr=0.01, momentum=0.9, nesterov=True, foreach=True)

    by_hand.train()
    ours, theirs = iter(whole_run(run)), None
    seen: list[tuple[float, ...]] = []
    for step in range(5):
        frozen = 3 - step // 2  # two batches an epoch
        if step % 2 == 0:
            freeze(frozen)
            old = theirs
            theirs = new_optimizer(frozen)
            for parameter, state in old.state.items() if old else ():
                theirs.state[parameter] = state
        while not isinstance(event := next(ours), StepDone):
            pass
        seen.append(event.lr)
        context = run.context
        theirs.zero_grad()
        soft_cross_entropy(by_hand(context.batch.images), context.batch.targets).backward()
        theirs.step()
        state = by_hand.state_dict()
        for name, tensor in run.learner.model.state_dict().items():
            assert torch.equal(tensor, state[name]), (step, name)
        named = dict(run.learner.model.named_parameters())
        learning = {name for name in named if stage[name.rpartition(".")[0]] >= frozen}
        assert {name for name, p in named.items() if p in run.learner.optimizer.state} == learning
        assert {name for name, p in named.items() if p.grad is not None} == learning
    assert [len(rates) for rates in seen] == [2, 2, 3, 3, 4]
    assert all(rate == pytest.approx(tuple(rates[5 - len(rate) :])) for rate in seen)


# Going on.


def checkpoints_of(of: Recipe, data: ImageData, folder: Path, stop_at: int = 0, resume: Path | None = None) -> Path:
    folder.mkdir()
    control = Control()
    for event in train(of, data=data, checkpoints=folder, control=control, resume=resume, instruments="none"):
        if isinstance(event, StepDone) and event.step == stop_at:
            control.stop()
    assert isinstance(event, RunEnded)
    assert not event.details
    return folder / "last.pt"


@pytest.mark.parametrize("stop_at", [4, 6, 10])
@pytest.mark.parametrize("name", ["lite0", "everything"])
def test_a_resumed_run_equals_one_that_was_never_interrupted(
    tiny: MakeImages, tmp_path: Path, name: str, stop_at: int
) -> None:
    data = tiny(count=24, size=28, noise=0.5)  # 3 batches an epoch
    of = recipe(changed(SMALL, train="top", frozen_stages=6, thaw_every=1), network=LITE0, epochs=4, lr=0.005)
    if name == "everything":
        more = (Augmentation(), LabelSmoothing(), Dropout(), Schedule(), WeightAveraging(), EarlyStopping(patience=2))
        of = recipe(None, epochs=6, lr=0.3, width=4)
        for technique in more:
            of = of.switched(technique)
    whole = checkpoints_of(of, data, tmp_path / "whole")
    first = checkpoints_of(of, data, tmp_path / "first", stop_at)
    resumed = checkpoints_of(of, data, tmp_path / "resumed", resume=first)
    one, two = checkpoint.read(whole), checkpoint.read(resumed)
    for key in ("step", "epoch", "losses", "best"):
        assert one[key] == two[key]
    for key in ("model", "trained"):
        assert all(torch.equal(tensor, two[key][name]) for name, tensor in one.get(key, {}).items())
    best, again = (checkpoint.read(path.with_name("best.pt")) for path in (whole, resumed))
    assert best["epoch"] == again["epoch"]
    assert all(torch.equal(tensor, again["model"][name]) for name, tensor in best["model"].items())


def test_without_its_best_checkpoint_a_resumed_run_looks_for_the_best_anew(tiny: MakeImages, tmp_path: Path) -> None:
    data, of = tiny(count=24, size=28), recipe(SMALL, epochs=3)
    first = checkpoints_of(of, data, tmp_path / "first", stop_at=4)
    first.with_name("best.pt").write_bytes(b"damaged")
    run = resumed(of, data, first)
    assert (run.at.best_epoch, run.at.best_loss) == (0, math.inf)
    finish(run)
    assert run.at.best_epoch > 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"step": "many"}, "does not say how far"),
        ({"epoch": -1}, "does not say how far"),
        ({"losses": ["low"]}, "does not say how far"),
        ({"model": {"conv.weight": torch.zeros(3)}}, "does not fit the network of the recipe"),
        ({"model": 3}, "does not fit the network of the recipe"),
        ({"optimizer": {"conv.weight": 3}}, "does not fit the network of the recipe"),
    ],
)
def test_a_run_cannot_go_on_from_nonsense(tiny: MakeImages, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    data, of = tiny(count=24, size=28), recipe(SMALL.model_copy(update={"train": "all"}), epochs=2)
    last = checkpoints_of(of, data, tmp_path / "first", stop_at=4)
    checkpoint.write([last], {**checkpoint.read(last), **change})
    last.with_name("best.pt").unlink()  # it would be taken in its place
    with pytest.raises(InputError, match=said):
        list(train(of, data=data, resume=last))


def test_batches_of_another_size_begin_the_epoch_anew(tiny: MakeImages, tmp_path: Path) -> None:
    data, of = tiny(count=24, size=28), recipe(SMALL, epochs=3)
    first = checkpoints_of(of, data, tmp_path / "first", stop_at=5)
    run = resumed(of.with_(batch_size=4), data, first)
    assert (run.at.epoch, run.at.step) == (1, 6)
    assert [event.epoch for event in of_kind(finish(run), EpochDone)] == [2, 3]


def test_a_transferred_run_is_a_start_for_others_and_goes_on_without_its_own(
    tiny: MakeImages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tiny(count=24, size=28)
    source = tmp_path / "source.pt"
    torch.save(networks.official("efficientnet_lite0"), source)
    of = recipe(changed(SMALL, weights=str(source)), network=LITE0, epochs=2)
    last = checkpoints_of(of, data, tmp_path / "first", stop_at=2)
    source.unlink()
    monkeypatch.setattr(networks, "fetch", lambda _name: pytest.fail("nothing is needed to go on"))
    events = list(train(of, data=data, resume=last, instruments="none"))
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == FINISHED
    assert not of_kind(events, WeightsLoaded)

    again = run_of(recipe(changed(SMALL, weights=str(last)), network=LITE0), data)
    loaded = again.learner.model.loaded
    assert isinstance(loaded, WeightsLoaded)
    assert (loaded.fresh, loaded.unused) == ((), ())
    kept = checkpoint.read(last)["model"]
    assert all(torch.equal(tensor, kept[name]) for name, tensor in copied(again).items())
