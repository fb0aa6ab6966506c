"""What came of an experiment: of each arm its values, its difference from the baseline with a verdict, its cost."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from statistics import median

import numpy as np

from explorer.events import FINISHED, EpochDone, Evaluation, RunStarted
from explorer.i18n import Message
from explorer.runs.experiment import Arm, Experiment, Result, spread, together
from explorer.runs.store import stored_events
from explorer.runs.verdict import Verdict, verdict

METRICS = {
    "accuracy": Message("Test accuracy"),
    "loss": Message("Test loss"),
    "f1": Message("Test F1"),
    "ece": Message("Calibration error (test)"),
    "mae": Message("Mean absolute error (test)"),
}
READ = tuple(kind.__name__ for kind in (RunStarted, EpochDone, Evaluation))


@dataclass(frozen=True)
class Conclusions:
    """What a kept run tells beside how it ended."""

    seconds_per_epoch: float = math.nan
    classes: tuple[str, ...] = ()
    recalls: tuple[float, ...] = ()
    """Of each class, on the validation images after the last epoch; empty where nobody looked."""


@dataclass(frozen=True)
class Effect:
    """An arm over its seeds."""

    arm: Arm
    results: Sequence[Result]
    values: dict[int, float]
    """Of the metric, by seed, of the runs that finished."""
    verdict: Verdict | None
    """Of the difference from the baseline; None of the baseline itself."""
    told: Sequence[Conclusions] = field(repr=False)

    @property
    def spread(self) -> tuple[float, float]:
        """Mean and standard deviation; NaN where none finished."""
        return spread(list(self.values.values())) if self.values else (math.nan, math.nan)

    @property
    def seconds_per_epoch(self) -> float:
        """Median over its runs; NaN where none was kept."""
        found = [told.seconds_per_epoch for told in self.told if told.seconds_per_epoch == told.seconds_per_epoch]
        return median(found) if found else math.nan

    @cached_property
    def recalls(self) -> tuple[float, ...]:
        """Of each class, mean over its runs; empty where nobody looked."""
        found = [told.recalls for told in self.told if told.recalls]
        return tuple(np.mean(found, axis=0).tolist()) if found else ()


class Effects:
    """The results of `experiment` so far, seen through one metric of the test images."""

    def __init__(self, experiment: Experiment, metric: str = "accuracy") -> None:
        self.experiment, self.metric = experiment, metric
        self.title = METRICS.get(metric, Message(metric))
        by_arm = list(experiment.by_arm())
        base = next((own for arm, own in by_arm if arm is experiment.arms[experiment.baseline]), [])
        against = _values(base, metric)
        comparisons = len(experiment.arms) - 1
        self.effects = [
            Effect(
                arm,
                own,
                values := _values(own, metric),
                None if own is base else verdict(_paired(values, against), comparisons),
                [told(result) for result in own],
            )
            for arm, own in by_arm
        ]
        self.baseline = next((effect for effect in self.effects if effect.verdict is None), None)

    @property
    def classes(self) -> tuple[str, ...]:
        """Of the images; empty where no run was kept."""
        return next((one.classes for effect in self.effects for one in effect.told if one.classes), ())

    def gains(self, effect: Effect) -> tuple[float, ...]:
        """Of each class, the share of right answers less that of the baseline; empty where that is not known."""
        base = self.baseline.recalls if self.baseline else ()
        if not base or len(base) != len(effect.recalls):
            return ()
        return tuple(one - other for one, other in zip(effect.recalls, base, strict=True))

    def sentences(self) -> Iterator[Message]:
        """A verdict for each arm but the baseline, then those on interactions."""
        if self.experiment.seeds == 1:
            yield Message("With one seed no effect can be told from luck. Train each arm with several, such as 3.")
            return
        for effect in self.effects:
            if effect.verdict:
                yield effect.verdict.sentence(self.title, effect.arm.label, self.experiment.baseline_label)
        for label, found in self.interactions():
            yield found.sentence(self.title, label, Message("no interaction"))

    def interactions(self) -> Iterator[tuple[Message, Verdict]]:
        """Where the arms are all combinations of two values of several settings: how much more the settings do
        together than each alone, which is a difference of differences; 0 if they add up.
        """
        axes = self.experiment.axes
        if len(axes) < 2 or any(len(axis.values) != 2 for axis in axes):
            return
        shape = (2,) * len(axes)
        values = [effect.values for effect in self.effects]
        seeds = sorted(set.intersection(*map(set, values))) if len(values) == 2 ** len(axes) else []
        cube = np.array([[one[seed] for one in values] for seed in seeds]).reshape(len(seeds), *shape)
        groups = [group for size in range(2, len(axes) + 1) for group in combinations(range(len(axes)), size)]
        for group in groups:
            contrast = cube
            for axis in reversed(range(len(axes))):
                contrast = np.diff(contrast, axis=axis + 1) if axis in group else contrast.mean(axis + 1, keepdims=True)
            name = Message("{settings} together", settings=together([axes[axis].title for axis in group]))
            yield name, verdict(contrast.reshape(len(seeds)).tolist(), len(groups))


def told(result: Result) -> Conclusions:
    """What the folder of a run tells beside how it ended."""
    if result.folder is None:
        return Conclusions()
    seconds: list[float] = []
    classes: tuple[str, ...] = ()
    recalls: tuple[float, ...] = ()
    with suppress(sqlite3.Error, ValueError, TypeError, OSError):  # damaged or gone: it tells less
        for event in stored_events(result.folder, READ):
            if isinstance(event, RunStarted):
                classes = event.classes
            elif isinstance(event, EpochDone):
                seconds.append(event.seconds)
            elif isinstance(event, Evaluation):
                recalls = tuple((np.diag(event.confusion) / event.confusion.sum(1).clip(1)).tolist())
    return Conclusions(median(seconds) if seconds else math.nan, classes, recalls)


def _values(results: Sequence[Result], metric: str) -> dict[int, float]:
    return {
        result.place.seed: result.ended.test[metric]
        for result in results
        if result.ended.outcome == FINISHED and metric in result.ended.test
    }


def _paired(values: dict[int, float], against: dict[int, float]) -> list[float]:
    return [value - against[seed] for seed, value in sorted(values.items()) if seed in against]
