"""A curve drawn by hand on an empty plot, with the mouse or with the arrow keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from explorer.events import Doubles
from explorer.gui.charts.plot import Plot

POINTS = 121
"""Along the curve: finer than a hand is steady."""
WHOLE = 0.9
"""Share of the axis that a sketch must reach."""
STEP = 0.05
"""Of the y axis, that an arrow key moves."""
KEYS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}


class Pencil(QObject):
    """Draws on `plot` while it is `active`; `drawn` says that the curve is another one."""

    drawn = Signal()
    finished = Signal()
    """The mouse is released, or a key; the curve is whole or not."""

    def __init__(self, plot: Plot) -> None:
        super().__init__(plot)
        self._plot = plot
        self.active = False
        self.x: Doubles = np.linspace(0, 1, POINTS)
        self.y: Doubles = np.full(POINTS, np.nan)
        self._low, self._high, self._epochs = 0.0, 1.0, 1
        self._last: tuple[int, float] | None = None
        self.cursor = 0
        """Epoch that the keys move."""
        plot.viewport().installEventFilter(self)
        plot.installEventFilter(self)

    def take(self, epochs: int, low: float, high: float) -> None:
        """An empty curve over so many epochs, with values from `low` to `high`."""
        self.x, self.y = np.linspace(0, epochs, POINTS), np.full(POINTS, np.nan)
        self._low, self._high, self._epochs, self.cursor = low, high, epochs, 0

    @property
    def sketch(self) -> tuple[tuple[float, float], ...]:
        """(epoch, value) from left to right; empty while it does not reach from one end to the other."""
        known = np.isfinite(self.y)
        if not known.any():
            return ()
        first, last = np.flatnonzero(known)[[0, -1]]
        if (last - first) < WHOLE * (POINTS - 1):
            return ()
        return tuple((float(x), float(y)) for x, y in zip(self.x[known], self.y[known], strict=True))

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if not self.active:
            return False
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in KEYS:
            self._key(*KEYS[Qt.Key(event.key())])
            return True
        if not isinstance(event, QMouseEvent) or _watched is not self._plot.viewport():
            return False
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() == Qt.MouseButton.LeftButton:
                self._last = None
                self._plot.setFocus()
                self._draw(event.position())
            case QEvent.Type.MouseMove if event.buttons() & Qt.MouseButton.LeftButton:
                self._draw(event.position())
            case QEvent.Type.MouseButtonRelease:
                self._last = None
                self.finished.emit()
            case _:
                return False
        return True

    def _draw(self, position: QPointF) -> None:
        at = self._plot.plotItem.vb.mapSceneToView(self._plot.mapToScene(position.toPoint()))
        share = at.x() / self._epochs
        if not -0.05 <= share <= 1.05:
            self._last = None
            return
        self._put(round(min(1.0, max(0.0, share)) * (POINTS - 1)), at.y())

    def _put(self, i: int, y: float) -> None:
        y = min(self._high, max(self._low, y))
        j, before = self._last or (i, y)
        for k in range(min(i, j), max(i, j) + 1):
            self.y[k] = y if i == j else before + (y - before) * (k - j) / (i - j)
        self._last = (i, y)
        self.drawn.emit()

    def _key(self, right: int, up: int) -> None:
        """Left and right draw on at the same height, up and down move the end of the line."""
        i = round(self.cursor / self._epochs * (POINTS - 1))
        middle = (self._low + self._high) / 2
        y = self.y[i] if np.isfinite(self.y[i]) else middle
        self._last = (i, float(y))
        if right:
            self.cursor = min(self._epochs, max(0, self.cursor + right))
            j = round(self.cursor / self._epochs * (POINTS - 1))
            if not np.isfinite(self.y[j]):
                self._put(j, float(y))
        else:
            self._bend(i, float(y) + up * STEP * (self._high - self._low))
        self._last = None
        self.drawn.emit()
        self.finished.emit()

    def _bend(self, i: int, y: float) -> None:
        """The value at `i`, and a straight line to it from the epoch before."""
        j = max(0, round((self.cursor - 1) / self._epochs * (POINTS - 1)))
        self._last = (j, float(self.y[j])) if np.isfinite(self.y[j]) and j != i else None
        self._put(i, y)
