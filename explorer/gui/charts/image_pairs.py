"""Pairs of images with two texts each, as many as fit and can be recognised."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from explorer.events import Bytes
from explorer.gui.theme import LIGHT
from explorer.i18n import _


class Pairs(QWidget):
    """Pairs of images, enlarged by whole factors without smoothing, each with two texts."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[QImage, QImage]] = []
        self.pixels = (28, 28)
        """Width and height of the images in the data."""
        self.texts: list[tuple[str, str]] = []
        self.colours = LIGHT

    def show_pairs(self, before: Bytes, after: Bytes, texts: list[tuple[str, str]]) -> None:
        """Show these from now on."""
        self.pairs = [(to_image(a), to_image(b)) for a, b in zip(before, after, strict=True)]
        self.pixels, self.texts = (before.shape[3], before.shape[2]), texts
        self.update()

    def cells(self) -> list[QRect]:
        """Where each pair stands. Where not all would be recognisable, fewer are shown."""
        if not self.pairs:
            return []
        rows, columns = max(((r, c) for r in range(1, 9) for c in range(1, 9)), key=lambda shape: self._worth(*shape))
        width, height = self.width() // columns, self.height() // rows
        shown = min(len(self.pairs), rows * columns)
        return [QRect(i % columns * width, i // columns * height, width, height) for i in range(shown)]

    def _factor(self, width: float, height: float) -> float:
        """Enlargement on a cell of that size; whole numbers of screen pixels where it is more than 1."""
        line, ratio = self.fontMetrics().height(), self.devicePixelRatioF()
        room = min((width - 18) / 2 / self.pixels[0], (height - 3 * line - 10) / self.pixels[1])
        return max(int(room * ratio) / ratio if room * ratio >= 1 else room, 0.05)

    def _worth(self, rows: int, columns: int) -> tuple[bool, float, int]:
        """How good a grid is: captions fit, many pairs, large ones up to three times their size, few holes."""
        width, height = self.width() / columns, self.height() / rows
        shown, holes = min(len(self.pairs), rows * columns), max(0, rows * columns - len(self.pairs))
        factor = self._factor(width, height)
        side = factor * self.pixels[0]
        legible = width >= 11 * self.fontMetrics().averageCharWidth() and side >= 40
        return legible, shown**0.6 * min(side, 96) + 0.01 * factor, -holes

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter, line = QPainter(self), self.fontMetrics().height()
        for cell, pair, (target, drawn) in zip(self.cells(), self.pairs, self.texts, strict=False):
            inner, factor = cell.adjusted(6, 3, -6, -3), self._factor(cell.width(), cell.height())
            side, high = self.pixels[0] * factor, self.pixels[1] * factor
            for i, image in enumerate(pair):
                place = QRectF(inner.left() + i * (side + 6), inner.top(), side, high)
                painter.drawImage(place, image)
            top = int(inner.top() + high + 2)
            painter.setPen(self.colours.foreground)
            text = fitted(target, inner.width(), self.fontMetrics())
            painter.drawText(QRect(inner.left(), top, inner.width(), line), 0, text)
            painter.setPen(self.colours.muted)
            for row, text in enumerate(wrapped(drawn, inner.width(), self.fontMetrics())):
                painter.drawText(QRect(inner.left(), top + (row + 1) * line, inner.width(), line), 0, text)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            for cell, texts in zip(self.cells(), self.texts, strict=False):
                if cell.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), "\n".join(texts), self, cell)
                    return True
        return super().event(event)


def to_image(pixels: Bytes) -> QImage:
    """uint8 (1 or 3, H, W) as a picture with memory of its own."""
    channels, height, width = pixels.shape
    rgb = np.broadcast_to(pixels[: 3 if channels >= 3 else 1], (3, height, width)).transpose(1, 2, 0)
    rgb = np.ascontiguousarray(rgb)
    image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    factor = max(1, 256 // max(width, height))  # viewers of SVG smooth what they enlarge
    return image.copy() if factor == 1 else image.scaled(width * factor, height * factor)  # scaled by 1 shares memory


def wrapped(text: str, width: int, metrics: QFontMetrics, lines: int = 2) -> list[str]:
    """`text` in at most `lines` lines, broken between its parts."""
    rows: list[str] = []
    for part in text.split(" · ") if text else []:
        longer = f"{rows[-1]} · {part}" if rows else part
        if rows and (metrics.horizontalAdvance(longer) <= width or len(rows) == lines):
            rows[-1] = longer
        else:
            rows.append(part)
    return [metrics.elidedText(row, Qt.TextElideMode.ElideRight, width) for row in rows]


def fitted(target: str, width: int, metrics: QFontMetrics) -> str:
    """As much of `target` as finds room, with a word for it where that does, too: largest classes first, whole ones."""
    parts = target.split(" + ")
    told = [_("target: {classes}").format(classes=target), *(" + ".join(parts[:n]) for n in range(len(parts), 0, -1))]
    told.append(parts[0].rpartition(" ")[0] or parts[0])
    whole = (text for text in told if metrics.horizontalAdvance(text) <= width)
    return next(whole, metrics.elidedText(told[-1], Qt.TextElideMode.ElideRight, width))
