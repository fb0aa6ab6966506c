"""The values of a claim, a line each: what every seed came to, their mean, and what somebody predicted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from explorer.gui.theme import LIGHT, Palette
from explorer.i18n import _

MARGIN, AXIS = 14, 26
TICKS = 6
"""On the axis, at most about so many."""


@dataclass(frozen=True)
class Strip:
    """One line."""

    label: str
    values: tuple[float, ...] = ()
    """By seed; empty before the runs. Infinite ones stand at the right end."""
    said: str = ""
    """Mean and spread in words."""
    asked: bool = False
    """Whether the point to be dragged is this one's."""


class Strips(QWidget):
    """All on one axis. `pointed` carries where the point was dragged to."""

    pointed = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.strips: tuple[Strip, ...] = ()
        self.low, self.high = 0.0, 1.0
        self.point = math.nan
        self.active = False
        """Whether the point can be dragged."""
        self.colours: Palette = LIGHT
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show_strips(self, strips: Sequence[Strip], low: float, high: float, point: float, active: bool) -> None:
        """Show these on an axis that reaches from `low` to `high`, and as far as the values."""
        found = [v for strip in strips for v in (*strip.values, point) if math.isfinite(v)]
        self.strips, self.point, self.active = tuple(strips), point, active
        self.low, self.high = min([low, *found]), max([high, *found])
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if active else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if active else Qt.CursorShape.ArrowCursor)
        self.setAccessibleDescription("; ".join(f"{strip.label}: {strip.said}" for strip in strips))
        self.update()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(160, 80)

    def _x(self, value: float) -> float:
        room = self.width() - 2 * MARGIN - 10
        return MARGIN + 5 + room * (min(self.high, max(self.low, value)) - self.low) / (self.high - self.low)

    def _value(self, x: float) -> float:
        share = (x - MARGIN - 5) / max(1, self.width() - 2 * MARGIN - 10)
        return self.low + min(1.0, max(0.0, share)) * (self.high - self.low)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter, palette, metrics = QPainter(self), self.colours, self.fontMetrics()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(palette.background))
        bottom = self.height() - AXIS
        painter.setPen(QPen(QColor(palette.grid), 1))
        wide = metrics.horizontalAdvance("−0.0000")
        places = round_numbers(self.low, self.high, max(2, min(TICKS, self.width() // max(1, wide))))
        for value in places:
            painter.drawLine(QPointF(self._x(value), 4), QPointF(self._x(value), bottom))
        painter.setPen(QColor(palette.foreground))
        for value in places:
            text = f"{value:.6g}".replace("-", "−")
            width = metrics.horizontalAdvance(text)
            left = min(max(2.0, self._x(value) - width / 2), self.width() - width - 2.0)
            painter.drawText(QPointF(left, bottom + metrics.ascent() + 4), text)
        if not self.strips:
            return
        high = (bottom - 4) / len(self.strips)
        for i, strip in enumerate(self.strips):
            self._strip(painter, strip, i, QRectF(MARGIN, 4 + i * high, self.width() - 2 * MARGIN, high))

    def _strip(self, painter: QPainter, strip: Strip, number: int, place: QRectF) -> None:
        palette, metrics = self.colours, self.fontMetrics()
        text = f"{strip.label}: {strip.said}" if strip.said else strip.label
        flags = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)
        lines = metrics.boundingRect(QRectF(place).toRect(), flags, text).height()
        room = max(0.0, place.height() - lines)
        painter.setPen(QColor(palette.foreground))
        painter.drawText(place.toRect(), flags, text)
        y = place.top() + lines + min(room / 2, 1.2 * metrics.height())
        painter.setPen(QPen(QColor(palette.muted), 1))
        painter.drawLine(QPointF(self._x(self.low), y), QPointF(self._x(self.high), y))
        size = max(4.0, 0.3 * metrics.height())
        colour = palette.run(number)
        if strip.values:
            finite = [v for v in strip.values if math.isfinite(v)]
            if finite:
                mean = sum(finite) / len(finite)
                painter.setPen(QPen(colour, max(2.0, size / 2)))
                painter.drawLine(QPointF(self._x(mean), y - 2 * size), QPointF(self._x(mean), y + 2 * size))
            painter.setPen(QPen(QColor(palette.background), 1))
            painter.setBrush(colour)
            for value in strip.values:
                where = QPointF(self._x(self.high if math.isinf(value) else value), y)
                if not math.isnan(value):
                    painter.drawEllipse(where, size, size)
        if strip.asked and math.isfinite(self.point):
            x = self._x(self.point)
            painter.setPen(QPen(QColor(palette.background), 1))
            painter.setBrush(QColor(palette.accent))
            corners = (x, y - 2.4 * size), (x + 1.6 * size, y), (x, y + 2.4 * size), (x - 1.6 * size, y)
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
            painter.setPen(QColor(palette.accent))
            said = _("you: {value:.3g}").format(value=self.point)
            left = min(max(2.0, x + 2 * size), self.width() - metrics.horizontalAdvance(said) - 4.0)
            painter.drawText(QPointF(left, y - 2 * size), said)

    # The point is dragged.

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._drag(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._drag(event)

    def _drag(self, event: QMouseEvent) -> None:
        if not self.active:
            event.ignore()
        elif event.buttons() & Qt.MouseButton.LeftButton:
            self._move(self._value(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Up: 1}
        step = steps.get(Qt.Key(event.key())) if self.active else None
        if step is None:
            super().keyPressEvent(event)
            return
        start = self.point if math.isfinite(self.point) else (self.low + self.high) / 2
        self._move(min(self.high, max(self.low, start + step * (self.high - self.low) / 50)))

    def _move(self, value: float) -> None:
        self.point = float(f"{value:.3g}")
        self.update()
        self.pointed.emit(self.point)


def round_numbers(low: float, high: float, most: int) -> list[float]:
    """From `low` to `high`, about so many at most, one, two or five times a power of ten apart."""
    rough = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]
