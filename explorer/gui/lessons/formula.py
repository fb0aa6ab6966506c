"""Draws the formulas of lessons: boxes with a baseline, put side by side and above one another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF

from explorer.lessons.formula import SPACED, Accent, Formula, Fraction, Root, Row, Scripts, Sign

SMALLER = 0.72
"""Of indices and powers."""
LEAST = 8.0
"""Pixels of the smallest letters."""
ACCENTS = {"hat": "ˆ", "bar": "¯", "tilde": "˜"}
Draw = Callable[[QPainter, float, float], None]


@dataclass(frozen=True)
class Box:
    """Something drawn at (x, baseline): so wide, so high above the baseline, so deep below it."""

    width: float
    up: float
    down: float
    draw: Draw


def picture(node: Formula, font: QFont, colour: str, ratio: float) -> QImage:
    """The formula in letters of `font`, on transparent ground, for a screen with `ratio` pixels a point."""
    box = layout(node, font)
    size = QSize(round((box.width + 4) * ratio), round((box.up + box.down + 4) * ratio))
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), max(1.0, QFontMetricsF(font).lineWidth())))
    box.draw(painter, 2, 2 + box.up)
    painter.end()
    return image


def layout(node: Formula, font: QFont) -> Box:
    """Where everything of `node` stands."""
    match node:
        case Sign(text, slanted):
            return _sign(text, slanted, font)
        case Row(parts):
            return _row([layout(part, font) for part in parts], font)
        case Fraction(above, below):
            return _fraction(layout(above, font), layout(below, font), font)
        case Root(inside):
            return _root(layout(inside, font), font)
        case Accent(inside, sign):
            return _accent(layout(inside, font), _sign(ACCENTS[sign], False, font), font)
        case Scripts(base, below, above):
            small = _scaled(font)
            low, high = (layout(part, small) if part else None for part in (below, above))
            stacked = isinstance(base, Sign) and base.text in "∑∏"
            return (_stacked if stacked else _scripts)(layout(base, font), low, high, font)


def _scaled(font: QFont) -> QFont:
    small = QFont(font)
    small.setPixelSize(round(max(LEAST, SMALLER * QFontMetricsF(font).height() / 1.2)))
    return small


def _sign(text: str, slanted: bool, font: QFont) -> Box:
    own = QFont(font)
    own.setItalic(slanted)
    if text in ("∑", "∏"):
        own.setPixelSize(round(QFontMetricsF(font).height() * 1.25))
    metrics = QFontMetricsF(own)
    room = 0.28 * metrics.averageCharWidth() * 2 if text in SPACED else 0.0
    tight = metrics.tightBoundingRect(text)
    drop = 0.18 * metrics.height() if text in ("∑", "∏") else 0.0

    def draw(painter: QPainter, x: float, y: float) -> None:
        painter.setFont(own)
        painter.drawText(QPointF(x + room, y + drop), text)

    width = metrics.horizontalAdvance(text) + 2 * room + (0.08 * metrics.averageCharWidth() if slanted else 0)
    return Box(width, max(-tight.top() - drop, metrics.xHeight()), max(tight.bottom() + drop, 0.0), draw)


def _row(boxes: list[Box], font: QFont) -> Box:
    def draw(painter: QPainter, x: float, y: float) -> None:
        for box in boxes:
            box.draw(painter, x, y)
            x += box.width

    up = max((box.up for box in boxes), default=QFontMetricsF(font).ascent())
    return Box(sum(box.width for box in boxes), up, max((box.down for box in boxes), default=0.0), draw)


def _fraction(above: Box, below: Box, font: QFont) -> Box:
    metrics = QFontMetricsF(font)
    axis, gap, margin = metrics.xHeight() / 2 + 1, 0.16 * metrics.height(), 0.25 * metrics.averageCharWidth()
    width = max(above.width, below.width) + 4 * margin

    def draw(painter: QPainter, x: float, y: float) -> None:
        above.draw(painter, x + (width - above.width) / 2, y - axis - gap - above.down)
        painter.drawLine(QPointF(x + margin, y - axis), QPointF(x + width - margin, y - axis))
        below.draw(painter, x + (width - below.width) / 2, y - axis + gap + below.up)

    return Box(width, axis + gap + above.down + above.up, below.up + below.down + gap - axis, draw)


def _root(inside: Box, font: QFont) -> Box:
    metrics = QFontMetricsF(font)
    hook, gap = 0.9 * metrics.averageCharWidth(), 0.12 * metrics.height()

    def draw(painter: QPainter, x: float, y: float) -> None:
        top, foot = y - inside.up - gap, y + inside.down
        painter.drawPolyline(QPolygonF([
            QPointF(x, y - 0.5 * metrics.xHeight()), QPointF(x + 0.25 * hook, y - 0.6 * metrics.xHeight()),
            QPointF(x + 0.6 * hook, foot), QPointF(x + hook, top), QPointF(x + hook + inside.width + gap, top),
        ]))  # fmt: skip
        inside.draw(painter, x + hook + gap / 2, y)

    return Box(hook + inside.width + 1.5 * gap, inside.up + 1.5 * gap, inside.down, draw)


def _accent(inside: Box, sign: Box, font: QFont) -> Box:
    metrics = QFontMetricsF(font)
    lift = inside.up - metrics.xHeight() + 0.04 * metrics.height()

    def draw(painter: QPainter, x: float, y: float) -> None:
        inside.draw(painter, x, y)
        sign.draw(painter, x + (inside.width - sign.width) / 2, y - lift)

    return Box(max(inside.width, sign.width), sign.up + lift, inside.down, draw)


def _scripts(base: Box, below: Box | None, above: Box | None, font: QFont) -> Box:
    metrics = QFontMetricsF(font)
    rise, fall = max(0.42 * metrics.ascent(), base.up - 0.3 * metrics.ascent()), 0.16 * metrics.height() + base.down
    width = base.width + max(box.width for box in (below, above) if box)

    def draw(painter: QPainter, x: float, y: float) -> None:
        base.draw(painter, x, y)
        if above:
            above.draw(painter, x + base.width, y - rise)
        if below:
            below.draw(painter, x + base.width, y + fall)

    up = max(base.up, rise + above.up) if above else base.up
    return Box(width, up, max(base.down, fall + below.down) if below else base.down, draw)


def _stacked(base: Box, below: Box | None, above: Box | None, font: QFont) -> Box:
    gap = 0.1 * QFontMetricsF(font).height()
    width = max(box.width for box in (base, below, above) if box)

    def draw(painter: QPainter, x: float, y: float) -> None:
        base.draw(painter, x + (width - base.width) / 2, y)
        if above:
            above.draw(painter, x + (width - above.width) / 2, y - base.up - gap - above.down)
        if below:
            below.draw(painter, x + (width - below.width) / 2, y + base.down + gap + below.up)

    up = base.up + (gap + above.up + above.down if above else 0.0)
    return Box(width, up, base.down + (gap + below.up + below.down if below else 0.0), draw)
