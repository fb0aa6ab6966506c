"""What the window is about, without Qt: the recipe with its history, the run that goes on, the runs on screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from explorer.errors import InputError
from explorer.events import Event, RunEnded, RunStarted
from explorer.i18n import N_, Message
from explorer.recipe import BY_NAME, Recipe, in_words, live, waits
from explorer.runs import Mailbox, RunRecord, new_folder
from explorer.runs.experiment import Planned
from explorer.runs.place import keep_place, kept_place
from explorer.runs.store import DATABASE
from explorer.runs.timing import steps_per_epoch
from explorer.session.history import History
from explorer.session.screen import RunOnScreen, Screen, stored
from explorer.session.stored import failed
from explorer.techniques import Technique
from explorer.training.control import Control

Begin = Callable[[Recipe, Control, Mailbox, Path], None]
"""Starts a worker that puts the events of a run into the mailbox, RunEnded last."""


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


class LiveRun:
    """The run that goes on. It follows the recipe that is edited, unless it is one of a comparison."""

    def __init__(self, shown: RunOnScreen, recipe: Recipe, *, wait_at: int = 0, whole_epoch: bool = False) -> None:
        self.shown, self.control, self.mailbox = shown, Control(), Mailbox()
        self.gone = False
        """Whether its worker has ended; what it left in the mailbox still counts."""
        self._recipe = self._sent = recipe
        self._wait_at = wait_at
        """Step after which it will wait, where a number of batches was asked for."""
        self._whole_epoch = whole_epoch
        """Whether to go one epoch as soon as the length of one is known."""
        if wait_at:
            self.control.step(wait_at)
        elif whole_epoch:
            self.control.pause()

    @property
    def state(self) -> State:
        """What it is doing."""
        record = self.shown.record
        if self.control.stopping or record.ended:
            return State.STOPPING
        if record.started is None:
            return State.STARTING
        waits = self.control.paused and not self._whole_epoch and record.series.steps.last >= self._wait_at
        return State.PAUSED if waits else State.RUNNING

    @property
    def follows(self) -> bool:
        """Whether what is changed in the recipe acts in it."""
        return self.shown.place is None

    def pause(self) -> None:
        """Wait before the next batch."""
        self.control.pause()
        self._wait_at, self._whole_epoch = 0, False

    def resume(self) -> None:
        """Go on to the end."""
        self._whole_epoch = False
        self.control.resume()

    def step(self) -> None:
        """If it waits, train on one batch and wait again."""
        if self.state is State.PAUSED:
            self._wait_at = self.shown.record.series.steps.last + 1
            self.control.step(1)

    def epoch(self) -> None:
        """If it waits, train to the end of this epoch and wait again."""
        if self.state is State.PAUSED:
            self._go_to_end_of_epoch()

    def stop(self) -> None:
        """End before the next batch."""
        self.control.stop()

    def follow(self, recipe: Recipe) -> None:
        """Train on with `recipe` as far as it can act."""
        if self.follows and (wanted := live(self._recipe, recipe)) != self._sent:
            self._sent = wanted
            self.control.change(wanted)

    def take_in(self) -> list[Event]:
        """What has come since the last call. Raises OSError."""
        gone, record = self.gone, self.shown.record
        events = self.mailbox.drain()
        if gone and not record.ended and not any(isinstance(event, RunEnded) for event in events):
            events.append(failed(Message("The run ended without a word."), Message("Please report this.")))
        for event in events:
            record.apply(event)
            if isinstance(event, RunStarted):
                self._begun()
        self.shown.live = record.ended is None
        return events

    def _begun(self) -> None:
        """Its folder is there now, and the length of its epochs known."""
        if self.shown.place:
            with suppress(FileNotFoundError):  # somebody was quick to delete it
                keep_place(self.shown.folder, self.shown.place)
        if self._whole_epoch:
            self._go_to_end_of_epoch()

    def _go_to_end_of_epoch(self) -> None:
        record = self.shown.record
        left = steps_per_epoch(record) - record.series.steps.last % steps_per_epoch(record)
        self._wait_at, self._whole_epoch = record.series.steps.last + left, False
        self.control.step(left)


class Session:
    """The state behind the window. Every method is for the window's thread."""

    def __init__(self, recipe: Recipe, begin: Begin, folder: Callable[[Recipe], Path] = new_folder) -> None:
        self._begin, self._folder = begin, folder
        self.history, self.screen = History(recipe), Screen()
        self.live: LiveRun | None = None

    @property
    def state(self) -> State:
        """What the run is doing."""
        return self.live.state if self.live else State.IDLE

    @property
    def current(self) -> RunOnScreen | None:
        """The run on screen that the others are laid over."""
        return self.screen.current

    # The recipe.

    @property
    def recipe(self) -> Recipe:
        """What the next run will be, and as far as possible the one that goes on."""
        return self.history.recipe

    def change(self, recipe: Recipe) -> None:
        """Take `recipe`, also in the run that goes on."""
        self.history.change(recipe)
        self._follow()

    def undo(self) -> None:
        """Go back to the recipe before."""
        self.history.undo()
        self._follow()

    def redo(self) -> None:
        """Go forward again."""
        self.history.redo()
        self._follow()

    def _follow(self) -> None:
        if self.live:
            self.live.follow(self.recipe)

    def differences(self) -> dict[str, Difference]:
        """What in the recipe differs from the run on screen, by the name of the field or the technique."""
        was = self.screen.recipe
        steered = self.live is not None and self.live.follows
        return differences(was, self.recipe, steered) if was else {}

    # The run that goes on.

    def start(self, batches: int = 0, whole_epoch: bool = False, planned: Planned | None = None) -> None:
        """Begin a new run; it waits after so many `batches`, or after a whole epoch. Raises InputError, OSError.

        One that is `planned` has its own recipe, and does not follow what is changed in the session's. Runs that were
        laid over the last one leave the screen, unless they are to be kept.
        """
        if self.live is not None:
            return
        recipe, place = (planned.recipe, planned.place) if planned else (self.recipe, None)
        shown = RunOnScreen(RunRecord(), self._folder(recipe), place=place, planned=recipe, live=True)
        run = LiveRun(shown, recipe, wait_at=batches, whole_epoch=whole_epoch)
        self._begin(recipe, run.control, run.mailbox, shown.folder)
        self.live = run
        if not self.screen.keep_overlays and not planned:
            self.screen.clear()
        self.screen.put_first(shown)

    def go_on(self, folder: Path, recipe: Recipe) -> None:
        """Go on with the stored run in `folder` under `recipe`, which is the one that is edited from now on.

        Raises InputError.
        """
        if self.live is not None:
            raise InputError(Message.joined(Message("This run is going on."), Message("Stop it first.")))
        shown = RunOnScreen(RunRecord(), folder, place=kept_place(folder), planned=recipe, live=True)
        run = LiveRun(shown, recipe)
        self._begin(recipe, run.control, run.mailbox, folder)
        self.live = run
        self.history.change(recipe)
        self.screen.put_first(shown)

    def step(self) -> None:
        """Train on one batch, then wait; begin a run if there is none."""
        if self.live:
            self.live.step()
        else:
            self.start(batches=1)

    def epoch(self) -> None:
        """Train to the end of this epoch, then wait; begin a run if there is none."""
        if self.live:
            self.live.epoch()
        else:
            self.start(whole_epoch=True)

    def stop(self) -> None:
        """End the run before its next batch."""
        if self.live:
            self.live.stop()

    def worker_gone(self) -> None:
        """The worker's thread has ended; what it left in the mailbox still counts."""
        if self.live:
            self.live.gone = True

    # What is seen.

    def tick(self) -> list[Event]:
        """Take in what has come since the last call, and read on in stored runs; return the current run's events."""
        events: list[Event] = []
        if run := self.live:
            gone = run.gone
            events = run.take_in()
            if gone:
                run.shown.live, self.live = False, None
                self._stay(run.shown)
        return events + self.screen.read_on()

    def _stay(self, shown: RunOnScreen) -> None:
        """A stored run that could not go on is shown as it was."""
        if shown.record.started is None and (shown.folder / DATABASE).is_file() and shown is self.screen.current:
            again = stored(shown.folder)
            again.refused = True
            self.screen.put_first(again)

    def show(self, *folders: Path, known_as: str = "") -> None:
        """Put stored runs on screen, the last one as the current one; they are read on in each tick. Raises InputError.

        The runs of a comparison take the place of all that were there; a single one, that of the current one.
        """
        if self.live is not None:
            raise InputError(
                Message("A run is going on. Stop it first, or tick the other run to lay it over this one.")
            )
        if len(folders) == 1:
            self.screen.put_first(stored(folders[0], known_as))
        else:
            self.screen.open_all(folders)


def differences(was: Recipe, now: Recipe, steered: bool) -> dict[str, Difference]:
    """What differs between the recipe of a run and another one, and whether it can act in it if it is `steered`."""
    marks = {}

    def mark(name: str, single: Recipe, reason: str) -> None:
        acts = steered and not reason and live(was, single) == single
        marks[name] = Difference(acts, ", ".join(in_words(was, single)), reason)

    if was == now:
        return {}
    for name, info in Recipe.model_fields.items():
        if name == "lr" and was.rate == now.rate:
            continue  # said or left open: it is the same
        if name != "techniques" and getattr(was, name) != getattr(now, name):
            mark(name, was.with_(**{name: getattr(now, name)}), waits(info))
    before, after = ({t.name: t for t in recipe.techniques} for recipe in (was, now))
    for name, kind in BY_NAME.items():
        if before.get(name) != after.get(name):
            single = was.switched(after[name]) if name in after else was.without(name)
            mark(name, single, _why_not_live(kind, before.get(name), after.get(name)))
    return marks


def _why_not_live(kind: type[Technique], was: Technique | None, now: Technique | None) -> str:
    """Why a technique that was, or was not, on cannot become as it is to be; empty if it can."""
    if was is None or now is None:
        return kind.next_run
    fields = [info for name, info in kind.model_fields.items() if getattr(was, name) != getattr(now, name)]
    return next(filter(None, map(waits, fields)), "" if kind.whole_run else kind.next_run)
