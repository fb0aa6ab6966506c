"""What stands around curves: the legend above them, and on top the marks of live changes and a note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QApplication, QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from explorer.gui.theme import LIGHT, pen


class Entry(NamedTuple):
    """One line of a legend."""

    pen: QPen
    dot: bool
    text: str

    @property
    def swatch(self) -> int:
        """Pixels before the text; a text without a line has none."""
        return 30 if self.pen.style() != Qt.PenStyle.NoPen else 0


class ChangeMark(NamedTuple):
    """A vertical line at `x` with its text."""

    x: float
    text: str
    colour: str = ""


class Legend(pg.GraphicsWidget):
    """Swatches and texts in as many lines as they need, above the plot: never on top of the curves."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()
        self.gradient: QImage | None = None
        """Drawn instead of entries: the colours of the x axis below, or from one of `ends` to the other."""
        self.ends: tuple[str, str] = ("", "")
        self.colour = QColor(LIGHT.foreground)
        self.pen_scale = 1.0

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(QApplication.font())

    def _places(self, width: float) -> list[tuple[float, float]]:
        metrics, x, y, places = self._metrics(), 0.0, 0.0, []
        for entry in self.entries:
            needed = entry.swatch + min(metrics.horizontalAdvance(entry.text), width - entry.swatch) + 14
            if x and x + needed > width + 14:
                x, y = 0.0, y + metrics.height()
            places.append((x, y))
            x += needed
        return places

    def lines_height(self, width: float) -> float:
        """Height that the entries, or the gradient, need on `width`."""
        if self.gradient:
            return self._metrics().height() + 2
        places = self._places(max(width, 60.0))
        return places[-1][1] + self._metrics().height() + 2 if places else 0.0

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        metrics, width = self._metrics(), self.size().width()
        if self.gradient:
            left, right = (metrics.horizontalAdvance(text) + 6 if text else 0.0 for text in self.ends)
            painter.drawImage(QRectF(left, 3, width - left - right, metrics.height() - 4), self.gradient)
            painter.setFont(QApplication.font())
            painter.setPen(self.colour)
            painter.drawText(QPointF(0, metrics.ascent()), self.ends[0])
            painter.drawText(QPointF(width - right + 6, metrics.ascent()), self.ends[1])
            return
        painter.setFont(QApplication.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for entry, (x, y) in zip(self.entries, self._places(width), strict=True):
            middle = y + metrics.height() / 2
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, entry.dot)
            if entry.swatch:
                painter.setPen(widened(entry.pen, max(2.0, entry.pen.widthF()), self.pen_scale))
                painter.drawLine(QPointF(x, middle), QPointF(x + 24, middle))
            if entry.dot:
                painter.setBrush(entry.pen.color())
                painter.setPen(Qt.PenStyle.NoPen)
                painter.drawEllipse(QPointF(x + 12, middle), 3, 3)
            painter.setPen(self.colour)
            text = metrics.elidedText(entry.text, Qt.TextElideMode.ElideRight, width - x - entry.swatch)
            painter.drawText(QPointF(x + entry.swatch, y + metrics.ascent()), text)


class Overlay(pg.GraphicsObject):
    """Marks and the note, in pixels of the view, so that texts stay readable and out of each other's way."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view)
        self.view = view
        self.marks: tuple[ChangeMark, ...] = ()
        self.best: ChangeMark | None = None
        self.note = ""
        self.palette = LIGHT
        self.pen_scale = 1.0
        self.halo = False
        """Put a light edge around the lines, for plots that are not on plain background."""
        self.setZValue(1000)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemClipsToShape)
        view.sigRangeChanged.connect(self._moved)
        view.sigResized.connect(self._moved)

    def _moved(self, *_args: object) -> None:
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:  # noqa: N802
        return QRectF(self.view.rect())

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        area, font = self.boundingRect(), QApplication.font()
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        if self.note:
            painter.setPen(QColor(self.palette.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(12, 8, -12, -8), int(flags), self.note)
        taken: list[QRectF] = []
        if self.best:
            self._draw(painter, metrics, self.best, area, taken, from_below=True)
        for mark in sorted(self.marks):
            self._draw(painter, metrics, mark, area, taken)

    def _draw(
        self,
        painter: QPainter,
        metrics: QFontMetricsF,
        mark: ChangeMark,
        area: QRectF,
        taken: list[QRectF],
        from_below: bool = False,
    ) -> None:
        x = round(self.view.mapFromView(QPointF(mark.x, 0)).x()) + 0.5
        if not area.left() <= x <= area.right():
            return
        colour = mark.colour or self.palette.muted
        if self.halo:
            painter.setPen(pen("#ffffff", width=3 * self.pen_scale))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            colour = "#000000"
        painter.setPen(pen(colour, (2, 3) if from_below else (5, 3), self.pen_scale))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if not mark.text:
            return
        text = metrics.elidedText(mark.text, Qt.TextElideMode.ElideRight, area.width() * 0.6)
        size = QSizeF(metrics.horizontalAdvance(text) + 6, metrics.height())
        left = x + 2 if x + size.width() + 2 < area.right() else max(area.left(), x - 2 - size.width())
        rows = int(area.height() / size.height())
        for row in range(rows):
            top = area.bottom() - (row + 1) * size.height() - 2 if from_below else area.top() + row * size.height() + 2
            box = QRectF(QPointF(left, top), size)
            if not any(box.intersects(other) for other in taken):
                taken.append(box)
                ground = QColor(self.palette.background)
                ground.setAlpha(215)
                painter.fillRect(box, ground)
                painter.setPen(QColor(mark.colour or self.palette.foreground))
                painter.drawText(QPointF(left + 3, top + metrics.ascent()), text)
                return


def widened(line: QPen, width: float, scale: float) -> QPen:
    """`line` with another width; its dashes keep their length on the screen."""
    wide = QPen(line)
    wide.setWidthF(width * scale)
    if line.style() == Qt.PenStyle.CustomDashLine and width != 1:
        wide.setDashPattern([part / width for part in line.dashPattern()])
    return wide


def merged(marks: Sequence[ChangeMark]) -> list[ChangeMark]:
    """Marks at the same place as one."""
    together: dict[float, ChangeMark] = {}
    for mark in marks:
        before = together.get(mark.x)
        together[mark.x] = mark._replace(text=f"{before.text}, {mark.text}") if before else mark
    return list(together.values())
