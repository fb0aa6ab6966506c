"""Statistics of measurements taken in turn, and the form in which every figure is reported.

Speed drifts with temperature and neighbours. Two sides are therefore measured in short pieces, an epoch or less of each
in turn (A B, B A, …): they drift together, and the ratio of two neighbouring pieces is steadier than either. value: the
median of these ratios (or of all runs, where a figure has only one side). low, high: its 95 % bootstrap interval; a
goal counts as reached only where the whole interval lies on its side, as missed where it lies on the other, and
else as undecided. cpu: the same ratio of the time that the process got from all cores, which other programs change
least. spread: interquartile range of the ratios. n: how many.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

import numpy as np

T = TypeVar("T")


class MissingError(Exception):
    """A figure cannot be taken here; the message says why, and what to install."""


@dataclass(frozen=True)
class Measured:
    """Values of one figure, one per round, and what a reader should know about them."""

    values: Sequence[float]
    note: str = ""
    cpu: Sequence[float] = ()
    """The same in time of the processor, where it was taken."""


@dataclass(frozen=True)
class Piece:
    """A short piece of work: so many units (images, if nothing else is said) in so many seconds."""

    units: int
    seconds: float
    cpu: float = math.nan
    """Seconds that the process took of all cores together."""

    @property
    def speed(self) -> float:
        """Units a second."""
        return self.units / self.seconds


@dataclass(frozen=True)
class Figure:
    """What is measured, in which unit, and what it should be."""

    name: str
    goal: float | None
    """None where the figure only tells."""
    better: Literal["higher", "lower"]
    unit: str
    measure: Callable[[bool], Measured]
    """Takes whether to be quick (smallest settings: to see that it works, not how fast it is). Raises MissingError."""

    def holds(self, low: float, high: float) -> bool | None:
        """Whether the goal is reached by all from `low` to `high`; None if by some, or if there is no goal."""
        if self.goal is None:
            return None
        reached = [end >= self.goal if self.better == "higher" else end <= self.goal for end in (low, high)]
        return reached[0] if reached[0] == reached[1] else None


@dataclass(frozen=True)
class Result:
    """One figure, measured; `value` None if it could not be, and `note` says why."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    spread: float | None
    cpu: float | None
    n: int
    goal: float | None
    holds: bool | None
    """None also where it was not measured well enough to say."""
    unit: str
    note: str

    @classmethod
    def of(cls, figure: Figure, measured: Measured, quick: bool = False) -> Result:
        """Median and interval of what was measured; a quick one, or one value, says nothing of the goal."""
        value, spread = statistics.median(measured.values), interquartile_range(measured.values)
        low, high = interval(measured.values)
        cpu = statistics.median(measured.cpu) if len(measured.cpu) else None
        holds, note = figure.holds(low, high) if len(measured.values) > 1 else None, measured.note
        if quick:
            holds, note = None, f"quick, no judgement; {note}"
        return cls(
            figure.name, value, low, high, spread, cpu, len(measured.values), figure.goal, holds, figure.unit, note
        )

    @classmethod
    def absent(cls, figure: Figure, why: str) -> Result:
        """No value."""
        return cls(figure.name, None, None, None, None, None, 0, figure.goal, None, figure.unit, why)

    def plain(self) -> dict[str, Any]:
        """For JSON, with four significant digits."""
        return {key: significant(value) if isinstance(value, float) else value for key, value in asdict(self).items()}


def alternate(rounds: int, *sides: Callable[[], T]) -> list[tuple[T, ...]]:
    """Call every side once to warm up, then all in turn, `rounds` times, every other time backwards: A B, B A, A B, …

    What grows steadily, such as heat, meets both sides alike.
    """
    for side in sides:
        side()
    found: list[tuple[T, ...]] = []
    for number in range(rounds):
        order = list(range(len(sides)))[:: -1 if number % 2 else 1]
        taken = {i: sides[i]() for i in order}
        found.append(tuple(taken[i] for i in range(len(sides))))
    return found


def compared(pairs: Sequence[tuple[Piece, Piece]], **names: str) -> Measured:
    """Speed of the first side over that of the second, of each pair; `names`: what the two are called in the note."""
    first, second = zip(*pairs, strict=True)
    cpu = [(b.cpu / b.units) / (a.cpu / a.units) for a, b in pairs]
    ours, theirs = names.get("ours", "ours"), names.get("theirs", "theirs")
    note = speeds(**{ours: [piece.speed for piece in first], theirs: [piece.speed for piece in second]})
    return Measured(ratios([(a.speed, b.speed) for a, b in pairs]), note, [] if any(map(math.isnan, cpu)) else cpu)


def interval(values: Sequence[float], share: float = 0.95, draws: int = 2000) -> tuple[float, float]:
    """Bootstrap interval of the median of `values` (percentile method, Efron 1979): the same whenever it is asked for.

    Of fewer than six values the smallest and the largest: no interval of 95 % lies within them.
    """
    if len(values) < 6:
        return min(values), max(values)
    rng = np.random.default_rng(0)
    medians = np.median(rng.choice(np.asarray(values, np.float64), (draws, len(values))), axis=1)
    low, high = np.quantile(medians, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def ratios(pairs: Iterable[Sequence[float]]) -> list[float]:
    """First over second of each pair."""
    return [pair[0] / pair[1] for pair in pairs]


def interquartile_range(values: Sequence[float]) -> float:
    """Upper less lower quartile, linearly interpolated as NumPy does; 0 for a single value."""
    if len(values) < 2:
        return 0.0
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return upper - lower


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def speeds(**sides: Iterable[float]) -> str:
    """Median images/s of each side, for a note."""
    return ", ".join(f"{name.replace('_', ' ')} {statistics.median(side):,.0f} img/s" for name, side in sides.items())


def significant(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")
