"""Curves of runs that differ in the seed alone, as one: their mean, with a band that says how far they lie apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from explorer.events import Doubles
from explorer.i18n import N_
from explorer.runs.verdict import ALPHA, quantile

EACH, RANGE, DEVIATION, INTERVAL = "each", "range", "deviation", "interval"
BANDS = {
    RANGE: N_("Mean, and from the lowest to the highest"),
    DEVIATION: N_("Mean ± standard deviation"),
    INTERVAL: N_("Mean with its 95 % interval"),
    EACH: N_("Each run for itself"),
}
"""What can be drawn of them. Lowest to highest comes first: with two or three runs it claims nothing."""


class Band(NamedTuple):
    """Where every curve has a value, and no further: else the mean would jump where one ends."""

    x: Doubles
    mean: Doubles
    low: Doubles
    high: Doubles


def band(curves: Sequence[tuple[Doubles, Doubles]], kind: str) -> Band:
    """Of curves (x, y)."""
    values: list[Mapping[float, float]] = [
        {float(a): float(b) for a, b in zip(x, y, strict=True) if math.isfinite(b)} for x, y in curves
    ]
    x = np.array(sorted(set.intersection(*(set(one) for one in values))) if values else [], np.float64)
    y = np.array([[one[float(at)] for at in x] for one in values], np.float64).reshape(len(values), len(x))
    if not len(x):
        return Band(x, x, x, x)
    mean = y.mean(0)
    if kind == RANGE or len(values) < 2:
        return Band(x, mean, y.min(0), y.max(0))
    half = y.std(0, ddof=1)
    if kind == INTERVAL:
        half = half * (quantile(1 - ALPHA / 2, len(values) - 1) / math.sqrt(len(values)))
    return Band(x, mean, mean - half, mean + half)
