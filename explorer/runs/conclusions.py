"""What the runs of an experiment say of its arms, known by their names alone: for lists that read no whole run."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.events import FINISHED
from explorer.i18n import Message
from explorer.runs.names import Name
from explorer.runs.verdict import Verdict, verdict

ACCURACY = Message("Test accuracy")


def conclusions(names: Sequence[Name]) -> list[tuple[str, Message, Verdict]]:
    """Of each arm but the baseline its label, the sentence and the verdict; nothing of an experiment with one arm."""
    values: dict[int, dict[int, float]] = {}
    labels: dict[int, Message] = {}
    baseline = 0
    for name in names:
        if place := name.place:
            baseline, labels[place.arm] = place.baseline, place.label
            own = values.setdefault(place.arm, {})
            if name.outcome == FINISHED and name.accuracy is not None:
                own[place.seed] = name.accuracy
    if baseline not in values:
        return []
    said = []
    for arm in sorted(values.keys() - {baseline}):
        against = values[baseline]
        differences = [value - against[seed] for seed, value in sorted(values[arm].items()) if seed in against]
        if differences:
            found = verdict(differences, len(values) - 1)
            said.append((str(labels[arm]), found.sentence(ACCURACY, labels[arm], labels[baseline]), found))
    return said
