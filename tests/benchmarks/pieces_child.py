"""A run in a process of its own that trains one epoch for each line it reads, and says how long it took.

`python -m tests.benchmarks.pieces_child {window,terminal} FOLDER RECIPE`, started by window.py. First it says how many
threads the run has, then after each epoch its images, and the seconds by the wall and of the processor from its first
step to its last. The end of its input ends it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, ClassVar

from PySide6.QtCore import QSocketNotifier, QTimer, Slot

from explorer.events import EpochDone, Event, RunStarted, StepDone
from explorer.gui.window import Window
from explorer.gui.worker import Events, stored_run
from explorer.recipe import Recipe
from explorer.session.session import State
from explorer.training.control import Control

from .window_child import GUI_TICK_MS, Everything, main

said: list[dict[str, Any]] = []
"""The threads, once they are known, then each epoch that is over, with evaluation and checkpoint."""


def timed(recipe: Recipe, control: Control, folder: Path) -> Iterator[Event]:
    """A run as ever, whose epochs are timed in the thread that trains."""
    epoch, began, began_cpu, images = -1, 0.0, 0.0, 0
    seconds = cpu = 0.0
    for event in stored_run(recipe, control, folder):
        match event:
            case RunStarted():
                said.append({"threads": event.threads})
            case StepDone() if event.epoch != epoch:
                epoch, began, began_cpu, images = event.epoch, perf_counter(), process_time(), 0
            case StepDone():
                seconds, cpu, images = perf_counter() - began, process_time() - began_cpu, images + event.images
            case EpochDone():
                said.append({"units": images, "seconds": seconds, "cpu": cpu})
        yield event


def in_terminal(folder: str, recipe: str) -> int:
    """Pull an epoch for each line."""
    events = timed(Recipe.read(Path(recipe)), Control(), Path(folder) / "runs" / "run")
    next(event for event in events if isinstance(event, StepDone))
    say()
    for _line in sys.stdin:
        next(event for event in events if isinstance(event, EpochDone))
        say()
    events.close()  # type: ignore[attr-defined]
    return 0


def say() -> None:
    """The latest."""
    print(json.dumps(said[-1]), flush=True)


class Pieces(Everything):
    """The window, with everything in sight, that goes one epoch for each line."""

    events: ClassVar[Events] = staticmethod(timed)

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.awaited, self.over = 1, False
        self.input = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, self)
        self.input.setEnabled(False)
        self.input.activated.connect(self.asked)
        self.timer = QTimer(self, interval=GUI_TICK_MS)
        self.timer.timeout.connect(self.look)

    @Slot()
    def begin(self) -> None:
        """Begin the run, which waits after its first batch."""
        self.window.press("batch")
        self.timer.start()

    @Slot()
    def asked(self) -> None:
        """A line, or the end of the input."""
        self.input.setEnabled(False)
        self.over = not sys.stdin.readline()
        self.awaited += not self.over
        self.window.press("stop" if self.over else "epoch")
        self.timer.start()

    @Slot()
    def look(self) -> None:
        """Say an epoch that is over, once the window waits with it."""
        state = self.window.session.state
        if state is State.IDLE and self.over:
            self.timer.stop()
            self.window.close()
        elif state is State.PAUSED and len(said) == self.awaited:
            self.timer.stop()
            say()
            self.input.setEnabled(True)


if __name__ == "__main__":
    where, *arguments = sys.argv[1:]
    if where == "terminal":
        sys.exit(in_terminal(*arguments))
    sys.exit(main({"window": Pieces}, where, Path(arguments[0]), *arguments[1:]))
