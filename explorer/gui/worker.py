"""The thread that trains. It hands over events and never touches the window; its end is all that Qt hears of."""

from __future__ import annotations

import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, QThread

from explorer.errors import InputError, said, unforeseen
from explorer.events import Event, Progress
from explorer.i18n import Message
from explorer.recipe import Recipe
from explorer.runs import Mailbox
from explorer.session import stored
from explorer.session.stored import REPORT, failed
from explorer.training.control import Control

Events = Callable[[Recipe, Control, Path], Iterator[Event]]
"""Makes the events of a run that is stored in the folder given."""
NICENESS = 10
"""Of the training thread on Linux: the window's ticks come 5 ms earlier at the worst; training loses about 3 %."""


class Worker(QThread):
    """Pulls the events of one run into a mailbox; the last one is RunEnded, whatever happens."""

    def __init__(
        self, recipe: Recipe, control: Control, mailbox: Mailbox, folder: Path, events: Events, parent: QObject | None
    ) -> None:
        super().__init__(parent)
        self._make = lambda: events(recipe, control, folder)
        self._mailbox = mailbox

    def run(self) -> None:
        try:
            for event in self._make():
                self._mailbox.put(event)
        except InputError as error:
            self._mailbox.put(failed(said(error)))
        except BaseException as error:  # nothing may leave a QThread's run
            self._mailbox.put(failed(unforeseen(error), REPORT, traceback.format_exc()))


def stored_run(recipe: Recipe, control: Control, folder: Path) -> Iterator[Event]:
    """Train as `recipe` says, keep every event in `folder`, and pass it on. What never started leaves no folder."""
    yield Progress(what=Message("Loading PyTorch"))
    import torch  # takes a second; the window must not wait for it

    _yield_to_the_window()  # not before: somebody waits for torch
    torch.set_num_threads(torch.get_num_threads())  # holds only for the thread that calls it
    yield from stored.stored_run(recipe, control, folder)


def _yield_to_the_window() -> None:
    """Let the system prefer other threads to this one, and to those that torch starts from it."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
