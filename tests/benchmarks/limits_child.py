"""More of window_child.py: how soon the window acts, how much it keeps, how smoothly a long curve is moved.

`python -m tests.benchmarks.limits_child {toggle,stop,memory,pan} FOLDER [RECIPE]`, started by gui_limits.py.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from types import NoneType
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QEvent, QObject, QTimer, Slot

from explorer.events import EpochDone, Event, RecipeChanged, RunStarted, StepDone
from explorer.gui.window import Window
from explorer.gui.worker import Events, stored_run
from explorer.recipe import Recipe
from explorer.runs import RunRecord
from explorer.runs.timing import total_steps
from explorer.session.screen import RunOnScreen
from explorer.session.session import State
from explorer.training.control import Control

from .window_child import GUI_TICK_MS, Driver, Everything, main

CARDS = ("dropout", "clipping", "mixing", "normalization", "label_smoothing")
"""Switched in turn; dropout and normalization rebuild the network."""
TOGGLES, STOPS = 30, 5
"""In one process."""
WARM = 20
"""Steps of a run before the first click in it."""
WAIT = (0.2, 0.7)
"""Seconds before each click, drawn anew each time: it falls anywhere in a batch."""
MEMORY_FIRST = 0.1
"""Share of the steps after which memory is looked at first."""
POINTS, PER_EPOCH = 1_000_000, 10_000
FRAMES, BACK = 200, 50
"""Frames in all, and after how many of them the curve is moved back again."""

stamps: list[tuple[float, type[object]]] = []
"""When the worker made each event, and which; NoneType is the end of the worker's work."""


def stamped(recipe: Recipe, control: Control, folder: Path) -> Iterator[Event]:
    """A run as ever, whose events are stamped as they are made."""
    try:
        for event in stored_run(recipe, control, folder):
            stamps.append((perf_counter(), type(event)))
            yield event
    finally:
        stamps.append((perf_counter(), NoneType))


def batch_seconds() -> float:
    """Median time from one step to the next, where nothing but a step lies between."""
    between: list[float] = []
    last = None
    for at, kind in stamps:
        if kind is StepDone:
            between += [at - last] if last else []
            last = at
        elif kind in (EpochDone, RecipeChanged, NoneType):
            last = None
    return statistics.median(between)


class Clicks(Everything):
    """Trains, and clicks at times that chance decides; says how long each click took to act."""

    events: ClassVar[Events] = staticmethod(stamped)
    effect: ClassVar[type[object]]
    """What the worker makes once a click acts."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.rng = random.Random(0)
        self.clicks: list[float] = []
        self.due = 0.0
        self.timer = QTimer(self, interval=GUI_TICK_MS)
        self.timer.timeout.connect(self.look)

    @Slot()
    def begin(self) -> None:
        """Press Train."""
        self.press_train()
        self.timer.start()

    @Slot()
    def look(self) -> None:
        """Click, if it is time."""
        session, now = self.window.session, perf_counter()
        if session.state is State.IDLE:
            self.run_ended()
        elif session.current is None or session.current.record.series.steps.last < WARM or not self.all_acted():
            self.due = now + self.rng.uniform(*WAIT)
        elif now >= self.due:
            self.clicks.append(now)
            self.click()

    def all_acted(self) -> bool:
        """Whether every click so far has."""
        return sum(kind is self.effect for _at, kind in stamps) >= len(self.clicks)

    def click(self) -> None:
        """What is measured from; its effect is awaited before the next."""
        raise NotImplementedError

    def run_ended(self) -> None:
        """The run is over."""
        self.timer.stop()
        acted = [at for at, kind in stamps if kind is self.effect]
        epochs = [at for at, kind in stamps if kind is EpochDone]
        pairs = list(zip(self.clicks, acted, strict=True))
        self.say(
            waits_ms=[1000 * (then - click) for click, then in pairs],
            at_epoch_end=[any(click < at < then for at in epochs) for click, then in pairs],
            batch_ms=1000 * batch_seconds(),
        )


class Toggle(Clicks):
    """Switches cards, one after the other."""

    effect = RecipeChanged

    def click(self) -> None:
        """Switch the next card; after the last one, end."""
        if len(self.clicks) > TOGGLES:
            del self.clicks[TOGGLES:]
            self.window.press("stop")
        else:
            self.window.sidebar.cards[CARDS[len(self.clicks) % len(CARDS)]].switch.click()


class Stop(Clicks):
    """Stops one run after the other."""

    effect = NoneType

    def click(self) -> None:
        """Press Stop."""
        self.window.transport.buttons["stop"].click()

    def run_ended(self) -> None:
        """Begin another one, or report."""
        if len(self.clicks) < STOPS:
            self.press_train()
        else:
            super().run_ended()


class MemoryUse(Everything):
    """Trains, and looks at the memory of the process early and at the end."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.before = 0.0
        self.timer = QTimer(self, interval=GUI_TICK_MS)
        self.timer.timeout.connect(self.look)

    @Slot()
    def begin(self) -> None:
        """Press Train."""
        self.press_train()
        self.timer.start()

    @Slot()
    def look(self) -> None:
        """Take note of the memory, once early and once at the end."""
        session = self.window.session
        record = session.current.record if session.current else RunRecord()
        if (
            not self.before
            and record.series.steps.last
            and record.series.steps.last >= MEMORY_FIRST * total_steps(record)
        ):
            self.before = resident()
        if session.state is State.IDLE:
            self.timer.stop()
            outcome = record.ended.outcome if record.ended else "never began"
            self.say(before_mb=self.before, after_mb=resident(), steps=record.series.steps.last, outcome=outcome)


def resident() -> float:
    """Memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Pan(Driver):
    """Moves a loss curve of a million points to and fro, as a hand with the mouse does, and counts the frames."""

    @Slot()
    def painted(self) -> None:
        """The first paint is done: show the curve alone, zoomed to its middle half."""
        self.window.resize(1920, 1080)
        self.window.session.screen.put_first(RunOnScreen(long_run(), Path(), "A million batches"))
        panel = next(panel for panel in self.window.panels if panel.name == "loss")
        self.window.grid.enlarge(panel)
        self.window.refresh_all()
        self.plot, self.frames = panel.plots[0], [perf_counter()]
        self.view = self.plot.plotItem.vb
        (low, high), _y = self.view.viewRange()
        self.step = (high - low) / 400
        self.view.setXRange(low + (high - low) / 4, high - (high - low) / 4, padding=0)
        self.plot.viewport().installEventFilter(self)
        self.frame()

    @Slot()
    def frame(self) -> None:
        """One movement; when it has been painted, the next."""
        forth = len(self.frames) // BACK % 2 == 0
        self.view.translateBy(x=self.step if forth else -self.step)

    def eventFilter(self, _viewport: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() is QEvent.Type.Paint:
            QTimer.singleShot(0, self.seen)
        return False

    @Slot()
    def seen(self) -> None:
        """It has been painted."""
        self.frames.append(perf_counter())
        if len(self.frames) <= FRAMES:
            self.frame()
        elif len(self.frames) == FRAMES + 1:
            curve = self.plot.drawn("batch 0")
            self.say(seconds=np.diff(self.frames).tolist(), points=0 if curve is None else len(curve[0]))


def long_run() -> RunRecord:
    """A run of a million steps whose loss falls, with the noise of batches."""
    record, recipe = RunRecord(), Recipe().with_(epochs=POINTS // PER_EPOCH)
    record.apply(
        RunStarted(
            recipe=recipe.model_dump(mode="json"),
            layers=(),
            classes=("a", "b"),
            ordered=False,
            images={"train": PER_EPOCH, "validation": 1, "test": 1},
            steps_per_epoch=PER_EPOCH,
            device="cpu",
            time=0.0,
        )
    )
    steps = np.arange(1, POINTS + 1)
    losses = 2 / np.sqrt(1 + steps / 1000) + np.random.default_rng(0).gamma(2, 0.1, POINTS)
    for step, loss in zip(steps.tolist(), losses.tolist(), strict=True):
        record.apply(StepDone(step=step, epoch=(step - 1) // PER_EPOCH, loss=loss, lr=(0.1,), seconds=0.01, images=1))
    return record


DRIVERS: dict[str, type[Driver]] = {"toggle": Toggle, "stop": Stop, "memory": MemoryUse, "pan": Pan}

if __name__ == "__main__":
    sys.exit(main(DRIVERS, sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
