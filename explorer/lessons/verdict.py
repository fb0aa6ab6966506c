"""What the runs say of a claim: holds, does not, or depends, and on what; with figure, spread, n and seconds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from explorer.events import DIVERGED
from explorer.i18n import N_, _, ngettext
from explorer.lessons.claims import Claim, Rule, Value
from explorer.lessons.measures import measure
from explorer.runs import RunRecord

Numbers = Mapping[str, Sequence[float]]
"""What each value of a claim came to, by seed."""


class Outcome(StrEnum):
    """Of a claim, as options of a prediction name it."""

    HOLDS = "holds"
    FAILS = "fails"
    DEPENDS = "depends"


TITLES = {
    Outcome.HOLDS: N_("holds"),
    Outcome.FAILS: N_("does not hold"),
    Outcome.DEPENDS: N_("depends"),
}


@dataclass(frozen=True)
class Measurement:
    """One value over the seeds."""

    value: Value
    by_seed: tuple[float, ...]
    diverged: int
    """How many of its runs did."""

    @property
    def mean(self) -> float:
        """Of all seeds."""
        return statistics.fmean(self.by_seed)

    @property
    def deviation(self) -> float:
        """Standard deviation between seeds (n − 1); NaN for a single one."""
        finite = all(map(math.isfinite, self.by_seed))
        return statistics.stdev(self.by_seed) if len(self.by_seed) > 1 and finite else math.nan

    def __str__(self) -> str:
        """ "0.205 ± 0.0084, 1 of 3 diverged"."""
        deviation = "" if math.isnan(self.deviation) else f" ± {self.deviation:.2g}"
        n = len(self.by_seed)
        note = ", " + _("{n} of {total} diverged").format(n=self.diverged, total=n) if self.diverged else ""
        return f"{self.mean:.3g}{deviation}{note}"


@dataclass(frozen=True)
class Compared:
    """Two values of a rule, or one and a fixed level: whether the rule holds for them."""

    rule: Rule
    one: str
    other: str
    """Empty for a level."""
    differences: tuple[float, ...]
    """By seed, in the direction that the rule claims; of `near`, how much is left of what is allowed."""
    enough: float
    """What the mean must reach."""

    @property
    def by_seed(self) -> tuple[bool, ...]:
        """In which seeds it shows."""
        least = 0.0 if self.rule.near else self.enough
        return tuple(
            difference >= least and (difference > 0 or bool(self.rule.near)) for difference in self.differences
        )

    @property
    def holds(self) -> bool:
        """The mean reaches it, and every seed has that sign."""
        if self.rule.near:
            return all(difference >= 0 for difference in self.differences)
        mean = statistics.fmean(self.differences)
        return mean >= self.enough and all(difference > 0 for difference in self.differences)


@dataclass(frozen=True)
class ClaimVerdict:
    """Of a claim, from its runs."""

    claim: Claim
    shown: tuple[Measurement, ...]
    compared: tuple[Compared, ...]
    seconds: float
    """Of all trainings."""

    @property
    def n(self) -> int:
        """Seeds."""
        return len(self.shown[0].by_seed)

    @property
    def outcome(self) -> Outcome:
        """Holds: every rule does. Depends: only some comparisons hold, or only some seeds show it."""
        if all(pair.holds for pair in self.compared):
            return Outcome.HOLDS
        somewhere = any(all(pair.by_seed[seed] for pair in self.compared) for seed in range(self.n))
        return Outcome.DEPENDS if somewhere or any(pair.holds for pair in self.compared) else Outcome.FAILS

    @property
    def on(self) -> str:
        """What it depends on, or falls short of, translated; empty where it holds."""
        if self.outcome is Outcome.HOLDS:
            return ""
        missed = [pair for pair in self.compared if not pair.holds]
        said = []
        for pair in missed:
            words = self._pair(pair)
            if (good := sum(pair.by_seed)) and good < self.n:
                words += " " + ngettext("(in {n} of {total} seed)", "(in {n} of {total} seeds)", self.n).format(
                    n=good, total=self.n
                )
            said.append(words)
        text = (
            _("it depends: not shown is that {what}")
            if self.outcome is Outcome.DEPENDS
            else _("not shown is that {what}")
        )
        return text.format(what="; ".join(said))

    def _pair(self, pair: Compared) -> str:
        labels = {value.name: str(value.label) for value in self.claim.values}
        rule = pair.rule
        text = (
            _("“{one}” lies above “{other}” by {by}")
            if rule.higher
            else _("“{one}” lies below “{other}” by {by}")
            if rule.lower
            else _("“{one}” lies within {by} of “{other}”")
        )
        other = labels[pair.other] if pair.other else f"{rule.level:g}"
        return text.format(one=labels[pair.one], other=other, by=f"{rule.by:g}")

    def number(self, name: str) -> float:
        """The mean of the value `name`."""
        return next(shown.mean for shown in self.shown if shown.value.name == name)

    def __str__(self) -> str:
        """In one line: "holds (n = 3, 41 s)"."""
        words = _("{verdict} (n = {n}, {seconds:.0f} s)").format(
            verdict=_(TITLES[self.outcome]), n=self.n, seconds=self.seconds
        )
        return f"{words}: {self.on}" if self.on else words


def judge(claim: Claim, runs: Mapping[str, Sequence[RunRecord]]) -> ClaimVerdict:
    """What the `runs` of each arm, by its name, one for each seed in their order, say of `claim`.

    A value that no run has is NaN, and no rule holds for it.
    """
    shown = []
    for value in claim.values:
        records = runs[value.arm]
        numbers = tuple(measure(value.measure, record, value.at) for record in records)
        diverged = sum(record.ended is not None and record.ended.outcome == DIVERGED for record in records)
        shown.append(Measurement(value, numbers, diverged))
    ends = [record.ended for records in runs.values() for record in records]
    return ClaimVerdict(claim, tuple(shown), compare(claim, {s.value.name: s.by_seed for s in shown}),
                   sum(end.seconds for end in ends if end))  # fmt: skip


def compare(claim: Claim, numbers: Numbers) -> tuple[Compared, ...]:
    """Each comparison that the rules of `claim` make of `numbers`."""
    found = []
    for rule in claim.rule:
        for one, other in product(rule.values, rule.than or ("",)):
            level = [float(rule.level or 0.0)] * len(numbers[one])
            pairs = list(zip(numbers[one], numbers[other] if other else level, strict=True))
            if rule.near:
                differences = tuple(rule.by - abs(a - b) for a, b in pairs)
            else:
                sign = 1 if rule.higher else -1
                differences = tuple(_difference(sign * a, sign * b) for a, b in pairs)
            found.append(Compared(rule, one, other, differences, rule.by))
    return tuple(found)


def _difference(a: float, b: float) -> float:
    """Between two infinite losses there is none."""
    return 0.0 if a == b else a - b
