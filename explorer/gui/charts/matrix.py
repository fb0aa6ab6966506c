"""A confusion matrix: counts in cells, class names on both sides, right answers in a frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetricsF, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from explorer.gui.theme import LIGHT, pen
from explorer.gui.wording import rich
from explorer.i18n import _, ngettext

SMALLEST = 7
"""Pixels of a digit that can still be read; in smaller cells there are none."""


class Matrix(QWidget):
    """Rows are true classes, columns answers. What is right is blue, bold and framed, what is wrong is orange."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: npt.NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self.shares: npt.NDArray[np.float64] = np.zeros((0, 0))
        self.names: list[str] = []
        self.percent = False
        self.note = ""
        self.exporting = False
        """Whether this is drawn for a file, not for the screen."""
        self.colours = LIGHT
        self._longest = 0.0

    def show_matrix(self, counts: npt.NDArray[np.int64], names: Sequence[str], percent: bool, note: str) -> None:
        """Show `counts` (classes, classes), or with `percent` shares of the row; `note` if there is nothing to show."""
        self.counts, self.names, self.percent, self.note = counts, list(names), percent, note
        self._longest = max((self._metrics().horizontalAdvance(name) for name in names), default=0.0)
        self.shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
        self.update()

    def text(self, row: int, column: int) -> str:
        """What stands in a cell."""
        if not self.counts[row, column]:
            return ""
        if not self.percent:
            return str(self.counts[row, column])
        share = 100 * self.shares[row, column]
        return f"{share:.0f}" if share >= 1 else "·"

    def describe(self, row: int, column: int) -> str:
        """A cell in words."""
        count = int(self.counts[row, column])
        images = ngettext("{n} image", "{n} images", count).format(n=count)
        told = _("True class: {true}\nAnswer: {answer}\n{images}, {share:.1%} of the true class")
        return told.format(
            true=self.names[row], answer=self.names[column], images=images, share=self.shares[row, column]
        )

    def cell_at(self, place: QPointF) -> tuple[int, int] | None:
        """Row and column of the cell at `place`."""
        grid, n = self.grid(), len(self.counts)
        if not n or not grid.contains(place):
            return None
        row, column = (place.y() - grid.top()) / grid.height() * n, (place.x() - grid.left()) / grid.width() * n
        return min(int(row), n - 1), min(int(column), n - 1)

    # Where things stand.

    def grid(self) -> QRectF:
        """The cells together, without what stands around them."""
        line, longest = self._metrics().height(), self._longest
        left = line + 6 + min(longest, 0.27 * self.width()) + 4
        room = self.width() - left - 8
        level = longest + 4 <= room / max(1, len(self.names))
        below = (line if level else min(longest, 0.26 * self.height())) + line + 8
        return QRectF(left, 4, max(1.0, room), max(1.0, self.height() - 4 - below))

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell stands, on whole pixels."""
        grid, n = self.grid(), len(self.counts)
        x = [round(grid.left() + grid.width() * i / n) for i in (column, column + 1)]
        y = [round(grid.top() + grid.height() * i / n) for i in (row, row + 1)]
        return QRectF(x[0], y[0], x[1] - x[0], y[1] - y[0])

    # Painting.

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        if self.note:
            painter.setPen(QColor(self.colours.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(24, 8, -24, -8), int(flags), self.note)
            return
        self._paint_names(painter)
        self._paint_cells(painter)

    def _paint_cells(self, painter: QPainter) -> None:
        palette, grid, n = self.colours, self.grid(), len(self.counts)
        colours = self._cell_colours()
        painter.drawImage(grid, self._picture(colours))
        self._paint_digits(painter, colours)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen(palette.grid))
        painter.drawRect(grid)
        painter.setPen(pen(palette.foreground))
        for i in range(n):
            painter.drawRect(self.cell(i, i).adjusted(0, 0, -1, -1))

    def _cell_colours(self) -> npt.NDArray[np.uint8]:
        """(classes, classes, 3): shares of blue for what is right, of orange for what is wrong, on the background.

        Rare mistakes are what one looks for: the root makes 1% a tenth as strong as 100%, not a hundredth.
        """
        right = np.eye(len(self.shares), dtype=np.bool_)
        strength = np.where(right, self.shares, np.sqrt(self.shares))
        blue, orange, ground = (
            np.array([colour.red(), colour.green(), colour.blue()], np.float64)
            for colour in map(QColor, (self.colours.train, self.colours.validation, self.colours.background))
        )
        full = np.where(np.expand_dims(right, 2), blue, orange)
        mixed = ground + np.expand_dims(strength, 2) * (full - ground)
        return mixed.round().astype(np.uint8)

    def _picture(self, colours: npt.NDArray[np.uint8]) -> QImage:
        """A pixel for each cell, or for files many, as viewers of SVG smooth what they enlarge."""
        each = max(1, 600 // len(colours)) if self.exporting else 1
        pixels = np.ascontiguousarray(colours.repeat(each, axis=0).repeat(each, axis=1))
        height, width = pixels.shape[:2]
        return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()

    def _paint_digits(self, painter: QPainter, colours: npt.NDArray[np.uint8]) -> None:
        grid, n = self.grid(), len(self.counts)
        if min(grid.width(), grid.height()) / n < SMALLEST + 2:
            return
        fonts = self._digits(grid.width() / n, grid.height() / n)
        if fonts is None:
            return
        light = colours @ np.array([0.3, 0.59, 0.11]) > 125
        there, right = self.counts > 0, np.eye(n, dtype=bool)
        for font, own in zip(fonts, (~right, right), strict=True):
            metrics = QFontMetricsF(font)
            drop = (metrics.ascent() - metrics.descent()) / 2
            painter.setFont(font)
            for ink, lit in (("#000000", light), ("#ffffff", ~light)):
                painter.setPen(QColor(ink))
                for row, column in np.argwhere(there & own & lit).tolist():
                    text, middle = self.text(row, column), self.cell(row, column).center()
                    left = middle.x() - metrics.horizontalAdvance(text) / 2
                    painter.drawText(QPointF(left, middle.y() + drop), text)

    def _digits(self, width: float, height: float) -> tuple[QFont, QFont] | None:
        """Fonts for wrong and right answers that fit into a cell, or None."""
        bold = QFont(self.font())
        bold.setBold(True)
        metrics = QFontMetricsF(bold)
        longest = str(self.counts.max()) if not self.percent else "100" if self.shares.max() >= 0.995 else "88"
        room = min(1.0, (width - 3) / metrics.horizontalAdvance(longest), (height - 2) / metrics.height())
        pixels = int(QFontInfo(bold).pixelSize() * room)
        if pixels < SMALLEST:
            return None
        plain = QFont(self.font())
        plain.setPixelSize(pixels)
        bold.setPixelSize(pixels)
        return plain, bold

    def _paint_names(self, painter: QPainter) -> None:
        metrics, grid, n = self._metrics(), self.grid(), len(self.names)
        line, right = metrics.height(), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        width, height = grid.width() / n, grid.height() / n
        painter.setPen(QColor(self.colours.foreground))
        for i in range(0, n, max(1, int(np.ceil(line * 0.95 / height)))):
            room = QRectF(line + 6, grid.top() + (i + 0.5) * height - line / 2, grid.left() - line - 10, line)
            painter.drawText(room, right, self._cut(self.names[i], room.width()))
        level = self.height() - grid.bottom() < 2 * line + 10
        long = self.height() - grid.bottom() - line - 8
        for i in range(0, n, 1 if level else max(1, int(np.ceil(line * 0.95 / width)))):
            middle = grid.left() + (i + 0.5) * width
            if level:
                place = QRectF(middle - width / 2, grid.bottom() + 2, width, line)
                painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, self.names[i])
                continue
            self._upwards(painter, QPointF(middle - line / 2, grid.bottom() + 4 + long), long, self.names[i], right)
        foot = QRectF(grid.left(), self.height() - line - 1, grid.width(), line)
        painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter, _("Answer"))
        self._upwards(painter, QPointF(1, grid.bottom()), grid.height(), _("True class"), Qt.AlignmentFlag.AlignCenter)

    def _upwards(self, painter: QPainter, foot: QPointF, length: float, text: str, alignment: Qt.AlignmentFlag) -> None:
        painter.save()
        painter.translate(foot)
        painter.rotate(-90)
        painter.drawText(QRectF(0, 0, length, self._metrics().height()), alignment, self._cut(text, length))
        painter.restore()

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self.font())

    def _cut(self, text: str, width: float) -> str:
        return self._metrics().elidedText(text, Qt.TextElideMode.ElideRight, width)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            cell = self.cell_at(QPointF(event.pos()))
            if cell:
                QToolTip.showText(event.globalPos(), rich(self.describe(*cell)), self, self.cell(*cell).toRect())
                return True
            QToolTip.hideText()
        return super().event(event)
