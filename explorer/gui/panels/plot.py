"""One plot: curves that are made once and then only fed, a legend above, marks of live changes, a note where it is empty.

A PlotWidget of its own each, cosmetic pens of one pixel on long curves, downsampling by peaks: painting stays cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QApplication, QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from explorer.gui.theme import LIGHT, Palette, pen
from explorer.i18n import _

MOST_SYMBOLS = 60
"""Longer curves are drawn without a dot at each point."""
MOST_WIDE, MOST_WIDE_IN_PICTURES = 30, 400
"""Up to so many points a curve is two pixels wide. Smooth wide lines cost: 13 ms for 40 points of a zigzag, 90 ms for
400, 2 ms for 400 at one pixel."""
MOST_SMOOTH = 1000
"""Longer curves are not antialiased."""


class Entry(NamedTuple):
    """One line of a legend."""

    pen: QPen
    dot: bool
    text: str


class Mark(NamedTuple):
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
        """Drawn instead of entries: the colours of the x axis below."""
        self.colour = QColor(LIGHT.foreground)

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(QApplication.font())

    def _places(self, width: float) -> list[tuple[float, float]]:
        metrics, x, y, places = self._metrics(), 0.0, 0.0, []
        for entry in self.entries:
            needed = 30 + min(metrics.horizontalAdvance(entry.text), width - 30) + 14
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
            painter.drawImage(QRectF(0, 3, width, metrics.height() - 4), self.gradient)
            return
        painter.setFont(QApplication.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for entry, (x, y) in zip(self.entries, self._places(width), strict=True):
            middle = y + metrics.height() / 2
            painter.setPen(entry.pen)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, entry.dot)
            painter.drawLine(QPointF(x, middle), QPointF(x + 24, middle))
            if entry.dot:
                painter.setBrush(entry.pen.color())
                painter.setPen(Qt.PenStyle.NoPen)
                painter.drawEllipse(QPointF(x + 12, middle), 3, 3)
            painter.setPen(self.colour)
            text = metrics.elidedText(entry.text, Qt.TextElideMode.ElideRight, width - x - 30)
            painter.drawText(QPointF(x + 30, y + metrics.ascent()), text)


class Overlay(pg.GraphicsObject):
    """Marks and the note, in pixels of the view, so that texts stay readable and out of each other's way."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__(view)
        self.view = view
        self.marks: tuple[Mark, ...] = ()
        self.best: Mark | None = None
        self.note = ""
        self.palette = LIGHT
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
        mark: Mark,
        area: QRectF,
        taken: list[QRectF],
        from_below: bool = False,
    ) -> None:
        x = round(self.view.mapFromView(QPointF(mark.x, 0)).x()) + 0.5
        if not area.left() <= x <= area.right():
            return
        colour = mark.colour or self.palette.muted
        if self.halo:
            painter.setPen(pen("#ffffff", width=3))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            colour = "#000000"
        painter.setPen(pen(colour, (2, 3) if from_below else (5, 3)))
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


class _WholeNumbers(pg.AxisItem):
    """Ticks of epochs: no halves unless zoomed in to less than two."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:  # noqa: N802
        spacing: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        return [level for level in spacing if level[0] >= 1] or spacing


class _Curve(pg.PlotDataItem):
    """`robust`: when the range is chosen, the highest and lowest hundredth of the points do not count."""

    robust = False

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: Any = None) -> tuple[Any, Any]:  # noqa: N802, N803
        y = self.getOriginalDataset()[1]
        if not (self.robust and ax == 1) or y is None or len(y) < 20:
            bounds: tuple[Any, Any] = super().dataBounds(ax, frac, orthoRange)
            return bounds
        if self.opts["logMode"][1]:
            y = np.log10(y, where=y > 0, out=np.full(len(y), np.nan))
        y = y[np.isfinite(y)]
        if not len(y):
            return None, None
        low, high = len(y) // 100, len(y) - 1 - len(y) // 100
        parts = np.partition(y, (low, high))
        return float(parts[low]), float(parts[high])


class Plot(pg.PlotWidget):
    """A plot with named axes; texts are marked with N_ and translated when shown."""

    def __init__(self, x: str, y: str, *, whole_x: bool = True, percent: bool = False) -> None:
        super().__init__(axisItems={"bottom": _WholeNumbers("bottom")} if whole_x else None)
        self.x_text, self.y_text = x, y
        self.colours = LIGHT
        self._items: dict[str, Any] = {}
        self._used: set[str] = set()
        self._zoomed = False
        self._rows: tuple[Any, ...] = ()
        self.most_wide = MOST_WIDE
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setDownsampling(auto=True, mode="peak")
        self.setClipToView(True)
        self.legend_strip = Legend()
        layout = self.plotItem.layout
        layout.removeItem(self.plotItem.titleLabel)
        self.plotItem.titleLabel.setVisible(False)
        layout.addItem(self.legend_strip, 0, 1)
        layout.setRowFixedHeight(0, 0)
        layout.setContentsMargins(4, 2, 10, 2)
        self.overlay = Overlay(self.plotItem.vb)
        metrics = self.fontMetrics()
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickAlpha=255, maxTickLevel=0, maxTextLevel=0, tickLength=-4, hideOverlappingLabels=True)
            axis.setGrid(255)
            axis.setZValue(-1000)  # the grid lies behind the curves
        self.getAxis("left").setWidth(metrics.height() + metrics.horizontalAdvance("0.0000") + 10)
        self.set_percent(percent)
        self.plotItem.vb.sigRangeChangedManually.connect(self._zoomed_by_hand)

    # What panels draw with. Between `begin` and `end`, what is not drawn again disappears.

    def begin(self) -> None:
        """Start a new drawing."""
        self._used.clear()

    def curve(
        self,
        key: str,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        line: QPen | None,
        *,
        dots: bool = False,
        fill: QColor | None = None,
        robust: bool = False,
        thin: bool = False,
        symbol: str = "o",
        size: float = 5,
        z: float = 0,
    ) -> None:
        """Draw the curve `key`; `fill` fills the closed outline that x and y make instead."""
        xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
        item = self._items.get(key)
        if item is None:
            item = pg.PlotCurveItem(pen=None) if fill else _Curve(connect="finite")
            item.setZValue(z)
            self._items[key] = item
            self.addItem(item, ignoreBounds=fill is not None)
        self._used.add(key)
        item.setVisible(True)
        if fill:
            if self.log:
                ys = np.log10(np.maximum(ys, 1e-30))
            item.setData(xs, ys, fillLevel="enclosed", brush=QBrush(fill))
            return
        item.robust = robust
        wide = line is not None and len(xs) <= self.most_wide and not (robust or thin)
        if line is not None and wide:
            line = QPen(line)
            line.setWidthF(2)
            if line.style() == Qt.PenStyle.CustomDashLine:
                line.setDashPattern([part / 2 for part in line.dashPattern()])
        shown_dots = dots and len(xs) <= MOST_SYMBOLS
        colour = line.color() if line is not None else fill
        options: dict[str, Any] = {"antialias": len(xs) <= MOST_SMOOTH, "pen": line, "symbol": symbol if shown_dots else None}
        if shown_dots and colour is not None:
            options |= {"symbolBrush": QBrush(colour), "symbolPen": None, "symbolSize": size}
        item.setData(xs, ys, **options)

    def points(
        self, key: str, x: npt.ArrayLike, y: npt.ArrayLike, colour: QColor | str, symbol: str = "o", size: float = 7
    ) -> None:
        """Draw points that no line joins."""
        xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
        item = self._items.get(key)
        if item is None:
            self._items[key] = item = pg.ScatterPlotItem(pxMode=True)
            item.setZValue(20)
            self.addItem(item)
        self._used.add(key)
        item.setVisible(True)
        if self.log:
            ys = np.log10(np.maximum(ys, 1e-30))
        item.setData(xs, ys, brush=QBrush(QColor(colour)), pen=pen(self.colours.background), symbol=symbol, size=size)

    def end(self, legend: Iterable[Entry] = (), marks: Iterable[Mark] = (), best: Mark | None = None, note: str = "") -> None:
        """Hide what was not drawn since `begin`, and set what stands around the curves."""
        for key, item in self._items.items():
            if key not in self._used and item.isVisible():
                item.setVisible(False)
        entries, overlay = tuple(legend), self.overlay
        if entries != self.legend_strip.entries:
            self.legend_strip.entries = entries
            self._fit_legend()
        around = (tuple(marks), best, note)
        if around != (overlay.marks, overlay.best, overlay.note):
            overlay.marks, overlay.best, overlay.note = around
            overlay.update()

    def span(self, low: float, high: float) -> None:
        """Show x from `low` to `high`, unless the user zoomed."""
        if self._zoomed or high <= low:
            return
        view = self.plotItem.vb
        margin = 0.025 * (high - low)
        if view.viewRange()[0] != [low - margin, high + margin]:
            view.setXRange(low - margin, high + margin, padding=0)

    def drawn(self, key: str) -> tuple[Any, Any] | None:
        """x and y of the curve `key` as it was given, or None if it is not on screen."""
        item = self._items.get(key)
        if item is None or not item.isVisible():
            return None
        return item.getOriginalDataset() if isinstance(item, _Curve) else item.getData()  # type: ignore[no-any-return]

    def set_log(self, log: bool) -> None:
        """Make y logarithmic or linear."""
        if self.log != log:
            self.plotItem.setLogMode(y=log)
            self.plotItem.vb.enableAutoRange(y=True)

    @property
    def log(self) -> bool:
        """Whether y is logarithmic."""
        return bool(self.getAxis("left").logMode)

    def set_percent(self, percent: bool) -> None:
        """Show shares on y as percent; the data stay shares."""
        self.getAxis("left").setScale(100.0 if percent else 1.0)

    def show_gradient(self, lut: npt.NDArray[np.uint8] | None) -> None:
        """Above the plot, show the colours (n, 4) that its x axis stands for; None shows the legend again."""
        strip = self.legend_strip
        if (lut is None) != (strip.gradient is None):
            strip.gradient = None
            if lut is not None:
                rgba = np.ascontiguousarray(lut)
                strip.gradient = QImage(rgba.data, len(rgba), 1, 4 * len(rgba), QImage.Format.Format_RGBA8888).copy()
            self._fit_legend()

    def name_decades(self, low: float, high: float) -> None:
        """Let x be log10 from `low` to `high`, whole numbers, with a tick at powers of ten."""
        every = max(1, round((high - low) / 4))
        powers = np.arange(high, low - 1, -every)[::-1].tolist()
        texts = [f"{10.0**p:g}" if -4 <= p <= 4 else f"1e{p:.0f}" for p in powers]
        self.getAxis("bottom").setTicks([list(zip(powers, texts, strict=True))])
        self.span(low, high)

    def name_rows(self, names: Sequence[str], shown: bool = True) -> None:
        """Let y count rows from the top, each with its name, or every second or third where there is no room."""
        metrics, axis, view = self.fontMetrics(), self.getAxis("left"), self.plotItem.vb
        stamp = (tuple(names), shown, view.height())
        if stamp == self._rows:
            return
        self._rows = stamp
        every = max(1, int(np.ceil(len(names) * metrics.height() * 0.95 / max(1.0, view.height()))))
        longest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        room = min(longest, 130)
        cut = Qt.TextElideMode.ElideMiddle
        texts = [(i, metrics.elidedText(name, cut, room)) for i, name in enumerate(names) if i % every == 0]
        axis.setTicks([texts if shown else []])
        axis.setWidth(room + metrics.height() + 12 if shown else 8)
        view.setYRange(-0.5, len(names) - 0.5, padding=0)
        self._fit_legend()

    # What the panel calls for all its plots.

    def retranslate(self) -> None:
        """Name the axes in the language now in use."""
        for side, text in (("left", self.y_text), ("bottom", self.x_text)):
            self.getAxis(side).setLabel(_(text), color=self.colours.foreground)

    def restyle(self, palette: Palette) -> None:
        """Take these colours."""
        self.colours = palette
        self.setBackground(palette.background)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pen(palette.muted))
            axis.setTickPen(pen(palette.grid))
            axis.setTextPen(pen(palette.foreground))
        self.legend_strip.colour = QColor(palette.foreground)
        self.overlay.palette = palette
        self.retranslate()

    def show_everything(self) -> None:
        """Undo zooming; the next `span` sets x."""
        self._zoomed = False
        self.plotItem.vb.enableAutoRange(x=True, y=True)

    def _zoomed_by_hand(self, *_args: object) -> None:
        self._zoomed = True

    def _fit_legend(self) -> None:
        width = self.width() - self.getAxis("left").width() - 14
        self.plotItem.layout.setRowFixedHeight(0, self.legend_strip.lines_height(width))
        self.legend_strip.update()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        if self.plotItem is not None and hasattr(self, "legend_strip"):
            self._fit_legend()


def merged(marks: Sequence[Mark]) -> list[Mark]:
    """Marks at the same place as one."""
    together: dict[float, Mark] = {}
    for mark in marks:
        before = together.get(mark.x)
        together[mark.x] = mark._replace(text=f"{before.text}, {mark.text}") if before else mark
    return list(together.values())
