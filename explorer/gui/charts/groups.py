"""Runs on screen that differ in the seed alone, whenever they were made, and what the groups say of each other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from explorer.events import FINISHED, RecipeChanged
from explorer.gui.charts.shown import Shown
from explorer.i18n import Message
from explorer.runs.bands import EACH
from explorer.runs.record import RunRecord
from explorer.runs.verdict import Verdict, verdict

METRICS = {
    "loss": Message("Validation loss after the last epoch"),
    "accuracy": Message("Validation accuracy after the last epoch"),
    "f1": Message("Validation F1 after the last epoch"),
    "ece": Message("Calibration error (validation) after the last epoch"),
    "confidence": Message("Mean confidence (validation) after the last epoch"),
    "mae": Message("Mean absolute error (validation) after the last epoch"),
}
NO_PART = ("seed", "threads", "device")
"""Of a recipe, which does not keep runs apart."""
MOST_SAID = 8
"""Sentences worth reading."""


@dataclass(frozen=True)
class Group:
    """One run, or several that are drawn as one."""

    runs: tuple[Shown, ...]
    label: str

    @property
    def n(self) -> int:
        """Runs."""
        return len(self.runs)

    @property
    def index(self) -> int:
        """Gives it colour and dashes."""
        return min(shown.index for shown in self.runs)

    @property
    def counted(self) -> str:
        """Its label with the number of its runs."""
        return f"{self.label} (n = {self.n})"

    @property
    def is_baseline(self) -> bool:
        """Whether the experiment that its runs were made for compares others with it."""
        place = self.runs[0].place
        return place is not None and place.arm == place.baseline

    def values(self, metric: str) -> dict[int, float]:
        """Of the validation images after the last epoch, by seed, of runs that finished."""
        return {
            int(shown.record.recipe.get("seed", 0)): shown.record.epochs[-1].validation[metric]
            for shown in self.runs
            if shown.record.ended
            and shown.record.ended.outcome == FINISHED
            and shown.record.epochs
            and metric in shown.record.epochs[-1].validation
        }


def groups_of(runs: Sequence[Shown], band: str) -> list[Group]:
    """`runs` in groups, each where its first run stands; each run for itself where the band says so."""
    found: dict[str, list[Shown]] = {}
    for number, shown in enumerate(runs):
        key = _but_for_seed(shown.record) if band != EACH else ""
        found.setdefault(key or str(number), []).append(shown)
    labels = [own[0].label if len(own) == 1 else own[0].arm or own[0].label for own in found.values()]
    alike, seen = Counter(labels), Counter[str]()
    groups = []
    for own, label in zip(found.values(), labels, strict=True):
        seen[label] += 1
        groups.append(Group(tuple(own), f"{label} ({seen[label]})" if alike[label] > 1 else label))
    return groups


def verdicts(runs: Sequence[Shown], metric: str) -> list[tuple[str, Message, Verdict]]:
    """What each group's difference from their baseline says, as a sentence; nothing of a single group.

    The baseline is that of their experiment, else the group that came first on screen. Runs are compared with those of
    the same seed; where the groups have no seed in common there is nothing to say.
    """
    groups = groups_of(runs, "")
    if len(groups) < 2:
        return []
    base = next((group for group in groups if group.is_baseline), min(groups, key=lambda group: group.index))
    against, said = base.values(metric), []
    for group in sorted(groups, key=lambda group: group.index):
        own = group.values(metric)
        differences = [value - against[seed] for seed, value in sorted(own.items()) if seed in against]
        if group is not base and differences:
            found = verdict(differences, len(groups) - 1)
            said.append((group.label, found.sentence(METRICS[metric], group.label, base.label), found))
    return said[:MOST_SAID]


def _but_for_seed(record: RunRecord) -> str:
    """The recipe of a run, and nothing of one that was changed while it went on: it has no equal."""
    if record.started is None or record.all(RecipeChanged):
        return ""
    return json.dumps(
        {key: value for key, value in record.started.recipe.items() if key not in NO_PART}, sort_keys=True
    )
