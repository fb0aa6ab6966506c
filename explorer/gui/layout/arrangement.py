"""Where everything stands in the window: kept from one start to the next, and inside whatever screen there is."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMainWindow

from explorer.gui.export.dialog import remembered
from explorer.gui.layout.columns import Columns, RightColumn
from explorer.gui.layout.grid import PanelGrid
from explorer.gui.settings import Memory

FIRST = QSize(1280, 720)
"""The window at its first start."""
TITLE_BAR = 32
"""Pixels that the system adds above the window; what it really adds is known only when the window is shown."""


class Arrangement:
    """Of columns, panels and lists in `window`."""

    def __init__(
        self, window: QMainWindow, memory: Memory, columns: Columns, grid: PanelGrid, right: RightColumn
    ) -> None:
        self._window, self._memory = window, memory
        self._columns, self._grid, self._right = columns, grid, right
        self._opened = QSize()

    def restore(self) -> None:
        """As it was when the window was closed."""
        self._window.resize(FIRST)
        self._window.restoreGeometry(self._memory.data("geometry"))
        self.fit_screen()
        self._columns.restore(self._memory.data("columns"), self._memory.text("shown"))
        self._right.restoreState(self._memory.data("lists"))
        self._grid.restore(self._memory.text("grid"))
        remembered.restore(self._memory.text("pictures"))

    def keep(self) -> None:
        """For the next start."""
        self._memory.keep(
            geometry=self._window.saveGeometry(),
            columns=self._columns.state(),
            grid=self._grid.state(),
            pictures=remembered.state(),
            lists=self._right.saveState(),
            shown=self._columns.choices(),
        )

    def reset(self) -> None:
        """Everything where it is at the first start."""
        self._grid.reset()
        self._columns.reset()
        self._right.reset()

    def framed(self) -> None:
        """The window is on the screen, and its frame is known now."""
        if self._window.size() == self._opened:
            self.fit_screen()

    def fit_screen(self) -> None:
        """Stand inside the free area of the screen, however large the window was on another one."""
        window = self._window
        free = window.screen().availableGeometry()
        frame = window.frameGeometry().size() - window.size() if window.isVisible() else QSize(2, TITLE_BAR)
        room = free.size() - frame
        window.resize(window.size().boundedTo(room))
        self._opened = window.size()
        place = window.frameGeometry()
        left = min(max(place.left(), free.left()), free.left() + max(0, room.width() - window.width()))
        top = min(max(place.top(), free.top()), free.top() + max(0, room.height() - window.height()))
        window.move(left, top)

    def toggle(self, column: str) -> None:
        """Fold the column "left" or "right" away, or bring it back."""
        self._columns.show_column(column, not self._columns.shows(column))

    def toggle_recipe(self) -> None:
        """Fold the recipe away, or bring it back."""
        self.toggle("left")

    def toggle_right(self) -> None:
        """The same with layers and runs."""
        self.toggle("right")
