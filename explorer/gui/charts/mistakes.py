"""Pictures of the worst mistakes: what each was, what the network took it for, and how sure it was."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from explorer.gui.theme import LIGHT
from explorer.gui.wording import rich
from explorer.i18n import _

LINES = 3
"""Of text below each picture."""


class Mistake(NamedTuple):
    """One picture, `true` class, `answer`, and `confidence` in it, from 0 to 1."""

    image: QImage
    true: str
    answer: str
    confidence: float


class Mistakes(QWidget):
    """As many as fit, the surest first, in whole enlargements without smoothing where they are small."""

    def __init__(self) -> None:
        super().__init__()
        self.mistakes: list[Mistake] = []
        self.pixels = (28, 28)
        """Width and height of the images."""
        self.note = ""
        self.colours = LIGHT

    def show_mistakes(self, mistakes: list[Mistake], pixels: tuple[int, int], note: str) -> None:
        """Show these from now on; `note` where there are none."""
        self.mistakes, self.pixels, self.note = mistakes, pixels, note
        self.update()

    def cells(self) -> list[QRect]:
        """Where each mistake stands. Where not all would be recognisable, fewer are shown."""
        if not self.mistakes:
            return []
        shapes = ((r, c) for r in range(1, 13) for c in range(1, 13))
        rows, columns = max(shapes, key=lambda shape: self._worth(*shape))
        width, height, top = self.width() // columns, (self.height() - self._title()) // rows, self._title()
        shown = min(len(self.mistakes), rows * columns)
        return [QRect(i % columns * width, top + i // columns * height, width, height) for i in range(shown)]

    def _title(self) -> int:
        return self.fontMetrics().height() + 6

    def _factor(self, width: float, height: float) -> float:
        """Enlargement on a cell of that size; whole numbers of screen pixels where it is more than 1."""
        line, ratio = self.fontMetrics().height(), self.devicePixelRatioF()
        room = min((width - 10) / self.pixels[0], (height - LINES * line - 10) / self.pixels[1])
        return max(int(room * ratio) / ratio if room * ratio >= 1 else room, 0.05)

    def _worth(self, rows: int, columns: int) -> tuple[bool, float, int]:
        """How good a grid is: captions fit, many pictures, large ones up to three times their size, few holes."""
        width, height = self.width() / columns, (self.height() - self._title()) / rows
        shown, holes = min(len(self.mistakes), rows * columns), max(0, rows * columns - len(self.mistakes))
        side = self._factor(width, height) * self.pixels[0]
        legible = width >= 11 * self.fontMetrics().averageCharWidth() and side >= 28
        return legible, shown**0.6 * min(side, 96), -holes

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter, line = QPainter(self), self.fontMetrics().height()
        painter.setPen(QColor(self.colours.muted))
        if self.note:
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(12, 8, -12, -8), int(flags), self.note)
            return
        title = self._cut(_("Worst mistakes"), self.width() - 10)
        painter.drawText(QRect(5, 2, self.width() - 10, line), 0, title)
        for cell, mistake in zip(self.cells(), self.mistakes, strict=False):
            inner, factor = cell.adjusted(5, 2, -5, -2), self._factor(cell.width(), cell.height())
            high = self.pixels[1] * factor
            painter.drawImage(QRectF(inner.left(), inner.top(), self.pixels[0] * factor, high), mistake.image)
            top = int(inner.top() + high + 2)
            for row, text in enumerate((mistake.true, f"→ {mistake.answer}", f"{mistake.confidence:.0%}")):
                painter.setPen(QColor(self.colours.muted if row else self.colours.foreground))
                place = QRect(inner.left(), top + row * line, inner.width(), line)
                painter.drawText(place, 0, self._cut(text, inner.width()))

    def _cut(self, text: str, width: int) -> str:
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            for cell, mistake in zip(self.cells(), self.mistakes, strict=False):
                if cell.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), rich(describe(mistake)), self, cell)
                    return True
            QToolTip.hideText()
        return super().event(event)


def describe(mistake: Mistake) -> str:
    """ "Coat → Shirt, 98%"."""
    return f"{mistake.true} → {mistake.answer}, {mistake.confidence:.0%}"
