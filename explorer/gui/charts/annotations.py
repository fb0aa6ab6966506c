"""What stands around curves: the legend above them, and on top the lines of live changes and a note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
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


NO_LINE = QPen(Qt.PenStyle.NoPen)


class ChangeMark(NamedTuple):
    """A vertical line at `x` with its text; `sign` stands for it where there is no room, else a number does."""

    x: float
    text: str
    colour: str = ""
    sign: str = ""


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

    def _places(self, width: float) -> list[tuple[float, float, Entry]]:
        """Where each entry begins, in as many lines as they need; a text wider than the plot goes on below itself."""
        metrics, x, y, places = self._metrics(), 0.0, 0.0, []
        for entry in self.entries:
            parts = broken(entry.text, max(width - entry.swatch, 30.0), metrics)
            needed = entry.swatch + max(map(metrics.horizontalAdvance, parts)) + 14
            if x and x + needed > width + 14:
                x, y = 0.0, y + metrics.height()
            for i, part in enumerate(parts):
                first = entry._replace(text=part)
                places.append((x, y, first) if not i else (x + entry.swatch, y, Entry(NO_LINE, False, part)))
                if i < len(parts) - 1:
                    y += metrics.height()
            x += needed
        return places

    def lines_height(self, width: float) -> float:
        """Height that the entries, or the gradient, need on `width`."""
        if self.gradient:
            return self._metrics().height() + 2
        places = self._places(max(width, 60.0))
        return places[-1][1] + self._metrics().height() + 2 if places else 0.0

    def boxes(self) -> list[QRectF]:
        """Where the texts stand."""
        metrics = self._metrics()
        if self.gradient:
            texts = zip(self.ends, (0.0, self.size().width() - metrics.horizontalAdvance(self.ends[1])), strict=True)
            return [QRectF(x, 0, metrics.horizontalAdvance(text), metrics.height()) for text, x in texts if text]
        return [
            QRectF(x + entry.swatch, y, metrics.horizontalAdvance(entry.text), metrics.height())
            for x, y, entry in self._places(self.size().width())
        ]

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
        for x, y, entry in self._places(width):
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
            painter.drawText(QPointF(x + entry.swatch, y + metrics.ascent()), entry.text)


class Overlay(pg.GraphicsObject):
    """The lines of the marks, and the note where there is nothing to draw, in pixels of the view."""

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
        painter.setFont(font)
        if self.note:
            painter.setPen(QColor(self.palette.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(12, 8, -12, -8), int(flags), self.note)
        for mark in (*([self.best] if self.best else []), *sorted(self.marks)):
            self._line(painter, mark, area, (2, 3) if mark is self.best else (5, 3))

    def _line(self, painter: QPainter, mark: ChangeMark, area: QRectF, dashes: tuple[int, int]) -> None:
        x = round(self.view.mapFromView(QPointF(mark.x, 0)).x()) + 0.5
        if not area.left() <= x <= area.right():
            return
        colour = mark.colour or self.palette.muted
        if self.halo:
            painter.setPen(pen("#ffffff", width=3 * self.pen_scale))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            colour = "#000000"
        painter.setPen(pen(colour, dashes, self.pen_scale))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))


def broken(text: str, width: float, metrics: QFontMetricsF) -> list[str]:
    """`text` in lines of at most `width`, broken between words, a longer word within itself."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if metrics.horizontalAdvance(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    whole: list[str] = []
    for line in lines:
        while metrics.horizontalAdvance(line) > width and len(line) > 1:
            fits = next(
                n for n in range(len(line) - 1, 0, -1) if n == 1 or metrics.horizontalAdvance(line[:n]) <= width
            )
            whole.append(line[:fits])
            line = line[fits:]
        whole.append(line)
    return whole


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
