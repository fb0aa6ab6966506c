"""A run that is trained and kept in a folder, event by event: the one way in which window and processes do it."""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Iterator
from pathlib import Path

from explorer.errors import unforeseen
from explorer.events import FAILED, Event, Progress, RunEnded, RunStarted
from explorer.i18n import NOTHING, Message
from explorer.recipe import Recipe
from explorer.runs import RunStore
from explorer.runs.place import Place, keep_place
from explorer.runs.store import DATABASE
from explorer.session.going_on import goes_on
from explorer.training.control import Control

REPORT = Message("Please report this, with its details.")


def stored_run(
    recipe: Recipe, control: Control, folder: Path, *, instruments: str = "default", place: Place | None = None
) -> Iterator[Event]:
    """Train as `recipe` says, keep every event in `folder`, and pass it on. What never started leaves no folder.

    A run that is there already goes on, and is told from its start.
    `place`: which run of an experiment it is. Raises InputError, and what nobody foresaw, after it is kept.
    """
    yield Progress(what=Message("Loading PyTorch"))
    from explorer.training.loop import train  # takes a second

    if (folder / DATABASE).is_file():
        yield from goes_on(folder, recipe, control, instruments=instruments, tell_anew=True)
        return
    started = ended = False
    with RunStore(folder, recipe) as store:
        try:
            events = train(recipe, instruments=instruments, control=control, checkpoints=store.checkpoints)
            for event in store.recorded(events):
                if isinstance(event, RunStarted):
                    started = True
                    if place:
                        keep_place(folder, place)
                ended = isinstance(event, RunEnded)
                yield event
        except BaseException as error:  # SystemExit too: a stored run always has an end
            if started and not ended:
                store.append(failed(unforeseen(error), REPORT, traceback.format_exc()))
            failure = error
        else:
            return
    if not started:
        shutil.rmtree(folder, ignore_errors=True)
    raise failure


def failed(reason: Message, remedy: Message = NOTHING, details: str = "") -> RunEnded:
    """The end of a run that could not be told by the trainer itself."""
    return RunEnded(outcome=FAILED, reason=reason, remedy=remedy, details=details)
