"""A run goes on from its last checkpoint, in its own folder, as if it had never been interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from explorer import files
from explorer.errors import InputError
from explorer.events import (
    CheckpointDue,
    EpochDone,
    Event,
    LayerPlan,
    Note,
    RecipeChanged,
    RunResumed,
    RunStarted,
    StepDone,
    WeightsLoaded,
)
from explorer.i18n import N_, Message
from explorer.recipe import Recipe, in_words, live, parse
from explorer.runs import RunStore
from explorer.runs.store import CHECKPOINTS, DATABASE, stored_events
from explorer.training.checkpoint_path import BEST, LAST
from explorer.training.control import Control

NO_RUN = N_("{folder} holds no run. Give the folder of a run (it has run.sqlite in it).")


def goes_on(
    folder: Path, recipe: Recipe, control: Control, *, instruments: str = "default", tell_anew: bool = False
) -> Iterator[Event]:
    """Train on the run in `folder` with `recipe`, keep what happens, and pass it on.

    `tell_anew`: pass on first what was kept of it before. Raises InputError, and leaves it as it is, if it would be
    another run than it was.
    """
    from explorer.training.loop import train  # takes a second

    with RunStore(folder, None) as store:
        files.sweep(store.checkpoints)
        last = None if is_young(folder) else store.checkpoints / LAST
        events = train(recipe, instruments=instruments, control=control, checkpoints=store.checkpoints, resume=last)
        for event in store.recorded(_of_the_same_run(events, folder, control)):
            if tell_anew and isinstance(event, RunResumed):
                yield from stored_events(folder)
            else:
                yield event


def can_go_on(folder: Path) -> bool:
    """Whether there is a checkpoint to go on from, or it had only begun."""
    return _has_checkpoint(folder) or is_young(folder)


def is_young(folder: Path) -> bool:
    """Whether the run in `folder` came to no checkpoint at all: it goes on from its start."""
    if _has_checkpoint(folder) or not (folder / DATABASE).is_file():  # somebody may have deleted it
        return False
    return not any(stored_events(folder, (EpochDone.__name__,)))


def _has_checkpoint(folder: Path) -> bool:
    return any((folder / CHECKPOINTS / name).is_file() for name in (LAST, BEST))


def recipe_at_checkpoint(folder: Path) -> Recipe:
    """That of the run in `folder` when its last checkpoint was due. Raises InputError."""
    kinds = (RunStarted.__name__, RecipeChanged.__name__, CheckpointDue.__name__)
    now = due = None
    for event in stored_events(folder, kinds):
        if isinstance(event, CheckpointDue):
            due = now
        elif isinstance(event, RunStarted | RecipeChanged):
            now = event.recipe
    if not (known := due or now):
        raise InputError(Message(NO_RUN, folder=folder))
    return parse(known)


def _of_the_same_run(events: Iterator[Event], folder: Path, control: Control) -> Iterator[Event]:
    """`events` of a run that begins from a checkpoint, as those of the run in `folder`. Raises InputError.

    Live changes that it had taken after the checkpoint come at the same steps again.
    """
    coming: list[RecipeChanged] = []
    known: Told | None = None
    for event in events:
        if isinstance(event, RunStarted):
            before = Told(folder)
            _check(before, event)
            yield RunResumed(
                step=event.step, epoch=event.epoch, device=event.device, time=event.time, threads=event.threads
            )
            known = Told(folder)  # by now what is kept ends at the checkpoint
            if known.recipe == parse(event.recipe):
                coming = before.changes[len(known.changes) :]
            else:
                yield RecipeChanged(step=event.step, recipe=event.recipe)
        elif isinstance(event, StepDone):
            known = None
            yield event
        elif not (known and known.has(event)):
            yield event
        if isinstance(event, RunStarted | StepDone):
            while coming and coming[0].step == event.step:
                control.change(parse(coming.pop(0).recipe))


class Told:
    """What is kept of a run in words."""

    def __init__(self, folder: Path) -> None:
        """Raises InputError if it never began."""
        kinds = (RunStarted, RecipeChanged, LayerPlan, Note)
        events = list(stored_events(folder, [kind.__name__ for kind in kinds]))
        started = [event for event in events if isinstance(event, RunStarted)]
        if not started:
            raise InputError(Message(NO_RUN, folder=folder))
        self.started = started[0]
        self.changes = [event for event in events if isinstance(event, RecipeChanged)]
        self._notes = [event.text for event in events if isinstance(event, Note)]
        self._plans = [event for event in events if isinstance(event, LayerPlan)]

    @property
    def recipe(self) -> Recipe:
        """At its end."""
        return parse(self.changes[-1].recipe if self.changes else self.started.recipe)

    def has(self, event: Event) -> bool:
        """Whether `event` says nothing new, as a run that begins says what there is to say of it."""
        if isinstance(event, LayerPlan) and self._plans:
            last = self._plans[-1]
            same = last.names == event.names and np.array_equal(last.factors, event.factors)
            return same and (last.cached, last.why_not) == (event.cached, event.why_not)
        return isinstance(event, WeightsLoaded) or (isinstance(event, Note) and event.text in self._notes)


def _check(known: Told, begun: RunStarted) -> None:
    """Raises InputError if the trainer has begun another run than the one that is known."""
    was, now, before = known.recipe, parse(begun.recipe), known.started
    if live(was, now) != now:
        text = N_("A run that goes on stays what it was; this is another: {changes}. Begin a new run from it instead.")
        raise InputError(Message(text, changes="; ".join(in_words(was, now))))
    if (before.images, before.classes, before.steps_per_epoch) != (begun.images, begun.classes, begun.steps_per_epoch):
        text = N_(
            "The images are no longer those of the run: it had {theirs} for training, now there are {ours}. Bring them "
            "back, or begin a new run from its checkpoint."
        )
        raise InputError(Message(text, theirs=before.images.get("train", 0), ours=begun.images.get("train", 0)))
