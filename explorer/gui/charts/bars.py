"""Horizontal bars, one per row.

pyqtgraph's BarGraphItem paints through a QPicture and crashes (0.14, PySide6 6.8) when one brush follows many.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget


class Bars(pg.GraphicsObject):
    """Bars from the left, each in the row of its number."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self.values: npt.NDArray[np.float64] = np.zeros(0)
        """What is drawn, as it is, not as logarithm."""
        self._bars: list[tuple[QRectF, QColor]] = []
        self._bounds = QRectF()

    def show_logs(
        self,
        rows: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
        levels: tuple[float, float],
        colour: QColor | npt.NDArray[np.uint8],
        height: float = 0.8,
    ) -> None:
        """Draw log10 of those `values` that have one, from the lower level on; `colour`: one, or a table (n, 4)."""
        good, (low, high) = np.isfinite(values) & (values > 0), levels
        self.rows, self.values = rows[good], values[good]
        logs = np.clip(np.log10(self.values), low, None)
        if isinstance(colour, QColor):
            colours = [colour] * len(logs)
        else:
            index = np.clip((logs - low) / (high - low), 0, 1) * (len(colour) - 1)
            colours = [QColor(*colour[i].tolist()) for i in index.astype(int)]
        self._put(np.full(len(logs), low), logs, colours, height)

    def show_spans(
        self,
        rows: npt.NDArray[np.int64],
        starts: npt.NDArray[np.float64],
        ends: npt.NDArray[np.float64],
        colour: QColor,
        height: float = 0.8,
    ) -> None:
        """Draw from `starts` to `ends`, on a linear axis, where both are numbers."""
        good = np.isfinite(starts) & np.isfinite(ends)
        self.rows, self.values = rows[good], ends[good]
        self._put(starts[good], self.values, [colour] * len(self.values), height)

    def _put(
        self, starts: npt.NDArray[np.float64], ends: npt.NDArray[np.float64], colours: list[QColor], height: float
    ) -> None:
        self._bars = [
            (QRectF(start, row - height / 2, end - start, height), own)
            for row, start, end, own in zip(self.rows.tolist(), starts.tolist(), ends.tolist(), colours, strict=True)
        ]
        self.prepareGeometryChange()
        self._bounds = QRectF()
        for bar, _colour in self._bars:
            self._bounds = self._bounds.united(bar)
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802
        return self._bounds

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        for bar, colour in self._bars:
            painter.fillRect(bar, colour)
