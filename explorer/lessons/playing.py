"""A lesson as somebody plays it: where they are, what they predicted, what came out, how far apart that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from explorer.errors import InputError
from explorer.i18n import Message, _
from explorer.lessons.claims import Claim
from explorer.lessons.lesson import Lesson, Option, Question, Step
from explorer.lessons.measures import title
from explorer.lessons.verdict import ClaimVerdict, judge
from explorer.runs import RunRecord


class Given(msgspec.Struct, frozen=True):
    """What somebody predicted: one of these, by the kind of the prediction."""

    choice: str = ""
    """Name of an option."""
    point: float = math.nan
    sketch: tuple[tuple[float, float], ...] = ()
    """(epoch, value) along the curve, from left to right."""


@dataclass
class Played:
    """What has become of one step."""

    given: Given | None = None
    verdict: ClaimVerdict | None = None
    runs: dict[str, list[RunRecord]] = field(default_factory=dict)
    """By arm."""
    answer: str = ""
    """To the question why, in the person's words."""
    first_seed: int = 0
    """Added to the seeds: another one when the step is played again."""
    explained: bool = False
    """Whether the explanation has been opened."""


class Playing:
    """The state of a lesson, without a window."""

    def __init__(self, lesson: Lesson) -> None:
        """Raises InputError if the lesson has no step."""
        if not lesson.step:
            raise InputError(Message("The lesson {name} has no steps. Write [[step]].", name=lesson.name))
        self.lesson, self.index = lesson, 0
        self.played = [Played() for _step in lesson.step]

    @property
    def step(self) -> Step:
        """The page that is open."""
        return self.lesson.step[self.index]

    @property
    def now(self) -> Played:
        """What has become of it."""
        return self.played[self.index]

    @property
    def claim(self) -> Claim | None:
        """What it tests."""
        return self.lesson.claimed(self.step)

    @property
    def locked(self) -> bool:
        """Whether nothing is to be trained yet: the prediction is still to be given."""
        return self.step.prediction is not None and self.now.given is None

    def go(self, by: int) -> bool:
        """Turn so many pages, as far as there are any; whether one was turned."""
        target = min(max(0, self.index + by), len(self.lesson.step) - 1)
        turned, self.index = target != self.index, target
        return turned

    def predict(self, given: Given) -> None:
        """Take a prediction. Raises InputError if it says nothing, or if the result is there already."""
        prediction = self.step.prediction
        if prediction is None:
            raise InputError(Message("This step asks for no prediction."))
        if self.now.verdict is not None:
            raise InputError(Message("The result is there already. Predict before it the next time."))
        if prediction.kind == "choice" and given.choice not in [option.name for option in prediction.options]:
            raise InputError(Message("Choose one of the outcomes."))
        if prediction.kind == "point" and not math.isfinite(given.point):
            raise InputError(Message("Drag the point to where you expect it."))
        if prediction.kind == "sketch" and len(given.sketch) < 2:
            raise InputError(Message("Sketch the whole curve, from left to right."))
        self.now.given = given

    def ran(self, runs: Mapping[str, Sequence[RunRecord]]) -> ClaimVerdict:
        """The runs of each arm of this step's claim are there, one for each seed: judge them."""
        assert self.claim is not None
        self.now.runs = {arm: list(records) for arm, records in runs.items()}
        self.now.verdict = judge(self.claim, runs)
        return self.now.verdict


def right_option(prediction: Question, verdict: ClaimVerdict) -> Option | None:
    """What came out, among the options; None if none of them did."""
    for option in prediction.options:
        if option.verdict == verdict.outcome:
            return option
    by_value = [option for option in prediction.options if option.value]
    numbers = [(verdict.number(str(option.value)), option) for option in by_value]
    numbers = [pair for pair in numbers if not math.isnan(pair[0])]
    if not numbers:
        return None
    best = max if prediction.extreme == "highest" else min
    return best(numbers, key=lambda pair: pair[0])[1]


def curve(runs: Sequence[RunRecord], measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Epochs (n,), and the metric by seed (seeds, n), as far as all runs came."""
    split, _dot, metric = measure.partition(".")
    values = [record.metric(split, metric) for record in runs]
    n = min(map(len, values), default=0)
    epochs = np.array([epoch.epoch for epoch in runs[0].epochs[:n]], np.float64) if runs else np.empty(0)
    return epochs, np.array([value[:n] for value in values], np.float64).reshape(len(values), n)


def distance(given: Given, runs: Sequence[RunRecord], measure: str) -> float:
    """Mean distance between a sketch and the mean curve, over the epochs that the sketch reaches; NaN if none."""
    epochs, values = curve(runs, measure)
    if not len(epochs) or len(given.sketch) < 2:
        return math.nan
    x, y = np.array(sorted(given.sketch), np.float64).T
    inside = (epochs >= x[0]) & (epochs <= x[-1])
    if not inside.any():
        return math.nan
    return float(np.abs(np.interp(epochs[inside], x, y) - values.mean(axis=0)[inside]).mean())


def compared(prediction: Question, played: Played) -> str:
    """What was predicted beside what came out, translated, without scolding; empty while one of them is missing."""
    given, verdict = played.given, played.verdict
    if given is None or verdict is None:
        return ""
    match prediction.kind:
        case "choice":
            came = right_option(prediction, verdict)
            if came is None:
                return _("None of the outcomes came out as written.")
            if came.name == given.choice:
                return _("As you predicted: {outcome}").format(outcome=came.label)
            chosen = next(option for option in prediction.options if option.name == given.choice)
            text = _(
                "It came out otherwise: {outcome} You expected: {chosen} That is where there is something to learn."
            )
            return text.format(outcome=_sentence(str(came.label)), chosen=_sentence(str(chosen.label)))
        case "point":
            shown = next(one for one in verdict.shown if one.value.name == prediction.value)
            text = _("You said {given:.3g}; it came to {shown}: {apart:.2g} apart.")
            return text.format(given=given.point, shown=shown, apart=abs(given.point - shown.mean))
        case _:
            apart = distance(given, played.runs.get(str(prediction.arm), []), str(prediction.measure))
            if math.isnan(apart):
                return _("There is no measured curve to lay your sketch beside.")
            text = _("On average your sketch lies {apart:.2g} beside the measured curve ({what}).")
            return text.format(apart=apart, what=title(str(prediction.measure)))


def _sentence(text: str) -> str:
    return text if text[-1:] in ".!?…" else text + "."
