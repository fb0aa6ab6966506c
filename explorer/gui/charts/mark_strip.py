"""The strip above a plot in which the texts of its marks stand: where they happened, and never over the curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QApplication, QStyleOptionGraphicsItem, QWidget

from explorer.gui.charts.annotations import ChangeMark
from explorer.gui.theme import LIGHT, Palette

GAP = 8.0
"""Pixels between two texts."""
LEAST_ROWS, HIGH_FOR_A_ROW = 2, 110
"""Of whole texts, and one more for so many pixels of the plot's height; where they need more, marks have numbers, and
the texts are in the tooltip."""


class Placed(NamedTuple):
    """A text of the strip: where it stands, in pixels from its left end and its top."""

    text: str
    left: float
    row: int
    mark: ChangeMark


class MarkStrip(pg.GraphicsWidget):
    """As wide as the plot below it. `place` says where its x stands, in pixels."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__()
        self._view = view
        self.marks: tuple[ChangeMark, ...] = ()
        self.palette_ = LIGHT
        self.rows_allowed = LEAST_ROWS
        """Fewer where the plot is low; 0 shows none."""
        self.changed: Callable[[], None] = lambda: None
        """Called when the strip needs another height."""
        self._height = 0.0
        view.sigRangeChanged.connect(self._moved)
        view.sigResized.connect(self._moved)

    def show_marks(self, marks: Sequence[ChangeMark]) -> None:
        """Have the texts of these."""
        self.marks = tuple(mark for mark in marks if mark.text)
        lines = [f"{sign} · {mark.text}" for mark, sign in signs(self.marks).items()]
        self.setToolTip("\n".join(lines) if len(lines) > 1 else "".join(mark.text for mark in self.marks))
        self._moved()

    def restyle(self, palette: Palette) -> None:
        """Take these colours."""
        self.palette_ = palette
        self.update()

    def needed(self) -> float:
        """Height in pixels."""
        placed = self.placed()
        return (max(one.row for one in placed) + 1) * self._metrics().height() + 2 if placed else 0.0

    def placed(self) -> list[Placed]:
        """The texts as they stand: whole if they all find room, else as numbers, those that would touch as one."""
        width = self._view.width()
        there = [(self._x(mark), mark) for mark in sorted(self.marks)]
        there = [(x, mark) for x, mark in there if -1 <= x <= width + 1]
        if not there or not self.rows_allowed or width < 40:
            return []
        for rows in range(1, self.rows_allowed + 1):
            if (whole := self._whole(there, width, rows)) is not None:
                return whole
        return self._numbered(there, width)

    def _whole(self, there: list[tuple[float, ChangeMark]], width: float, rows: int) -> list[Placed] | None:
        metrics, ends, placed = self._metrics(), [-GAP] * rows, list[Placed]()
        for x, mark in there:
            needed = metrics.horizontalAdvance(mark.text)
            if needed > width:
                return None
            left = min(x, width - needed)
            row = next((row for row in range(rows) if ends[row] + GAP <= left), None)
            if row is None:
                return None
            ends[row] = left + needed
            placed.append(Placed(mark.text, left, row, mark))
        return placed

    def _numbered(self, there: list[tuple[float, ChangeMark]], width: float) -> list[Placed]:
        metrics, named = self._metrics(), signs(self.marks)
        groups = [[one] for one in there]
        while True:
            placed = []
            for group in groups:
                inside = [named[mark] for _x, mark in group]
                numbers = [sign for sign in inside if sign.isdigit()]
                span = numbers if len(numbers) < 2 else [f"{numbers[0]}–{numbers[-1]}"]
                text = "".join([*span, *dict.fromkeys(sign for sign in inside if not sign.isdigit())])
                x, needed = sum(x for x, _mark in group) / len(group), metrics.horizontalAdvance(text)
                placed.append(Placed(text, min(max(0.0, x - needed / 2), width - needed), 0, group[0][1]))
            ends = [one.left + metrics.horizontalAdvance(one.text) + GAP / 2 for one in placed]
            touching = next((i for i in range(1, len(placed)) if placed[i].left < ends[i - 1]), None)
            if touching is None:
                return placed
            groups[touching - 1 : touching + 1] = [groups[touching - 1] + groups[touching]]

    def boxes(self) -> list[QRectF]:
        """Where the texts stand."""
        metrics = self._metrics()
        high = metrics.height()
        return [QRectF(p.left, p.row * high, metrics.horizontalAdvance(p.text), high) for p in self.placed()]

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        metrics = self._metrics()
        painter.setFont(QApplication.font())
        for text, left, row, mark in self.placed():
            painter.setPen(QColor(mark.colour or self.palette_.foreground))
            painter.drawText(QPointF(left, row * metrics.height() + metrics.ascent()), text)

    def _x(self, mark: ChangeMark) -> float:
        return self._view.mapFromView(QPointF(mark.x, 0)).x()

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(QApplication.font())

    def _moved(self, *_args: object) -> None:
        self.update()
        if self.needed() != self._height:
            self._height = self.needed()
            self.changed()


def signs(marks: Sequence[ChangeMark]) -> dict[ChangeMark, str]:
    """What stands for each mark where there is no room for its text."""
    found, number = dict[ChangeMark, str](), 0
    for mark in sorted(marks):
        number += not mark.sign
        found[mark] = mark.sign or str(number)
    return found
