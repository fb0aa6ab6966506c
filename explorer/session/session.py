"""What the window is about, without Qt: the recipe with its history, the run that goes on, the runs on screen."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import msgspec

from explorer.errors import InputError
from explorer.events import FAILED, Event, RunEnded, RunStarted
from explorer.i18n import N_, NOTHING, Message, _
from explorer.recipe import BY_NAME, Recipe, changes, live, parse, waits
from explorer.runs import Mailbox, RunRecord, new_folder
from explorer.runs.experiment import Place, Planned, keep_place, kept_place
from explorer.runs.store import DATABASE, stored_events
from explorer.techniques import Technique
from explorer.training.control import Control

Begin = Callable[[Recipe, Control, Mailbox, Path], None]
"""Starts a worker that puts the events of a run into the mailbox, RunEnded last."""

HISTORY = 500
NOT_IN_NAMES = '/\\:*?"<>|'
"""Signs that folders on some systems cannot have in their names."""
SECONDS_OF_READING = 0.01
"""How long a stored run is read in one go, between two paintings of the window."""


class State(StrEnum):
    """What the run is doing."""

    IDLE = N_("ready")
    STARTING = N_("starting")
    RUNNING = N_("training")
    PAUSED = N_("paused")
    STOPPING = N_("stopping")


@dataclass(frozen=True)
class Difference:
    """Something in the recipe differs from the run on screen: whether it acts in it, or why not before the next run."""

    acts_live: bool
    change: str
    """What differs, as in a legend: "lr 0.1 → 0.05"."""
    reason: str = ""


@dataclass
class RunOnScreen:
    """A run, its folder, and what is still to be read of it."""

    record: RunRecord
    folder: Path
    name: str
    rest: Iterator[Event] | None = None
    index: int = 0
    """Of its colour and dashes, the same as long as it is on screen."""
    place: Place | None = None
    """Which run of a comparison it is; None if it stands for itself."""

    @property
    def label(self) -> str:
        """What it is called in legends, if not by its difference from the current run."""
        return self.place.said if self.place else ""


@dataclass
class _Live:
    shown: RunOnScreen
    control: Control
    recipe: Recipe
    sent: Recipe
    mailbox: Mailbox = field(default_factory=Mailbox)
    wait_at: int = 0
    """Step after which it will wait, where a number of batches was asked for."""
    whole_epoch: bool = False
    """Whether to go one epoch as soon as the length of one is known."""
    gone: bool = False


class Session:
    """The state behind the window. Every method is for the window's thread."""

    def __init__(self, recipe: Recipe, begin: Begin, folder: Callable[[Recipe], Path] = new_folder) -> None:
        self._begin, self._folder = begin, folder
        self._history, self._place = [recipe], 0
        self._live: _Live | None = None
        self.current: RunOnScreen | None = None
        self.overlays: list[RunOnScreen] = []
        self._parsed: tuple[object, Recipe | None] = (None, None)

    # The recipe.

    @property
    def recipe(self) -> Recipe:
        """What the next run will be, and as far as possible the one that goes on."""
        return self._history[self._place]

    def change(self, recipe: Recipe) -> None:
        """Take `recipe`, also in the run that goes on."""
        if recipe != self.recipe:
            self._history = [*self._history[: self._place + 1], recipe][-HISTORY:]
            self._place = len(self._history) - 1
            self._send()

    def undo(self) -> None:
        """Go back to the recipe before."""
        self._place = max(0, self._place - 1)
        self._send()

    def redo(self) -> None:
        """Go forward again."""
        self._place = min(len(self._history) - 1, self._place + 1)
        self._send()

    @property
    def can_undo(self) -> bool:
        """Whether there is a recipe before."""
        return self._place > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is one to go forward to."""
        return self._place < len(self._history) - 1

    def _send(self) -> None:
        if self._live is None or self._live.shown.place:
            return
        wanted = live(self._live.recipe, self.recipe)
        if wanted != self._live.sent:
            self._live.sent = wanted
            self._live.control.change(wanted)

    # The run that goes on.

    @property
    def state(self) -> State:
        """What the run is doing."""
        run = self._live
        if run is None:
            return State.IDLE
        if run.control.stopping or run.shown.record.ended:
            return State.STOPPING
        if run.shown.record.started is None:
            return State.STARTING
        if run.control.paused and not run.whole_epoch and run.shown.record.step >= run.wait_at:
            return State.PAUSED
        return State.RUNNING

    def start(self, batches: int = 0, whole_epoch: bool = False, planned: Planned | None = None) -> None:
        """Begin a new run; it waits after so many `batches`, or after a whole epoch. Raises InputError, OSError.

        One that is `planned` has its own recipe, and does not follow what is changed in the session's.
        """
        if self._live is not None:
            return
        recipe, control = planned.recipe if planned else self.recipe, Control()
        folder = self._folder(recipe)
        shown = RunOnScreen(RunRecord(), folder, N_("This run"), place=planned.place if planned else None)
        run = _Live(shown, control, recipe, recipe, whole_epoch=whole_epoch, wait_at=batches)
        if batches:
            control.step(batches)
        elif whole_epoch:
            control.pause()
        self._begin(recipe, control, run.mailbox, folder)
        self._live = run
        self.put_first(shown)

    def pause(self) -> None:
        """Wait before the next batch."""
        if run := self._live:
            run.control.pause()
            run.wait_at, run.whole_epoch = 0, False

    def resume(self) -> None:
        """Go on to the end."""
        if run := self._live:
            run.whole_epoch = False
            run.control.resume()

    def step(self) -> None:
        """Train on one batch, then wait; begin a run if there is none."""
        if (run := self._live) is None:
            self.start(batches=1)
        elif self.state is State.PAUSED:
            run.wait_at = run.shown.record.step + 1
            run.control.step(1)

    def epoch(self) -> None:
        """Train to the end of this epoch, then wait; begin a run if there is none."""
        if (run := self._live) is None:
            self.start(whole_epoch=True)
        elif self.state is State.PAUSED:
            self._go_to_end_of_epoch(run)

    def stop(self) -> None:
        """End the run before its next batch."""
        if run := self._live:
            run.control.stop()

    def _go_to_end_of_epoch(self, run: _Live) -> None:
        record = run.shown.record
        left = record.steps_per_epoch - record.step % record.steps_per_epoch
        run.wait_at, run.whole_epoch = record.step + left, False
        run.control.step(left)

    def worker_gone(self) -> None:
        """The worker's thread has ended; what it left in the mailbox still counts."""
        if self._live:
            self._live.gone = True

    # What comes in.

    def tick(self) -> list[Event]:
        """Take in what has come since the last call, and read on in stored runs; return the current run's events."""
        events: list[Event] = []
        if run := self._live:
            gone = run.gone
            events = run.mailbox.drain()
            if gone and not run.shown.record.ended and not any(isinstance(event, RunEnded) for event in events):
                events.append(failed(Message("The run ended without a word."), Message("Please report this.")))
            for event in events:
                run.shown.record.apply(event)
                if isinstance(event, RunStarted):
                    self._begun(run)
            if gone:
                self._live = None
        for shown in filter(None, (self.current, *self.overlays)):
            if shown.rest is not None:
                read = self._read_on(shown)
                events += read if shown is self.current else []
        return events

    def _begun(self, run: _Live) -> None:
        """Its folder is there now, and the length of its epochs known."""
        if run.shown.place:
            with suppress(FileNotFoundError):  # somebody was quick to delete it
                keep_place(run.shown.folder, run.shown.place)
        if run.whole_epoch:
            self._go_to_end_of_epoch(run)

    def _read_on(self, shown: RunOnScreen) -> list[Event]:
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
                _("The run in {folder} is damaged: {error}. Its checkpoints may still be good.").format(
                    folder=shown.folder, error=error
                )
            ) from None
        return events

    # The runs on screen.

    def show(self, folder: Path, name: str) -> None:
        """Put the stored run in `folder` on screen; it is read on in each tick. Raises InputError."""
        if self._live is not None:
            raise InputError(_("A run is going on. Stop it first, or tick the other run to lay it over this one."))
        self.put_first(stored(folder, name))

    def put_first(self, shown: RunOnScreen) -> None:
        """Make it the current run, in a colour that none of those laid over it has; with none of them, the first."""
        same = next((other for other in self.overlays if other.folder == shown.folder), None)
        taken = {other.index for other in self.overlays if other is not same}
        shown.index = same.index if same else next(index for index in range(len(taken) + 1) if index not in taken)
        self.current = shown

    def overlay(self, folder: Path, name: str) -> None:
        """Lay the stored run in `folder` over the current one. Raises InputError."""
        if all(shown.folder != folder for shown in self.overlays):
            shown = stored(folder, name)
            taken = {other.index for other in self.on_screen}
            shown.index = next(index for index in range(len(taken) + 1) if index not in taken)
            self.overlays.append(shown)

    def remove(self, folder: Path) -> None:
        """Take the run in `folder` off the screen."""
        self.overlays = [shown for shown in self.overlays if shown.folder != folder]

    def forget(self, folder: Path) -> None:
        """Take the run in `folder` off the screen altogether, as it is about to be deleted."""
        self.remove(folder)
        if self._live is None and self.current and self.current.folder == folder:
            self.current = None

    def rename(self, folder: Path, name: str) -> Path:
        """Give the folder of a run another name; where it is now. Raises InputError that says why it cannot be."""
        name, shown = name.strip(), [run for run in (self.current, *self.overlays) if run and run.folder == folder]
        if self._live and self._live.shown in shown:
            raise InputError(f"{_('This run is going on.')} {_('Stop it first.')}")
        if not name or name.startswith(".") or set(name) & set(NOT_IN_NAMES) or not name.isprintable():
            text = _("“{name}” cannot be the name of a folder. Leave out {signs}, and a dot at the start.")
            raise InputError(text.format(name=name, signs=" ".join(NOT_IN_NAMES)))
        target = folder.with_name(name)
        unread = [run for run in shown if run.rest is not None]
        for run in unread:
            run.rest = None  # lets go of the file
        try:
            if target != folder and target.exists():
                raise FileExistsError(_("there is a folder of that name already"))
            folder.rename(target)
        except OSError as error:
            text = _("{folder} cannot be renamed: {error}. Choose another name, or close what uses it.")
            raise InputError(text.format(folder=folder, error=error.strerror or error)) from None
        else:
            for run in shown:
                run.folder, run.name = target, name
        finally:
            for run in unread:
                run.record, run.rest = RunRecord(), stored_events(run.folder)
        return target

    @property
    def on_screen(self) -> list[RunOnScreen]:
        """The current run, then those laid over it."""
        others = [shown for shown in self.overlays if self.current is None or shown.folder != self.current.folder]
        return [*([self.current] if self.current else []), *others]

    def shown_recipe(self) -> Recipe | None:
        """The recipe of the current run, or None if there is none that this version can read."""
        plain = self.current.record.recipe if self.current else None
        if self._live and not plain:
            return self._live.recipe
        if plain is not self._parsed[0]:
            try:
                self._parsed = (plain, parse(plain) if plain else None)
            except InputError:
                self._parsed = (plain, None)
        return self._parsed[1]

    def differences(self) -> dict[str, Difference]:
        """What in the recipe differs from the run on screen, by the name of the field or the technique."""
        was = self.shown_recipe()
        if was is None or was == self.recipe:
            return {}
        marks = {}
        for name, info in Recipe.model_fields.items():
            if name == "lr" and was.rate == self.recipe.rate:
                continue  # said or left open: it is the same
            if name != "techniques" and getattr(was, name) != getattr(self.recipe, name):
                now = was.with_(**{name: getattr(self.recipe, name)})
                marks[name] = self._mark(was, now, waits(info))
        before, after = ({t.name: t for t in recipe.techniques} for recipe in (was, self.recipe))
        for name, kind in BY_NAME.items():
            if before.get(name) != after.get(name):
                now = was.switched(after[name]) if name in after else was.without(name)
                marks[name] = self._mark(was, now, _why_not_live(kind, before.get(name), after.get(name)))
        return marks

    def _mark(self, was: Recipe, now: Recipe, reason: str) -> Difference:
        steered = self._live is not None and self._live.shown.place is None
        acts = steered and not reason and live(was, now) == now
        return Difference(acts, ", ".join(changes(was, now)), reason)


def _why_not_live(kind: type[Technique], was: Technique | None, now: Technique | None) -> str:
    """Why a technique that was, or was not, on cannot become as it is to be; empty if it can."""
    if was is None or now is None:
        return kind.next_run
    fields = [info for name, info in kind.model_fields.items() if getattr(was, name) != getattr(now, name)]
    return next(filter(None, map(waits, fields)), "" if kind.whole_run else kind.next_run)


def stored(folder: Path, name: str) -> RunOnScreen:
    """The run in `folder`, still to be read. Raises InputError if there is none."""
    if not (folder / DATABASE).is_file():
        text = _("{folder} holds no run. Give the folder of a run (it has run.sqlite in it).")
        raise InputError(text.format(folder=folder))
    return RunOnScreen(RunRecord(), folder, name, stored_events(folder), place=kept_place(folder))


def failed(reason: Message, remedy: Message = NOTHING, details: str = "") -> RunEnded:
    """The end of a run that could not be told by the trainer itself."""
    return RunEnded(outcome=FAILED, reason=reason, remedy=remedy, details=details)


def differs(before: Recipe | None, record: RunRecord) -> str:
    """How the run of `record` differs from `before`, in a few words; empty if it does not or cannot be told."""
    try:
        return ", ".join(changes(before, parse(record.recipe))) if before and record.recipe else ""
    except InputError:
        return ""
