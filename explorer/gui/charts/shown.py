"""What a panel is given to show, and what it says instead where there is nothing."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.i18n import N_, _
from explorer.runs.place import Place
from explorer.runs.record import RunRecord

Cell = float | str
NO_RUN = N_("No run is on screen. Press Train, or tick a run in the list.")


@dataclass(frozen=True)
class Shown:
    """A run on screen. `index` gives it colour and dashes; the first one in a list is the current run."""

    record: RunRecord
    label: str
    index: int
    place: Place | None = None
    """Which run of an experiment it is."""
    arm: str = ""
    """What it is called without its seed."""


def before_first_step(record: RunRecord) -> str:
    """Why nothing is drawn of a run without steps: it may be about to begin, so nobody is told to press Train."""
    if record.ended is not None:
        return _("This run ended before its first step.")
    return _("The first step has not been taken yet.")


def not_watched(record: RunRecord, what: str) -> str:
    """Why there is nothing of `what`, translated, of a run that has taken steps."""
    if record.ended is None:
        return _("Nothing has been measured yet: {what}.").format(what=what)
    return _("This run was trained without measuring this: {what}. Runs trained in this window have it.").format(
        what=what
    )
