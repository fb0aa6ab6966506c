"""What an export is: a stored run as files of one format, names and bytes; writing them is done in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from explorer.errors import InputError
from explorer.i18n import _
from explorer.runs import RunRecord


@dataclass(frozen=True)
class StoredRun:
    """A run to be exported: its folder, and its events folded."""

    folder: Path
    record: RunRecord


@dataclass(frozen=True)
class Export:
    """One format. `files` yields (file name, content) and raises InputError where the run lacks what it needs."""

    name: str
    """As --format takes it."""
    title: str
    """What it is for, marked for translation."""
    files: Callable[[StoredRun], Iterator[tuple[str, bytes]]]


def no_checkpoint(run: StoredRun, name: str) -> InputError:
    """What to say where the format `name` needs a checkpoint and the run has none."""
    text = _("The run in {folder} has no checkpoint: one is written after each epoch. Leave out {format}.")
    return InputError(text.format(folder=run.folder, format=name))
