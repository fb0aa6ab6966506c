"""The runs on screen: one that is the current one, and those laid over it, each with a colour that stays its own."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from explorer.errors import InputError
from explorer.events import Event
from explorer.i18n import N_, Message, _
from explorer.recipe import Recipe, parse
from explorer.runs import RunRecord
from explorer.runs.names import Name, apart, name_of, stored_name
from explorer.runs.place import Place, kept_place
from explorer.runs.store import DATABASE, stored_events

NOT_IN_NAMES = '/\\:*?"<>|'
"""Signs that folders on some systems cannot have in their names."""
SECONDS_OF_READING = 0.01
"""How long a stored run is read in one go, between two paintings of the window."""


@dataclass
class RunOnScreen:
    """A run, its folder, and what is still to be read of it."""

    record: RunRecord
    folder: Path
    known_as: str = ""
    """Its title, marked for translation, where it is not to be told from the record: of the bundled example."""
    rest: Iterator[Event] | None = None
    index: int = 0
    """Of its colour and dashes, the same as long as it is on screen."""
    place: Place | None = None
    """Which run of a comparison it is; None if it stands for itself."""
    planned: Recipe | None = None
    """The recipe that it begins with, until its record says so."""
    live: bool = False
    """Whether it goes on in this process."""
    refused: bool = False
    """Whether it was to go on and could not, as somebody has been told."""

    @property
    def name(self) -> Name:
        """What it is called, as far as it has come."""
        name = name_of(self.record, self.folder, self.place, goes_on=self.live)
        given, recipe = _(self.known_as) or name.given, name.recipe or self.planned
        return replace(name, given=given, recipe=recipe)

    @property
    def classes(self) -> tuple[str, ...]:
        """Of its images; empty while they are not known."""
        return self.record.started.classes if self.record.started else ()


class Screen:
    """What the panels show."""

    def __init__(self) -> None:
        self.current: RunOnScreen | None = None
        self.overlays: list[RunOnScreen] = []
        self.keep_overlays = False
        """Whether runs that somebody laid over stay when the next one begins."""
        self._parsed: tuple[object, Recipe | None] = (None, None)

    @property
    def runs(self) -> list[RunOnScreen]:
        """The current run, then those laid over it."""
        others = [shown for shown in self.overlays if self.current is None or shown.folder != self.current.folder]
        return [*([self.current] if self.current else []), *others]

    @property
    def titles(self) -> list[str]:
        """Of `runs`, in legends: no two alike."""
        return apart([shown.name for shown in self.runs])

    @property
    def recipe(self) -> Recipe | None:
        """Of the current run, with all that was changed in it; None if this version cannot read it."""
        if self.current is None:
            return None
        plain = self.current.record.recipe
        if not plain:
            return self.current.planned
        if plain is not self._parsed[0]:
            try:
                self._parsed = (plain, parse(plain))
            except InputError:
                self._parsed = (plain, None)
        return self._parsed[1]

    def put_first(self, shown: RunOnScreen) -> None:
        """Make it the current run, in a colour that none of those laid over it has; with none of them, the first."""
        same = next((other for other in self.overlays if other.folder == shown.folder), None)
        taken = {other.index for other in self.overlays if other is not same}
        shown.index = same.index if same else _free(taken)
        self.current = shown

    def overlay(self, folder: Path) -> None:
        """Lay the stored run in `folder` over the current one. Raises InputError, also if its classes are others."""
        if any(shown.folder == folder for shown in self.overlays):
            return
        shown, name = stored(folder), stored_name(folder)
        classes = name.classes
        if self.current and self.current.classes and classes and classes != self.current.classes:
            text = N_("{run} is of other classes than the run on screen; their curves cannot be compared.")
            raise InputError(Message(text, run=name.title))
        shown.index = _free({other.index for other in self.runs})
        self.overlays.append(shown)

    def open_all(self, folders: Sequence[Path]) -> None:
        """Put the stored runs in `folders` on screen, the last one as the current one. Raises InputError."""
        found = [stored(folder) for folder in folders]
        self.overlays = []
        for index, shown in enumerate(found):
            shown.index = index
        self.overlays, self.current = found[:-1], found[-1]

    def remove(self, folder: Path) -> None:
        """Take the run in `folder` off the current one."""
        self.overlays = [shown for shown in self.overlays if shown.folder != folder]

    def clear(self) -> None:
        """Take all runs off the current one."""
        self.overlays = []

    def forget(self, folder: Path) -> None:
        """Take the run in `folder` off the screen altogether, as it is about to be deleted."""
        self.remove(folder)
        if self.current and not self.current.live and self.current.folder == folder:
            self.current = None

    def rename(self, folder: Path, name: str) -> Path:
        """Give the folder of a run another name; where it is now. Raises InputError that says why it cannot be."""
        name, shown = name.strip(), [run for run in (self.current, *self.overlays) if run and run.folder == folder]
        if any(run.live for run in shown):
            raise InputError(Message.joined(Message("This run is going on."), Message("Stop it first.")))
        if not name or name.startswith(".") or set(name) & set(NOT_IN_NAMES) or not name.isprintable():
            text = N_("“{name}” cannot be the name of a folder. Leave out {signs}, and a dot at the start.")
            raise InputError(Message(text, name=name, signs=" ".join(NOT_IN_NAMES)))
        target = folder.with_name(name)
        unread = [run for run in shown if run.rest is not None]
        for run in unread:
            run.rest = None  # lets go of the file
        try:
            if target != folder and target.exists():
                raise FileExistsError(Message("there is a folder of that name already"))
            folder.rename(target)
        except OSError as error:
            text = N_("{folder} cannot be renamed: {error}. Choose another name, or close what uses it.")
            raise InputError(Message(text, folder=folder, error=error.strerror or error)) from None
        else:
            for run in shown:
                run.folder, run.known_as = target, ""
        finally:
            for run in unread:
                run.record, run.rest = RunRecord(), stored_events(run.folder)
        return target

    def read_on(self) -> list[Event]:
        """Read on in stored runs; what was read of the current one. Raises InputError if one is damaged.

        Runs of other classes than the current one leave the screen: their curves cannot be compared.
        """
        events: list[Event] = []
        for shown in self.runs:
            if shown.rest is not None:
                read = _read_on(shown)
                events += read if shown is self.current else []
        if self.current and (classes := self.current.classes):
            self.overlays = [shown for shown in self.overlays if shown.classes in ((), classes)]
        return events


def stored(folder: Path, known_as: str = "") -> RunOnScreen:
    """The run in `folder`, still to be read. Raises InputError if there is none."""
    if not (folder / DATABASE).is_file():
        text = N_("{folder} holds no run. Give the folder of a run (it has run.sqlite in it).")
        raise InputError(Message(text, folder=folder))
    return RunOnScreen(RunRecord(), folder, known_as, stored_events(folder), place=kept_place(folder))


def _free(taken: set[int]) -> int:
    return next(index for index in range(len(taken) + 1) if index not in taken)


def _read_on(shown: RunOnScreen) -> list[Event]:
    """Raises InputError if the run is damaged; what was read before stays."""
    events, until = [], time.perf_counter() + SECONDS_OF_READING
    rest, shown.rest = shown.rest, None
    try:
        for event in rest or ():
            shown.record.apply(event)
            events.append(event)
            if time.perf_counter() > until:
                shown.rest = rest
                break
    except (sqlite3.Error, msgspec.MsgspecError, ValueError, TypeError) as error:
        raise InputError(
            Message(
                "The run in {folder} is damaged: {error}. Its checkpoints may still be good.",
                folder=shown.folder,
                error=error,
            )
        ) from None
    return events
