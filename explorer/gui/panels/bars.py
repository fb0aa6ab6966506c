"""Horizontal bars, one per row.

pyqtgraph's BarGraphItem paints through a QPicture and crashes (0.14, PySide6 6.8) when one brush follows many.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget


class Bars(pg.GraphicsObject):
    """Bars from `start` to each value, in the row of the same number."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self.values: npt.NDArray[np.float64] = np.zeros(0)
        self._bars: list[tuple[QRectF, QColor]] = []
        self._bounds = QRectF()

    def show_bars(
        self,
        rows: npt.NDArray[np.int64],
        start: float,
        values: npt.NDArray[np.float64],
        colours: Sequence[QColor],
        height: float = 0.8,
    ) -> None:
        """Draw these from now on."""
        self.rows, self.values = rows, values
        self._bars = [
            (QRectF(start, row - height / 2, value - start, height), colour)
            for row, value, colour in zip(rows.tolist(), values.tolist(), colours, strict=True)
        ]
        end, last = float(values.max(initial=start)), float(rows.max(initial=0))
        self.prepareGeometryChange()
        self._bounds = QRectF(start, -0.5, end - start, last + 1)
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802
        return self._bounds

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        for bar, colour in self._bars:
            painter.fillRect(bar, colour)
