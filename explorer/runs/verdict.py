"""Whether a difference between two ways to train is more than luck: paired over seeds, with an interval and a sentence.

Student's t of the differences, seed by seed: the same seed means the same order of images and the same start weights,
so most of the luck falls out. scipy would be 110 MB for the one quantile that is needed here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from explorer.i18n import Message

ALPHA = 0.05
"""How often at most a difference is told where there is none, in all comparisons of an experiment together."""
POWER = 0.8
"""How often `needed` seeds would tell a difference of this size."""
MOST = 1000
"""Seeds that are worth naming."""
HIGHER, LOWER = 1, -1
TINY = 1e-9
"""Of a difference: rounding of doubles, no spread between seeds."""


@dataclass(frozen=True)
class Verdict:
    """What the differences between an arm and the baseline tell, with the interval in which the true one lies."""

    n: int
    """Seeds with which both came to an end."""
    difference: float
    """Mean over seeds, arm − baseline; NaN without any."""
    low: float
    high: float
    """Infinite where one seed says nothing of the spread."""
    deviation: float = math.nan
    """Standard deviation of the differences between seeds; NaN of a single one."""
    alpha: float = ALPHA
    """Its share of ALPHA."""

    @property
    def needed(self) -> int | None:
        """About how many seeds would tell a difference of this size; None if that cannot be said, or is over MOST."""
        if self.n < 2 or self.difference == 0:
            return None
        if self.deviation <= TINY * abs(self.difference):
            return math.ceil(math.log2(2 / self.alpha)) + 1
        return seeds_needed(abs(self.difference) / self.deviation, self.alpha)

    @property
    def needed_more(self) -> int:
        """The same, but more than there were: so many did not tell."""
        return max(self.needed or MOST, self.n + 1)

    @property
    def sign(self) -> int:
        """HIGHER, LOWER, or 0: not distinguishable."""
        return HIGHER if self.low > 0 else LOWER if self.high < 0 else 0

    @property
    def short(self) -> Message:
        """In a few words, where there is no room for the sentence."""
        told = {"difference": f"{self.difference:+.3f}", "n": self.n}
        if self.sign == HIGHER:
            return Message("higher, {difference} (n = {n})", **told)
        if self.sign == LOWER:
            return Message("lower, {difference} (n = {n})", **told)
        if self.needed:
            return Message("not distinguishable (n = {n}; about {needed} would tell)", needed=self.needed_more, **told)
        return Message("not distinguishable (n = {n})", **told)

    def sentence(self, metric: Message, arm: Message | str, baseline: Message | str) -> Message:
        """In plain words; numbers with three digits behind the point."""
        told = {"metric": metric, "arm": arm, "baseline": baseline, "n": self.n}
        told |= {name: f"{getattr(self, name):+.3f}" for name in ("difference", "low", "high")}
        if self.sign == HIGHER:
            return Message(
                "{metric} is higher: {arm} against {baseline}, {difference} (95 % interval {low} to {high}, n = {n}).",
                **told,
            )
        if self.sign == LOWER:
            return Message(
                "{metric} is lower: {arm} against {baseline}, {difference} (95 % interval {low} to {high}, n = {n}).",
                **told,
            )
        if self.n == 0:
            return Message("{arm} cannot be compared with {baseline}: with no seed both came to their end.", **told)
        if self.n < 2:
            return Message(
                "{metric} is not distinguishable yet: {arm} against {baseline}, n = {n}. It takes several seeds to "
                "know how much is luck.",
                **told,
            )
        return Message(
            "{metric} is not distinguishable with n = {n}: {arm} against {baseline}, {difference} (95 % interval {low} "
            "to {high}). {outlook}",
            outlook=self._outlook(),
            **told,
        )

    def _outlook(self) -> Message:
        if self.needed is None:
            return Message("Such a difference would take more than {most} seeds to tell.", most=MOST)
        seeds = Message.counted("{n} seed", "{n} seeds", self.needed_more)
        return Message("To tell a difference of this size takes about {seeds}.", seeds=seeds)


def verdict(differences: Sequence[float], comparisons: int = 1) -> Verdict:
    """What these `differences`, one a seed, tell, as one of so many `comparisons` that are looked at together.

    The more are looked at, the wider is each interval (Bonferroni), so that all of them together are right in 95 % of
    experiments.
    """
    values, alpha = np.asarray(differences, np.float64), ALPHA / max(1, comparisons)
    n = len(values)
    mean = float(values.mean()) if n else math.nan
    if n < 2:
        return Verdict(n, mean, -math.inf, math.inf, alpha=alpha)
    deviation = float(values.std(ddof=1))
    half = quantile(1 - alpha / 2, n - 1) * deviation / math.sqrt(n)
    if deviation <= TINY * abs(mean) and 2 * 0.5**n >= alpha:
        half = abs(mean)  # counted images agree by chance: then only how often says something
    return Verdict(n, mean, mean - half, mean + half, deviation, alpha)


def seeds_needed(effect: float, alpha: float = ALPHA) -> int | None:
    """Seeds with which a true mean difference of so many standard deviations is told with probability POWER."""

    def tells(n: int) -> bool:
        return effect * math.sqrt(n) >= quantile(1 - alpha / 2, n - 1) + quantile(POWER, n - 1)

    few, many = 1, 2
    while not tells(many):
        if many >= MOST:
            return None
        few, many = many, min(2 * many, MOST)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if tells(middle) else (middle, many)
    return many


@lru_cache(maxsize=4096)
def quantile(share: float, freedom: int) -> float:
    """Below which this share (½ to 1) of Student's t distribution lies."""
    low, high = 0.0, 1.0
    while _inside(high, freedom) < 2 * share - 1:
        low, high = high, 2 * high
    for _halving in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _inside(middle, freedom) < 2 * share - 1 else (low, middle)
    return high


def _inside(t: float, freedom: int) -> float:
    """Share of Student's t distribution between −t and t; Abramowitz & Stegun 26.7.3 and 26.7.4, exact."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = freedom % 2
    term, total = (math.cos(angle) if odd else 1.0), 0.0
    for k in range(2 + odd, freedom + 1, 2):
        total += term
        term *= square * (k - 1) / k
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
