"""Statistics of alternated measurements, and the form in which every figure is reported.

Speed drifts with temperature and neighbours; two sides measured in turn drift together, so their ratio is steadier
than either. value: the median of the ratios of all rounds (or of all runs, where a figure has only one side). spread:
their interquartile range, upper less lower quartile, linearly interpolated. n: how many.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar

T = TypeVar("T")


class MissingError(Exception):
    """A figure cannot be taken here; the message says why, and what to install."""


@dataclass(frozen=True)
class Measured:
    """Values of one figure, one per round, and what a reader should know about them."""

    values: Sequence[float]
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """What is measured, in which unit, and what it should be."""

    name: str
    goal: float
    better: Literal["higher", "lower"]
    unit: str
    measure: Callable[[bool], Measured]
    """Takes whether to be quick (smallest settings: to see that it works, not how fast it is). Raises MissingError."""

    def holds(self, value: float) -> bool:
        """Whether `value` reaches the goal."""
        return value >= self.goal if self.better == "higher" else value <= self.goal


@dataclass(frozen=True)
class Result:
    """One figure, measured; `value` None if it could not be, and `note` says why."""

    name: str
    value: float | None
    spread: float | None
    n: int
    goal: float
    holds: bool | None
    """None also where it was not measured well enough to say."""
    unit: str
    note: str

    @classmethod
    def of(cls, figure: Figure, measured: Measured, quick: bool = False) -> Result:
        """Median and spread of what was measured; a quick one says nothing of whether the goal is reached."""
        value, spread = statistics.median(measured.values), interquartile_range(measured.values)
        holds: bool | None
        holds, note = figure.holds(value), measured.note
        if quick:
            holds, note = None, f"quick, no judgement; {note}"
        return cls(figure.name, value, spread, len(measured.values), figure.goal, holds, figure.unit, note)

    @classmethod
    def absent(cls, figure: Figure, why: str) -> Result:
        """No value."""
        return cls(figure.name, None, None, 0, figure.goal, None, figure.unit, why)

    def plain(self) -> dict[str, Any]:
        """For JSON, with four significant digits."""
        return {key: significant(value) if isinstance(value, float) else value for key, value in asdict(self).items()}


def alternate(rounds: int, *sides: Callable[[], T]) -> list[tuple[T, ...]]:
    """Call every side once to warm up, then all in turn, `rounds` times: A B, A B, …"""
    for side in sides:
        side()
    return [tuple(side() for side in sides) for _ in range(rounds)]


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
