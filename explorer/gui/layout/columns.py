"""The three columns of the window, and the right one: the layers of the run on screen above, stored runs below."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from explorer.gui.layers.layers_list import LayersList
from explorer.gui.recipe.sidebar import WIDTH
from explorer.gui.runs.runs_list import RunsList

FITS = 1280
"""Width of the window in pixels from which on the right column is shown at first: 700 are left for the panels."""
LEAST, MOST = 236, 360
"""Width of the right column. The wider it is, the more of the layers' names and norms are in sight."""
SHARE = 0.13
"""What it gets of each pixel beyond FITS."""


class Columns(QSplitter):
    """Side by side; they follow the width of the window until somebody has moved them."""

    def __init__(self, *columns: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        for column in columns:
            self.addWidget(column)
        self.setChildrenCollapsible(False)
        self.setStretchFactor(1, 1)
        self._moved = False
        self.splitterMoved.connect(self._keep)

    def state(self) -> QByteArray:
        """Where somebody has moved them, for `restore`; empty if nobody did."""
        return self.saveState() if self._moved else QByteArray()

    def restore(self, state: QByteArray) -> None:
        """Put them where `state` says, if it says anything."""
        self._moved = not state.isEmpty() and self.restoreState(state)

    def reset(self) -> None:
        """Forget where somebody has moved them."""
        self._moved = False
        self.setSizes(widths(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if not self._moved:
            self.setSizes(widths(self.width()))

    def _keep(self) -> None:
        self._moved = True


class RightColumn(QSplitter):
    """Two lists, one above the other."""

    def __init__(self, runs: Path | None) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.layers, self.runs = LayersList(), RunsList(runs)
        for widget in (self.layers, self.runs):
            self.addWidget(widget)
        self.setChildrenCollapsible(False)
        self.setMinimumWidth(LEAST)
        self.reset()

    def reset(self) -> None:
        """Give both the same room."""
        self.setSizes([1000, 1000])


def widths(window: int) -> list[int]:
    """Of the three columns at first, in a window of this width."""
    right = max(LEAST, min(MOST, round(LEAST + SHARE * (window - FITS))))
    return [WIDTH, max(1, window - WIDTH - right), right]
