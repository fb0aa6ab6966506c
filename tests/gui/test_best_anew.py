"""Star and header are what best.pt holds; where another network makes the best start anew, the plot says so."""

from __future__ import annotations

from explorer.events import EpochDone, RecipeChanged, RunStarted
from explorer.gui.charts.curves import best_anew, former_bests, marks_of
from explorer.gui.panels import Shown
from explorer.gui.theme import LIGHT
from explorer.recipe import Recipe
from explorer.runs import RunRecord
from explorer.techniques import Dropout


def record(losses: list[float], anew_after: int | None, said: bool = True) -> RunRecord:
    """Ten steps an epoch; a live change after the epoch `anew_after` makes the best start anew."""
    made, best = RunRecord(), float("inf")
    values = Recipe().model_dump(mode="json")
    made.apply(
        RunStarted(
            recipe=values,
            layers=(),
            classes=("a", "b"),
            ordered=False,
            images={},
            steps_per_epoch=10,
            device="cpu",
            time=0.0,
        )
    )
    for epoch, loss in enumerate(losses, 1):
        measured = {"loss": loss, "accuracy": 0.5}
        made.apply(
            EpochDone(
                epoch=epoch,
                step=10 * epoch,
                train=measured,
                validation=measured,
                best=loss < best,
                seconds=1.0,
                images_per_second=1.0,
            )
        )
        best = min(best, loss)
        if epoch == anew_after:
            after = Recipe().switched(Dropout()).model_dump(mode="json")
            made.apply(RecipeChanged(step=10 * epoch, recipe=after, anew=said))
            best = float("inf")
    return made


def test_the_mark_says_it_at_once_and_the_former_star_stays() -> None:
    run = record([0.9, 0.43, 2.3, 2.23], anew_after=2)
    assert run.best is not None
    assert (run.best.epoch, run.best.validation["loss"]) == (4, 2.23)
    assert [epoch.epoch for epoch in former_bests(run)] == [2]
    assert best_anew(run) == {20}
    (mark,) = marks_of([Shown(run, "run", 0)], LIGHT)
    assert mark.text.endswith("best epoch anew")
    assert best_anew(record([0.9, 0.43], anew_after=2)) == {20}


def test_a_change_that_keeps_the_best_says_nothing() -> None:
    run = record([0.9, 0.43, 0.3], anew_after=None)
    assert best_anew(run) == set()
    assert former_bests(run) == []


def test_runs_of_earlier_versions_tell_it_by_a_best_that_is_worse() -> None:
    run = record([0.9, 0.43, 2.3], anew_after=2, said=False)
    assert best_anew(run) == {20}
    assert [epoch.epoch for epoch in former_bests(run)] == [2]
