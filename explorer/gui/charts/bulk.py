"""Which part of a curve an axis should follow: a few points far beyond all others must not flatten the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LEAP = 5.0
"""What lies so many times as far from zero as the next point below it, and is a quarter of the points at most, is
beyond the bulk. A loss that falls from chance, 2.3 nats of ten classes, to 0.5 in its second epoch is not."""
FAR = 4.0
"""So is what lies so many times as far as three quarters of the points do. A run that ends at a loss near 0 keeps its
start at 2.3."""
FAR_IN_LOG, LEAP_IN_LOG = 1e4, 1e3
"""The same where a power of ten takes as much room as any other."""
ENOUGH = 3
"""Of fewer points nobody can say which are the bulk."""
SAMPLED = 20_000
"""Points that are looked at; of a million, all would take 40 ms in every frame."""


def bulk(y: npt.NDArray[Any], log: bool = False, trim: bool = False, whole: bool = False) -> tuple[float, float] | None:
    """Lowest and highest of `y` (n,) that belong to the bulk, with `log` of the positive ones; None if there are none.

    `trim`: a hundredth of the points at either end does not count in any case, for noisy curves of many points.
    `whole`: every point belongs to it.
    """
    y = y[np.isfinite(y) & (y > 0)] if log else y[np.isfinite(y)]
    if not len(y):
        return None
    if whole:
        return float(y.min()), float(y.max())
    if len(y) > SAMPLED:
        y = np.concatenate([y[:: len(y) // SAMPLED], [y.min(), y.max()]])
    if trim and len(y) >= 20:
        least, most = len(y) // 100, len(y) - 1 - len(y) // 100
        y = np.partition(y, (least, most))[least : most + 1]
    low, high = float(y.min()), float(y.max())
    if len(y) < ENOUGH:
        return low, high
    if low >= 0:
        return low, min(high, _reach(y, log))
    middle = float(np.median(y))
    reach = _reach(np.abs(y - middle), log)
    return max(low, middle - reach), min(high, middle + reach)


def _reach(distances: npt.NDArray[Any], log: bool) -> float:
    """How far the bulk reaches from zero."""
    leap, far = (LEAP_IN_LOG, FAR_IN_LOG) if log else (LEAP, FAR)
    ordered = np.sort(distances)
    n = len(ordered)
    top = ordered[max(1, n - 1 - max(1, n // 4)) :]  # the points that may lie beyond, and the highest that may not
    leaps = np.flatnonzero(top[1:] > leap * top[:-1])
    reach = float(top[leaps[0]]) if len(leaps) and top[leaps[0]] > 0 else float(ordered[-1])
    most = far * float(ordered[int(0.75 * (n - 1))])
    if n >= 8 and reach > most > 0:
        reach = float(ordered[ordered <= most][-1])
    return reach
