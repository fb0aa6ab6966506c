"""A live change builds as little as possible anew; what is another network is told, and best counts anew from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import train
from explorer.data import ImageData
from explorer.events import EpochDone, Event, RecipeChanged, RunEnded, StepDone
from explorer.recipe import Recipe
from explorer.runs import RunRecord
from explorer.techniques import (
    Activation,
    Dropout,
    EarlyStopping,
    Moment,
    Normalization,
    Schedule,
    Skip,
    StochasticDepth,
    Technique,
    WeightAveraging,
)
from explorer.training import checkpoint
from explorer.training.control import Control
from explorer.training.instruments import Watch
from explorer.training.loop import whole_run
from explorer.training.run import Run

MakeImages = Callable[..., ImageData]
BASE: tuple[Technique, ...] = (Normalization(), Skip(), WeightAveraging(decay=0.9))


def run_of(data: ImageData, *techniques: Technique, checkpoints: Path | None = None, **fields: Any) -> Run:
    values = {"width": 4, "batch_size": 16, "epochs": 6, "lr": 0.02, "device": "cpu", "techniques": techniques}
    return Run(Recipe(**{**values, **fields}), data, Watch(()), Control(), checkpoints)


def until(events: Iterator[Event], step: int) -> None:
    while not (isinstance(event := next(events), StepDone) and event.step == step):
        pass


def changed(events: Iterator[Event]) -> RecipeChanged:
    return next(event for event in events if isinstance(event, RecipeChanged))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Dropout(p=0.3), Dropout(p=0.4)),
        (Dropout(p=0.3), Dropout(p=0.3, kind="channel")),
        (Dropout(p=0.3, places=("stage1",)), Dropout(p=0.3)),
        (Dropout(p=0.0), None),
        (None, Dropout()),
        (StochasticDepth(p=0.2), StochasticDepth(p=0.5)),
        (Normalization(), Normalization(momentum=0.3)),
    ],
    ids=["p", "kind", "places", "off", "on", "stochastic depth", "momentum"],
)
def test_what_touches_no_weight_keeps_everything(
    tiny: MakeImages, before: Technique | None, after: Technique | None
) -> None:
    """Network, momenta, average, best epoch; and the layers are those of the new recipe."""
    base = {technique.name: technique for technique in BASE}
    run = run_of(tiny(), *{**base, **({before.name: before} if before else {})}.values())
    events = whole_run(run)
    until(events, 6)
    model, weights = run.learner.model, dict(run.learner.model.named_parameters())
    momenta = {name: state["momentum_buffer"].clone() for name, state in run.learner.momenta().items()}
    shadow, best = [tensor.clone() for tensor in run.learner.shadow], (run.at.best_epoch, run.at.best_loss)
    wanted = run.recipe.switched(after) if after else run.recipe.without(before.name if before else "")
    run.control.change(wanted)
    event = changed(events)
    assert (event.kept, event.fresh, event.anew) == ((), (), False)
    assert run.learner.model is model
    assert all(run.learner.model.get_parameter(name) is weight for name, weight in weights.items())
    assert {name: state["momentum_buffer"].tolist() for name, state in run.learner.momenta().items()} == {
        name: momentum.tolist() for name, momentum in momenta.items()
    }
    assert all(torch.equal(one, two) for one, two in zip(shadow, run.learner.shadow, strict=True))
    assert (run.at.best_epoch, run.at.best_loss, run.at.rebuilt) == (*best, [])
    assert run.learner.recipe == wanted
    assert str(model) == str(run.learner._model(wanted)), "the layers are those of a network built for it"
    *_rest, end = events
    assert isinstance(end, RunEnded)
    assert end.outcome == "finished", end.details


def test_the_run_is_that_of_a_network_built_so_from_the_start(tiny: MakeImages) -> None:
    """A change before the second step: the same weights as with dropout of the new p in that step."""
    data, weights = tiny(), []
    for start in (0.3, 0.6):
        run = run_of(data, *BASE, Dropout(p=start), lr=1e-30, momentum=0, weight_decay=0)  # step 1 moves nothing
        events = whole_run(run)
        until(events, 1)
        run.control.change(run.recipe.switched(Dropout(p=0.6)).with_(lr=0.1))
        until(events, 3)
        weights.append({name: tensor.clone() for name, tensor in run.learner.model.named_parameters()})
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.switched(Activation(kind="tanh")),
        lambda r: r.switched(Normalization(eps=0.1)),
        lambda r: r.without("normalization"),
        lambda r: r.without("normalization").switched(Dropout()),
    ],
    ids=["activation", "epsilon", "without normalization", "with dropout too"],
)
def test_what_answers_otherwise_is_another_network(tiny: MakeImages, change: Callable[[Recipe], Recipe]) -> None:
    run = run_of(tiny(), *BASE)
    events = whole_run(run)
    until(events, 6)
    run.control.change(change(run.recipe))
    assert changed(events).anew
    assert run.at.rebuilt == [1]
    assert next(event for event in events if isinstance(event, EpochDone)).best


def test_star_header_and_best_checkpoint_are_one_thing(tiny: MakeImages, tmp_path: Path) -> None:
    """Dropout on, batch normalization off and on again: best is that of the network since then."""
    run = run_of(tiny(noise=0.5), Normalization(), Skip(), checkpoints=tmp_path, epochs=8, lr=0.1)
    record, losses = RunRecord(), {}
    for event in whole_run(run):
        record.apply(event)
        if isinstance(event, StepDone) and event.step in (13, 17, 21):
            recipe = run.recipe
            run.control.change(
                {
                    13: recipe.switched(Dropout(p=0.2)),
                    17: recipe.without("normalization"),
                    21: recipe.switched(Normalization()),
                }[event.step]
            )
        if isinstance(event, EpochDone):
            losses[event.epoch] = event.validation["loss"]
    assert [mark.anew for mark in record.all(RecipeChanged)] == [False, True, True]
    assert record.ended is not None
    assert record.best is not None
    since = {epoch: loss for epoch, loss in losses.items() if epoch > 5}
    assert record.best.epoch == record.ended.best_epoch == min(since, key=lambda epoch: since[epoch])
    content = checkpoint.read(tmp_path / "best.pt")
    assert content["epoch"] == record.best.epoch
    run.learner.model.load_state_dict(content["model"])
    assert run.measured(run.images.validation)[1]["loss"] == pytest.approx(record.best.validation["loss"])


def test_early_stopping_and_plateau_count_the_losses_of_the_present_network() -> None:
    falling, higher = [1.0, 0.9, 0.8], [2.0, 1.9, 1.8, 1.7]
    moment = Moment(28, 4, 20, falling + higher, (3,))
    assert [list(losses) for losses in moment.losses_by_network("early_stopping")] == [falling, higher]
    assert not EarlyStopping(patience=3).stop(moment)
    assert EarlyStopping(patience=3).stop(Moment(28, 4, 20, falling + higher))
    plateau = Schedule(kind="plateau", patience=2, gamma=0.5)
    assert plateau.lr_scale(moment) == 1
    assert plateau.lr_scale(Moment(28, 4, 20, falling + higher)) < 1
    flat = [1.0] * 6  # what was lowered stays lowered
    after = Moment(36, 4, 20, [*flat, 2.0, 1.9, 1.8], (6,))
    assert plateau.lr_scale(after) == plateau.lr_scale(Moment(24, 4, 20, flat)) < 1


def test_what_is_switched_on_in_mid_run_counts_from_there() -> None:
    flat = [1.0] * 8
    for since, stops in (({}, True), ({"early_stopping": 5}, False), ({"schedule": 5}, True)):
        assert EarlyStopping(patience=3).stop(Moment(32, 4, 20, flat, (), since)) == stops, since
    plateau = Schedule(kind="plateau", patience=2, gamma=0.5)
    assert plateau.lr_scale(Moment(32, 4, 20, flat)) == 0.25
    assert plateau.lr_scale(Moment(32, 4, 20, flat, (), {"schedule": 4})) == 0.5
    assert plateau.lr_scale(Moment(32, 4, 20, flat, (), {"schedule": 7})) == 1
    warm = plateau.model_copy(update={"warmup": 2.0})  # another network in epoch 4, in epochs of the run
    assert warm.lr_scale(Moment(32, 4, 20, flat, (4,))) == 0.5


def test_early_stopping_switched_on_late_waits_as_long_as_if_it_were_new(tiny: MakeImages, tmp_path: Path) -> None:
    """Also after a checkpoint, switched off and on again, and with a plateau taken in mid-run."""
    none = Recipe.model_validate(
        {
            "network": {"kind": "mlp", "depth": 1, "width": 4},
            "batch_size": 16,
            "epochs": 20,
            "lr": 1e-9,
            "techniques": {},
        }
    ).with_(device="cpu", weight_decay=0.0)
    still = EarlyStopping(patience=2, min_delta=1.0)  # nothing ever falls so far
    data = tiny()
    run = Run(none, data, Watch(()), Control(), tmp_path)
    ended = None
    for event in whole_run(run):
        if isinstance(event, StepDone):
            recipe = {
                12: none.switched(still),  # epoch 4
                20: none,
                29: none.switched(still).switched(Schedule(kind="plateau", patience=1, gamma=0.5)),  # after 7 epochs
            }.get(event.step)
            if recipe:
                run.control.change(recipe)
        if isinstance(event, EpochDone) and event.epoch == 9:
            content = checkpoint.read(tmp_path / "last.pt")
            assert content["since"] == {"early_stopping": 7, "schedule": 7}
            assert run.learner.optimizer.param_groups[0]["lr"] == 1e-9
        ended = event
    assert isinstance(ended, RunEnded)
    assert ended.epoch == 11
    for more, epoch in ((none.switched(still), 11), (none.switched(EarlyStopping(patience=4, min_delta=1.0)), 13)):
        *_events, last = train(more, data=data, instruments=(), resume=tmp_path / "last.pt")
        assert isinstance(last, RunEnded)
        assert last.epoch == epoch
