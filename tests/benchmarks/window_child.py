"""The real window in a process of its own: started as by its command, driven, and measured from inside.

`python -m tests.benchmarks.window_child {shown,first-point,train,gaps} FOLDER [RECIPE]`, started by window.py. FOLDER
takes the settings, so that nobody's own are read or written; runs go where TRAINING_EXPLORER_RUNS says. The last line
of output is one JSON object. limits_child.py has more of these.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar
from unittest import mock

from PySide6.QtCore import QEvent, QObject, QSettings, Qt, QTimer, Slot
from PySide6.QtWidgets import QWidget

import explorer.__main__ as program
from explorer import display
from explorer.gui import app
from explorer.gui.window import Window
from explorer.gui.worker import Events, stored_run
from explorer.recipe import Recipe
from explorer.session.session import State

GUI_TICK_MS = 10
SIZE = (1920, 1080)
"""A common screen, on which every panel has a cell of its own, beside recipe, layers and runs."""
SETTLED_MS = 500
"""Between the first paint and the press of Train: what the window puts off until it is seen is done by then."""


class Driver(QObject):
    """What happens in the window once it is on the screen, ending with `say`."""

    events: ClassVar[Events] = staticmethod(stored_run)
    """Makes the events of a run, in the worker."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.window = window

    @Slot()
    def painted(self) -> None:
        """The first paint is done."""
        raise NotImplementedError

    def say(self, **values: object) -> None:
        """Report and leave."""
        print(json.dumps(values), flush=True)
        self.window.close()

    def press_train(self) -> None:
        """What the button does."""
        self.window.press("train")


class Shown(Driver):
    """Says when the window has been painted."""

    @Slot()
    def painted(self) -> None:
        """The first paint is done."""
        self.say(painted=True)


class FirstPoint(Driver):
    """Measures from the press of Train until the loss curve is on the screen."""

    @Slot()
    def painted(self) -> None:
        """The first paint is done."""
        QTimer.singleShot(SETTLED_MS, self, self.begin)

    @Slot()
    def begin(self) -> None:
        """Press Train."""
        self.plot = next(panel for panel in self.window.panels if panel.name == "loss").plots[0]
        self.viewport = self.plot.viewport()
        self.viewport.installEventFilter(self)
        self.pressed = perf_counter()
        self.press_train()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Once the curve has a first line, that is two points, the paint that follows shows it."""
        if watched is self.viewport and event.type() == QEvent.Type.Paint and self._has_line():
            self.viewport.removeEventFilter(self)
            QTimer.singleShot(0, self, self.drawn)  # after this paint
        return False

    @Slot()
    def drawn(self) -> None:
        """Report; the run is not wanted any more."""
        self.seconds = perf_counter() - self.pressed
        self.window.session.stop()
        self.timer = QTimer(self, interval=GUI_TICK_MS)
        self.timer.timeout.connect(self.leave_when_over)
        self.timer.start()

    @Slot()
    def leave_when_over(self) -> None:
        """The window asks before it closes while a run goes on."""
        if self.window.session.state is State.IDLE:
            self.timer.stop()
            self.say(seconds=self.seconds)

    def _has_line(self) -> bool:
        run = self.window.session.current
        if run is None or self.window.session.state is State.IDLE:
            return False
        curve = self.plot.drawn(f"batch {run.index}")
        return curve is not None and 2 <= len(curve[0]) <= len(run.record.series.steps.losses)


class Everything(Driver):
    """Shows all that there is side by side, then calls `begin`."""

    @Slot()
    def painted(self) -> None:
        """The first paint is done."""
        self.window.resize(*SIZE)
        self.window.columns.show_column("right", True)
        QTimer.singleShot(SETTLED_MS, self, self.arrange)

    @Slot()
    def arrange(self) -> None:
        """Give every panel a cell, now that it is known how much room there is."""
        self.window.grid.arrange_all()
        QTimer.singleShot(SETTLED_MS, self, self.begin)

    @Slot()
    def begin(self) -> None:
        """Everything is there to be seen."""
        raise NotImplementedError

    def say(self, **values: object) -> None:
        """Report, with what could not be seen as a whole, and leave."""
        parts = (*self.window.panels, self.window.layers, self.window.runs_list)
        super().say(hidden=[type(part).__name__ for part in parts if not in_sight(part)], **values)


def in_sight(widget: QWidget) -> bool:
    """Whether the whole of `widget` is shown: no tab, splitter or scroll area hides a part."""
    seen, inner = widget.rect(), widget
    while not inner.isWindow():
        outer = inner.parentWidget()
        seen, inner = seen.translated(inner.pos()) & outer.rect(), outer
    return widget.isVisible() and seen.size() == widget.size()


class Train(Everything):
    """Trains with everything in sight, and does nothing besides but to look now and then whether the run is over."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.timer = QTimer(self, interval=SETTLED_MS)
        self.timer.timeout.connect(self.look)

    @Slot()
    def begin(self) -> None:
        """Press Train."""
        self.press_train()
        self.timer.start()

    @Slot()
    def look(self) -> None:
        """Report once the run is over."""
        session = self.window.session
        if session.state is State.IDLE:
            self.timer.stop()
            ended = session.current.record.ended if session.current else None
            self.report(ended.outcome if ended else "never began")

    def report(self, outcome: str) -> None:
        """How the run ended."""
        self.say(outcome=outcome)


class Gaps(Train):
    """The same with a ticking clock in the window's thread. It takes a little from training, so Train goes without."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.gaps: list[float] = []
        self.last: float | None = None
        self.clock = QTimer(self, interval=GUI_TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self.clock.timeout.connect(self.tick)

    @Slot()
    def begin(self) -> None:
        """Press Train and start the clock's ticks."""
        super().begin()
        self.clock.start()

    @Slot()
    def tick(self) -> None:
        """Keep the gap, from the first step to the last; loading torch and images is another figure's matter."""
        now, session = perf_counter(), self.window.session
        training = (
            session.state is State.RUNNING
            and session.current is not None
            and session.current.record.series.steps.last > 0
        )
        if training and self.last is not None:
            self.gaps.append(1000 * (now - self.last))
        self.last = now if training else None

    def report(self, outcome: str) -> None:
        """The gaps, and how the run ended."""
        self.clock.stop()
        self.say(gaps_ms=self.gaps, outcome=outcome)


DRIVERS: dict[str, type[Driver]] = {"shown": Shown, "first-point": FirstPoint, "train": Train, "gaps": Gaps}


def main(drivers: Mapping[str, type[Driver]], what: str, folder: Path, recipe: str = "") -> int:
    """Start the program as its command does and let the driver `what` act."""
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    if recipe:
        settings.setValue("recipe", Recipe.read(Path(recipe)).to_json())
    window: Callable[..., Window] = partial(_driven, Window, drivers[what])
    with (
        mock.patch.object(app, "user_settings", return_value=settings),
        mock.patch.object(app, "Window", window),
        # Nobody sees an offscreen window, so the program would train in the terminal.
        mock.patch.object(display, "has_display", return_value=True),
        mock.patch.object(display, "missing_for_window", display.missing_for_pictures),
    ):
        return program.main([])


def _driven(kind: type[Window], driver: type[Driver], *arguments: Any) -> Window:
    window = kind(*arguments, events=driver.events)
    window.painted.connect(driver(window).painted)
    return window


if __name__ == "__main__":
    sys.exit(main(DRIVERS, sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
