"""What our own runs said of each claim: the figures of README and lessons, in resources/lessons/measured.json.

`python -m tests.effects --keep` writes them; nobody else does.
"""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Mapping
from pathlib import Path

import msgspec

from explorer import files
from explorer.i18n import _
from explorer.lessons.claims import Claim
from explorer.lessons.library import all_claims, folder
from explorer.lessons.verdict import TITLES, ClaimVerdict, Measurement, Outcome

FILE = "measured.json"


class Measured(msgspec.Struct, frozen=True):
    """One claim, as it came out."""

    outcome: str
    on: str
    """In English."""
    n: int
    seconds: float
    values: dict[str, tuple[float | None, ...]]
    """By name and seed; None is infinite, of a network that diverged."""
    diverged: dict[str, int] = {}
    machine: str = ""
    """On which it was measured: what `seconds` are good for."""
    date: str = ""
    """When, as 2026-11-25."""

    @classmethod
    def of(cls, verdict: ClaimVerdict) -> Measured:
        """That verdict, as it is kept."""
        return cls(
            outcome=str(verdict.outcome),
            on=verdict.on,
            n=verdict.n,
            seconds=round(verdict.seconds, 1),
            values={s.value.name: tuple(float(f"{v:.6g}") for v in s.by_seed) for s in verdict.shown},
            diverged={s.value.name: s.diverged for s in verdict.shown if s.diverged},
            machine=this_machine(),
            date=datetime.date.today().isoformat(),
        )

    def shown(self, claim: str) -> tuple[Measurement, ...]:
        """The values with their labels, as far as the claim still has them."""
        values = next(one.values for _lesson, one in all_claims() if one.name == claim)
        return tuple(
            Measurement(value, tuple(float("inf") if v is None else v for v in kept), self.diverged.get(value.name, 0))
            for value in values
            if (kept := self.values.get(value.name))
        )

    @property
    def title(self) -> str:
        """The verdict, in the language now in use."""
        return _(TITLES[Outcome(self.outcome)])


def this_machine() -> str:
    """Its processor and system, without its name: "2 cores of AMD EPYC, Linux x86_64"."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        kind = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        kind = platform.processor()
    return f"{os.cpu_count()} cores{f' of {kind}' if kind else ''}, {platform.system()} {platform.machine()}"


def measured() -> dict[str, Measured]:
    """Every claim that has been measured, by its name."""
    path = folder() / FILE
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Measured]) if path.is_file() else {}


def of_claim(claim: Claim) -> Measured | None:
    """How `claim` came out here; None if it is not one of the course's, or was not measured."""
    ours = any(one == claim for _lesson, one in all_claims())
    return measured().get(claim.name) if ours else None


def keep(new: Mapping[str, Measured]) -> None:
    """Put these among those that are kept."""
    every = dict(sorted((measured() | dict(new)).items()))
    files.write(folder() / FILE, msgspec.json.format(msgspec.json.encode(every), indent=1) + b"\n")


def table(results: Mapping[str, Measured]) -> str:
    """As Markdown: claim | measured with spread | verdict."""
    lines = ["| claim | measured: mean ± standard deviation (n seeds) | verdict |", "|---|---|---|"]
    for _lesson, claim in all_claims():
        if result := results.get(claim.name):
            values = "<br>".join(f"{shown.value.label}: {shown}" for shown in result.shown(claim.name))
            verdict = result.title if result.outcome == Outcome.HOLDS else f"**{result.title}**"
            told = f": {result.on}" if result.on else ""
            what = f"{claim.quantity} (n = {result.n}, {result.seconds:.0f} s)"
            lines.append(f"| {claim.text} | {what}<br>{values} | {verdict}{told} |")
    return "\n".join(lines) + "\n"
