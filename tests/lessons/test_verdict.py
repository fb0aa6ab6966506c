"""Verdicts: what holds, what does not, on what it depends; and what is read off a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from explorer.events import DIVERGED, FINISHED, EpochDone, Event, RunEnded, RunStarted
from explorer.i18n import Message, set_language
from explorer.lessons import Claim, read
from explorer.lessons.measured import Measured, table
from explorer.lessons.measures import measure, title
from explorer.lessons.playing import Given, Playing, compared, distance, right_option
from explorer.lessons.verdict import Outcome, judge
from explorer.recipe import Recipe
from explorer.runs import RunRecord
from tests.lessons import SMALL


def made(losses: Sequence[float], gap: float = 0.0, outcome: str = FINISHED) -> RunRecord:
    """A run with these validation losses; its accuracy on training images is `gap` above that on validation."""

    def events() -> Iterator[Event]:
        yield RunStarted(recipe=Recipe().model_dump(mode="json"), layers=(), classes=("a", "b", "c", "d"),
                         ordered=False, images={}, steps_per_epoch=1, device="cpu", time=0.0)  # fmt: skip
        for epoch, loss in enumerate(losses, 1):
            values = {"loss": loss, "accuracy": 0.6, "confidence": 0.9, "ece": 0.3}
            yield EpochDone(epoch=epoch, step=epoch, train={**values, "accuracy": 0.6 + gap}, validation=values,
                            best=loss == min(losses[:epoch]), seconds=1.0, images_per_second=1.0)  # fmt: skip
        yield RunEnded(outcome=outcome, reason=Message("x"), test={"loss": 0.5}, seconds=2.0)

    return RunRecord.of(events())


def claim(**changes: object) -> Claim:
    """That of the small lesson."""
    return Claim.model_validate({**read(SMALL).claim[0].model_dump(), **changes})


def runs(without: Sequence[float], with_: Sequence[float]) -> dict[str, list[RunRecord]]:
    """Of both arms, with these gaps by seed."""
    return {"without": [made((1,), gap) for gap in without], "with": [made((1,), gap) for gap in with_]}


@pytest.mark.parametrize(
    ("without", "with_", "outcome"),
    [
        ((0.3, 0.3, 0.3), (0.2, 0.25, 0.28), Outcome.HOLDS),
        ((0.3, 0.3, 0.3), (0.2, 0.25, 0.31), Outcome.DEPENDS),  # the mean is enough, but not every seed agrees
        ((0.3, 0.3, 0.3), (0.295, 0.294, 0.296), Outcome.FAILS),  # every seed agrees, but by too little
        ((0.3, 0.3, 0.3), (0.4, 0.4, 0.4), Outcome.FAILS),
        ((0.3, 0.3, 0.3), (0.3, 0.3, 0.3), Outcome.FAILS),
    ],
)
def test_a_claim_holds_where_the_mean_is_enough_and_every_seed_agrees(
    without: Sequence[float], with_: Sequence[float], outcome: Outcome
) -> None:
    verdict = judge(claim(), runs(without, with_))
    assert verdict.outcome == outcome
    assert verdict.n == 3
    assert verdict.seconds == 12.0
    assert bool(verdict.on) is (outcome is not Outcome.HOLDS)


def test_it_says_on_what_it_depends() -> None:
    set_language("en")
    verdict = judge(claim(), runs((0.3, 0.3, 0.3), (0.2, 0.25, 0.31)))
    assert verdict.on == "it depends: not shown is that “with it” lies below “without it” by 0.01 (in 2 of 3 seeds)"
    two = claim(rule=({"lower": "with", "than": "without"}, {"higher": "with", "level": 0.9}))
    assert judge(two, runs((0.3,), (0.2,))).outcome is Outcome.DEPENDS
    assert "lies above “0.9”" in judge(two, runs((0.3,), (0.2,))).on


def test_near_is_both_ways_and_for_every_seed() -> None:
    near = claim(rule=({"near": "with", "than": "without", "by": 0.02},))
    assert judge(near, runs((0.3, 0.3), (0.31, 0.29))).outcome is Outcome.HOLDS
    assert judge(near, runs((0.3, 0.3), (0.31, 0.25))).outcome is Outcome.DEPENDS
    assert judge(near, runs((0.3, 0.3), (0.35, 0.25))).outcome is Outcome.FAILS


def test_who_diverged_answers_as_by_guessing_and_beats_nobody() -> None:
    gone = made((), outcome=DIVERGED)
    assert measure("validation.accuracy", gone) == 0.25
    assert measure("validation.loss", gone) == math.inf
    assert measure("diverged", gone) == 1
    lower = claim(measure="validation.loss")
    verdict = judge(lower, {"without": [gone], "with": [made((1,))]})
    assert verdict.outcome is Outcome.HOLDS
    assert "1 of 1 diverged" in str(verdict.shown[0])
    assert judge(lower, {"without": [gone], "with": [gone]}).outcome is Outcome.FAILS


def test_what_no_run_has_shows_nothing() -> None:
    unknown = claim(measure="mode_gap")
    assert judge(unknown, runs((0.3,), (0.2,))).outcome is Outcome.FAILS


def test_numbers_are_read_at_the_epoch_that_is_asked() -> None:
    record = made((2.0, 1.0, 1.5))
    assert [measure("validation.loss", record, at) for at in ("first", "best", "last")] == [2.0, 1.0, 1.5]
    assert measure("best_epoch", record) == 2
    assert measure("test.loss", record) == 0.5
    assert measure("overconfidence", record) == pytest.approx(0.3)
    assert math.isnan(measure("test.mae", record))
    assert title("validation.loss") == "loss, validation images"


def test_a_lesson_is_locked_until_something_is_predicted_and_says_what_came_out() -> None:
    set_language("en")
    playing = Playing(read(SMALL))
    assert playing.locked
    with pytest.raises(ValueError, match="Choose one"):
        playing.predict(Given(choice="neither"))
    playing.predict(Given(choice="none"))
    assert not playing.locked
    verdict = playing.ran(runs((0.3, 0.3), (0.2, 0.2)))
    prediction = playing.step.prediction
    assert prediction
    came = right_option(prediction, verdict)
    assert came
    assert came.name == "some"
    assert compared(prediction, playing.now).startswith("It came out otherwise: With it.")
    with pytest.raises(ValueError, match="there already"):
        playing.predict(Given(choice="some"))


def test_the_distance_of_a_sketch_is_the_mean_over_the_epochs_that_it_reaches() -> None:
    both = [made((2.0, 1.0, 1.0)), made((2.0, 2.0, 1.0))]
    flat = Given(sketch=((0.0, 1.0), (3.0, 1.0)))
    assert distance(flat, both, "validation.loss") == pytest.approx((1.0 + 0.5 + 0.0) / 3)
    assert distance(Given(sketch=((2.5, 1.0), (4.0, 1.0))), both, "validation.loss") == 0.0
    assert math.isnan(distance(Given(sketch=((5.0, 1.0), (6.0, 1.0))), both, "validation.loss"))
    assert math.isnan(distance(flat, [], "validation.loss"))


def test_kept_figures_say_the_same_as_the_verdict() -> None:
    verdict = judge(claim(), runs((0.3, 0.3), (0.2, 0.24)))
    kept = Measured.of(verdict)
    assert kept.outcome == "holds"
    assert np.allclose(kept.values["with"], (0.2, 0.24))
    assert table({}).count("\n") == 2
