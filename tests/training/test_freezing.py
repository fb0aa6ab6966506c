"""What is frozen stands still to the last byte; what thaws goes on as if resumed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from explorer import Recipe
from explorer.data import ImageData
from explorer.errors import InputError
from explorer.events import FINISHED, LayerPlan, RecipeChanged, RunEnded, StepDone
from explorer.recipe import in_words, parse
from explorer.techniques import Clipping, FrozenNorm, LayerPlace, LayerRate, Normalization, Skip, Technique
from explorer.training import checkpoint, freezing
from explorer.training.control import Control
from explorer.training.instruments import Watch
from explorer.training.loop import train, whole_run
from explorer.training.run import Run

MakeImages = Callable[..., ImageData]
SMALL = Recipe(depth=8, width=4, batch_size=8, epochs=2, lr=0.05, techniques=(Normalization(), Skip()))


def run_of(data: ImageData, recipe: Recipe) -> Run:
    return Run(recipe, data, Watch(()), Control(), None)


def finish(run: Run) -> None:
    *_events, ended = whole_run(run)
    assert isinstance(ended, RunEnded)
    assert ended.outcome == FINISHED


def bytes_of(run: Run, prefix: str) -> dict[str, torch.Tensor]:
    return {n: t.clone() for n, t in run.learner.model.state_dict().items() if n.startswith(prefix)}


def test_frozen_layers_keep_every_byte_and_cost_no_state(tiny: MakeImages) -> None:
    run = run_of(tiny(), SMALL.with_(frozen=("conv", "norm", "stage1"), weight_decay=0.1))
    before, free = bytes_of(run, "stage1"), bytes_of(run, "stage2")
    finish(run)
    assert all(torch.equal(before[n], t) for n, t in bytes_of(run, "stage1").items())
    assert not any(torch.equal(free[n], t) for n, t in bytes_of(run, "stage2").items() if n.endswith("weight"))
    for name, parameter in run.learner.model.named_parameters():
        if name.startswith(("conv", "norm", "stage1")):
            assert parameter.grad is None
            assert parameter not in run.learner.optimizer.state


@pytest.mark.parametrize(
    ("policy", "moving"),
    [
        (FrozenNorm(), set()),
        (FrozenNorm(affine_trains=True), {"weight", "bias"}),
        (FrozenNorm(statistics_update=True), {"running_mean", "running_var", "num_batches_tracked"}),
        (FrozenNorm(uses_running=False), set()),
        (FrozenNorm(True, True, False), {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}),
    ],
)
def test_each_switch_of_frozen_batch_normalization_does_one_thing(
    tiny: MakeImages, monkeypatch: pytest.MonkeyPatch, policy: FrozenNorm, moving: set[str]
) -> None:
    def layer_rate(_self: Technique, place: LayerPlace, _epoch: int, _so_far: LayerRate) -> LayerRate:
        return LayerRate(frozen=place.stage == 1, norm=policy)

    monkeypatch.setattr(Clipping, "layer_rate", layer_rate)
    run = run_of(tiny(), SMALL.switched(Clipping()))
    before = bytes_of(run, "stage1.0.norm1")
    finish(run)
    moved = {n.rpartition(".")[2] for n, t in bytes_of(run, "stage1.0.norm1").items() if not torch.equal(t, before[n])}
    assert moved == moving
    norm = run.learner.model.get_submodule("stage1.0.norm1")
    x = torch.randn(8, 4, 5, 5)
    run.learner.model.train(False)
    evaluated = norm(x)
    run.learner.model.train()
    freezing.apply(run.learner.layer_rates, run.learner.model)
    assert torch.equal(norm(x), evaluated) is policy.uses_running


def test_rates_per_group_are_the_rate_times_the_factor(tiny: MakeImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clipping, "layer_rate", lambda _self, place, *_: LayerRate(0.5**place.from_head))
    recipe = SMALL.switched(Clipping(threshold=100))
    events = list(whole_run(run_of(tiny(), recipe)))
    step = next(event for event in events if isinstance(event, StepDone))
    plan = next(event for event in events if isinstance(event, LayerPlan))
    assert step.lr == pytest.approx([0.05 * 0.5**n for n in (4, 3, 2, 1, 0)])
    assert dict.fromkeys(plan.factors.tolist()) == dict.fromkeys(0.5**n for n in (4, 3, 2, 1, 0))


def test_a_tick_freezes_at_the_next_batch_and_its_removal_thaws(tiny: MakeImages) -> None:
    control = Control()
    seen: list[object] = []
    recipe = SMALL
    for event in train(SMALL, control=control, data=tiny()):
        if isinstance(event, StepDone) and event.step in (1, 3):
            control.change(SMALL.with_(frozen=("stage1",) if event.step == 1 else ()))
        if isinstance(event, RecipeChanged):
            before, recipe = recipe, parse(event.recipe)
            seen.append((event.step, in_words(before, recipe)))
        if isinstance(event, LayerPlan):
            seen.append((event.step, int((event.factors == 0).sum())))
    assert seen == [(0, 0), (1, ("frozen: stage1",)), (1, 4), (3, ("learning: stage1",)), (3, 0)]


def test_freezing_everything_or_nothing_known_is_refused(tiny: MakeImages) -> None:
    with pytest.raises(InputError, match="nothing would learn"):
        list(train(SMALL.with_(frozen=("*",)), data=tiny()))
    with pytest.raises(InputError, match=r"'stage9'.*Did you mean stage"):
        list(train(SMALL.with_(frozen=("stage9",)), data=tiny()))
    control = Control()
    control.change(SMALL.with_(frozen=("*",)))
    events = list(train(SMALL, control=control, data=tiny()))
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == FINISHED
    assert not any(isinstance(event, RecipeChanged) for event in events)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("stop_at", [5, 8])
def test_thawing_in_mid_run_equals_a_run_resumed_with_the_thawed_recipe(
    tiny: MakeImages, tmp_path: Path, optimizer: str, stop_at: int
) -> None:
    frozen = SMALL.with_(frozen=("conv", "norm", "stage1"), optimizer=optimizer, lr=0.01)
    thawed = frozen.with_(frozen=())
    folders = [tmp_path / name for name in ("whole", "first", "second")]
    for folder in folders:
        folder.mkdir()
    control = Control()
    for event in train(frozen, control=control, data=tiny(), checkpoints=folders[0]):
        if isinstance(event, StepDone) and event.step == stop_at:
            control.change(thawed)
    control = Control()
    for event in train(frozen, control=control, data=tiny(), checkpoints=folders[1]):
        if isinstance(event, StepDone) and event.step == stop_at:
            control.stop()
    resumed = list(train(thawed, data=tiny(), checkpoints=folders[2], resume=folders[1] / "last.pt"))
    assert next(event for event in resumed if isinstance(event, StepDone)).step == stop_at + 1
    whole, parts = (checkpoint.read(folder / "last.pt") for folder in (folders[0], folders[2]))
    assert whole["step"] == parts["step"]
    assert all(torch.equal(t, parts["model"][n]) for n, t in whole["model"].items())
