"""One plot: curves that are made once and then only fed, a legend above, marks of live changes, a note if it is empty.

A PlotWidget of its own each, cosmetic pens of one pixel on long curves, downsampling by peaks: painting stays cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QBrush, QColor, QFontMetrics, QImage, QPen, QResizeEvent

from explorer.gui.charts.annotations import NO_LINE, ChangeMark, Entry, Legend, Overlay, widened
from explorer.gui.charts.bulk import bulk
from explorer.gui.charts.mark_strip import HIGH_FOR_A_ROW, LEAST_ROWS, MarkStrip
from explorer.gui.theme import LIGHT, Palette, pen
from explorer.i18n import _, ngettext

MOST_SYMBOLS = 60
"""Longer curves are drawn without a dot at each point."""
MOST_WIDE, MOST_WIDE_IN_PICTURES = 30, 400
"""Up to so many points a curve is two pixels wide. Smooth wide lines cost: 13 ms for 40 points of a zigzag, 90 ms for
400, 2 ms for 400 at one pixel."""
LOW = 7
"""A plot less than so many lines high has no texts of marks, only their lines."""
MOST_SMOOTH = 1000
"""Longer curves are not antialiased."""


class _BottomAxis(pg.AxisItem):
    """Ticks of whole numbers, no halves unless zoomed in to less than two; texts may stand out at both ends."""

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:  # noqa: N802
        spacing: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        return [level for level in spacing if level[0] >= 1] or spacing

    def boundingRect(self) -> QRectF:  # noqa: N802
        return QRectF(super().boundingRect()).adjusted(-25, 0, 25, 0)


class _Curve(pg.PlotDataItem):
    """The range follows the bulk of its points; if `robust`, the highest and lowest hundredth do not count either."""

    robust, whole = False, False
    """`whole`: every point counts."""

    def __init__(self) -> None:
        # Two points for each pixel, the lowest and the highest, look like pyqtgraph's ten and cost a fifth.
        super().__init__(connect="finite", autoDownsampleFactor=1)
        self._bounds: tuple[object, tuple[bool, ...], tuple[Any, Any]] = (None, (), (None, None))

    def dataBounds(self, ax: int, frac: float = 1.0, orthoRange: Any = None) -> tuple[Any, Any]:  # noqa: N802, N803
        y = self.getOriginalDataset()[1]
        if ax != 1 or y is None:
            bounds: tuple[Any, Any] = super().dataBounds(ax, frac, orthoRange)
            return bounds
        log = bool(self.opts["logMode"][1])
        asked = (log, self.robust, self.whole)
        if self._bounds[0] is not y or self._bounds[1] != asked:  # it is asked in every frame
            low, high = bulk(y, log, self.robust, self.whole) or (None, None)
            if log and low is not None and high is not None:
                low, high = float(np.log10(low)), float(np.log10(high))
            self._bounds = (y, asked, (low, high))
        return self._bounds[2]

    def above(self, top: float) -> int:
        """Points that lie far above `top`, in what the axis counts; what just stands out at the edge does not count."""
        y = self.getOriginalDataset()[1]
        if y is None:
            return 0
        edge = 10 ** (top + 0.5) if self.opts["logMode"][1] else top + 0.5 * abs(top)
        return int(np.count_nonzero(np.isfinite(y) & (y > edge)))


class Plot(pg.PlotWidget):
    """A plot with named axes; texts are marked with N_ and translated when shown."""

    def __init__(self, x: str, y: str, *, percent: bool = False) -> None:
        super().__init__(axisItems={"bottom": _BottomAxis("bottom")}, enableMenu=False)  # a menu takes 8 ms to build
        self.x_text, self.y_text = x, y
        self.colours = LIGHT
        self._items: dict[str, Any] = {}
        self._given: dict[str, tuple[npt.NDArray[Any], npt.NDArray[Any], tuple[object, ...]]] = {}
        self._used: set[str] = set()
        self._zoomed = False
        self._named: dict[str, tuple[str, str]] = {}
        """Text and colour of each axis' name as it stands."""
        self._rows: tuple[Any, ...] = ()
        self.most_wide, self.pen_scale = MOST_WIDE, 1.0
        self.picture_scale = 0.0
        """How much larger a picture is drawn than it is laid out; 0 on screen."""
        self.hideButtons()
        self.setDownsampling(auto=True, mode="peak")
        self.setClipToView(True)
        self.legend_strip = Legend()
        layout = self.plotItem.layout
        layout.removeItem(self.plotItem.titleLabel)
        self.plotItem.titleLabel.setVisible(False)
        layout.addItem(self.legend_strip, 0, 1)
        layout.setRowFixedHeight(0, 0)
        layout.removeItem(self.getAxis("top"))  # never shown; the marks stand in its place
        self.mark_strip = MarkStrip(self.plotItem.vb)
        self.mark_strip.changed = self._fit_marks
        layout.addItem(self.mark_strip, 1, 1)
        layout.setRowFixedHeight(1, 0)
        self.whole = False
        """Whether the axis reaches every point, however far above the others."""
        self.above = 0
        """Points that lie above the axis."""
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
        self.plotItem.vb.sigResized.connect(self._fit_names)

    # What panels draw with. Between `begin` and `end`, what is not drawn again disappears.

    def begin(self) -> None:
        """Start a new drawing."""
        self._used.clear()
        scale = self.picture_scale or self.devicePixelRatioF()  # cosmetic pens do not grow with it by themselves
        if scale != self.pen_scale:
            self.pen_scale = scale
            self.restyle(self.colours)

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
            item = pg.PlotCurveItem(pen=None) if fill else _Curve()
            item.setZValue(z)
            self._items[key] = item
            self.addItem(item, ignoreBounds=fill is not None)
        self._used.add(key)
        item.setVisible(True)
        if self._unchanged(key, xs, ys, line, fill, dots, symbol, size, self.pen_scale, self.log):
            return
        if fill:
            if self.log:
                ys = np.log10(np.maximum(ys, 1e-30))
            item.setData(xs, ys, fillLevel="enclosed", brush=QBrush(fill))
            return
        item.robust, item.whole = robust, self.whole
        wide = line is not None and len(xs) <= self.most_wide and not (robust or thin)
        if line is not None:
            line = widened(line, 2.0 if wide else 1.0, self.pen_scale)
        shown_dots = dots and len(xs) <= MOST_SYMBOLS
        colour = line.color() if line is not None else fill
        smooth = len(xs) <= (MOST_SMOOTH if line is None or line.widthF() <= 1 else self.most_wide)
        options: dict[str, Any] = {"antialias": smooth, "pen": line, "symbol": symbol if shown_dots else None}
        if shown_dots and colour is not None:
            options |= {"symbolBrush": QBrush(colour), "symbolPen": None, "symbolSize": size}
        item.setData(xs, ys, **options)

    def points(
        self,
        key: str,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        colour: QColor | str,
        symbol: str = "o",
        size: float = 7,
        *,
        hollow: bool = False,
    ) -> None:
        """Draw points that no line joins, filled or as outlines."""
        xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
        item = self._items.get(key)
        if item is None:
            self._items[key] = item = pg.ScatterPlotItem(pxMode=True)
            item.setZValue(20)
            self.addItem(item)
        self._used.add(key)
        item.setVisible(True)
        if self._unchanged(key, xs, ys, QColor(colour), symbol, size, hollow, self.log, self.colours):
            return
        if self.log:
            ys = np.log10(np.maximum(ys, 1e-30))
        good = np.isfinite(xs) & np.isfinite(ys)
        inside, edge = (self.colours.background, colour) if hollow else (colour, self.colours.background)
        line = pen(edge, width=1.5 * self.pen_scale if hollow else 1.0)
        item.setData(xs[good], ys[good], brush=QBrush(QColor(inside)), pen=line, symbol=symbol, size=size)

    def _unchanged(self, key: str, x: npt.NDArray[Any], y: npt.NDArray[Any], *style: object) -> bool:
        """Whether `key` already looks like this: then its plot need not be painted again."""
        before = self._given.get(key)
        self._given[key] = (x, y, style)
        if before is None or before[2] != style or len(before[0]) != len(x):
            return False
        return np.array_equal(before[0], x, equal_nan=True) and np.array_equal(before[1], y, equal_nan=True)

    def end(
        self,
        legend: Iterable[Entry] = (),
        marks: Iterable[ChangeMark] = (),
        best: ChangeMark | None = None,
        note: str = "",
    ) -> None:
        """Hide what was not drawn since `begin`, and set what stands around the curves."""
        for key, item in self._items.items():
            if key not in self._used and item.isVisible():
                item.setVisible(False)
        overlay, self.above = self.overlay, self._above()
        entries = tuple(legend)
        if self.above:
            text = ngettext("▲ {n} point above", "▲ {n} points above", self.above).format(n=self.above)
            entries = (*entries, Entry(NO_LINE, False, text))
        if entries != self.legend_strip.entries:
            self.legend_strip.entries = entries
            self._fit_legend()
        around = (tuple(marks), best, note)
        if around != (overlay.marks, overlay.best, overlay.note):
            overlay.marks, overlay.best, overlay.note = around
            overlay.update()
            self.mark_strip.show_marks((*around[0], *([best] if best else [])))

    def _above(self) -> int:
        """Points above what the axis follows, unless somebody has zoomed or asked for all."""
        curves = [i for key, i in self._items.items() if key in self._used and isinstance(i, _Curve)]
        if self.whole or not curves:
            return 0
        tops = [top for curve in curves if (top := curve.dataBounds(1)[1]) is not None]
        return sum(curve.above(max(tops)) for curve in curves) if tops else 0

    def show_whole(self, whole: bool) -> None:
        """Let the axis reach every point, or the bulk of them."""
        if whole == self.whole:
            return
        self.whole = whole
        for item in self._items.values():
            if isinstance(item, _Curve):
                item.whole = whole
        self.plotItem.vb.enableAutoRange(y=True)

    def span(self, low: float, high: float) -> None:
        """Show x from `low` to `high`, unless the user zoomed."""
        if self._zoomed or high <= low:
            return
        view = self.plotItem.vb
        margin = 0.025 * (high - low)
        if view.viewRange()[0] != [low - margin, high + margin]:
            view.setXRange(low - margin, high + margin, padding=0)

    def drawn(self, key: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]] | None:
        """x and y of the curve `key` as it was given, or None if it is not on screen."""
        item = self._items.get(key)
        if item is None or not item.isVisible():
            return None
        return self._given[key][:2]

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

    def show_gradient(self, lut: npt.NDArray[np.uint8] | None, ends: tuple[str, str] = ("", "")) -> None:
        """Above the plot, show the colours (n, 4) that its x axis stands for, or that lead from one of `ends` to the
        other; None shows the legend again.
        """
        strip = self.legend_strip
        if strip.ends != ends:
            strip.ends = ends
            strip.update()
        if (lut is None) != (strip.gradient is None):
            strip.gradient = None
            if lut is not None:
                rgba = np.ascontiguousarray(lut)
                strip.gradient = QImage(rgba.data, len(rgba), 1, 4 * len(rgba), QImage.Format.Format_RGBA8888).copy()
            self._fit_legend()

    def name_decades(self, low: float, high: float) -> None:
        """Let x be log10 from `low` to `high`, whole numbers, with a tick at powers of ten."""
        longest = max(map(self.fontMetrics().horizontalAdvance, map(decade, np.arange(low, high + 1))))
        every = max(1, int(np.ceil((high - low) * (longest + 8) / max(1.0, self.plotItem.vb.width()))))
        powers = np.arange(high, low - 1, -every)[::-1].tolist()
        self.getAxis("bottom").setTicks([[(power, decade(power)) for power in powers]])
        self.span(low, high)

    def name_rows(self, names: Sequence[str], shown: bool = True) -> None:
        """Let y count rows from the top, each with its name, or every second or third where there is no room."""
        metrics, axis, view = self.fontMetrics(), self.getAxis("left"), self.plotItem.vb
        stamp = (tuple(names), shown, view.height(), self.width())
        if stamp == self._rows:
            return
        self._rows = stamp
        every = max(1, int(np.ceil(len(names) * metrics.height() / max(1.0, view.height()))))
        most = min(130.0, 0.4 * self.width())
        texts = [(i, shortened(name, most, metrics)) for i, name in enumerate(names) if i % every == 0]
        longest = max((metrics.horizontalAdvance(text) for _i, text in texts), default=0)
        axis.setTicks([texts if shown else []])
        axis.setStyle(hideOverlappingLabels=metrics.height())  # half of the first and last may stand out
        axis.setWidth(longest + metrics.height() + 14 if shown else 8)
        view.setYRange(-0.5, len(names) - 0.5, padding=0)
        self._fit_legend()

    # What the panel calls for all its plots.

    def retranslate(self) -> None:
        """Name the axes in the language now in use."""
        self._fit_names()

    def restyle(self, palette: Palette) -> None:
        """Take these colours."""
        self.colours = palette
        self.setBackground(palette.background)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(pen(palette.muted, width=self.pen_scale))
            axis.setTickPen(pen(palette.grid, width=self.pen_scale))
            axis.setTextPen(pen(palette.foreground))
        self.legend_strip.colour = QColor(palette.foreground)
        self.mark_strip.restyle(palette)
        self.overlay.palette = palette
        self.overlay.pen_scale = self.legend_strip.pen_scale = self.pen_scale
        self.retranslate()

    def show_everything(self) -> None:
        """Undo zooming; the next `span` sets x."""
        self._zoomed, self._rows = False, ()
        self.plotItem.vb.enableAutoRange(x=True, y=True)

    def copy_zoom(self, other: Plot) -> None:
        """Show the part that `other` shows, or everything."""
        if other._zoomed:
            self._zoomed = True
            self.plotItem.vb.setRange(other.plotItem.vb.viewRect(), padding=0)
        elif self._zoomed:
            self.show_everything()

    def _zoomed_by_hand(self, *_args: object) -> None:
        self._zoomed = True

    def _fit_legend(self) -> None:
        width = self.width() - self.getAxis("left").maximumWidth() - 14
        self.plotItem.layout.setRowFixedHeight(0, self.legend_strip.lines_height(width))
        self.legend_strip.update()

    def _fit_names(self, *_resized: object) -> None:
        """Name the axes as far as there is room: "Accuracy, % of images", "Accuracy", or not at all."""
        metrics, view = self.fontMetrics(), self.plotItem.vb
        for side, text, room in (("left", self.y_text, view.height()), ("bottom", self.x_text, view.width())):
            whole, axis = _(text) if text else "", self.getAxis(side)
            parts = (part for part in (whole, whole.partition(",")[0]) if metrics.horizontalAdvance(part) <= room)
            label = (next(parts, ""), self.colours.foreground)
            if self._named.get(side) != label:  # to set one takes 1 ms, and panels ask often
                self._named[side] = label
                axis.setLabel(label[0], color=label[1])
            axis.resizeEvent()  # centres it: the axis itself may have had its size before

    def _fit_marks(self) -> None:
        self.plotItem.layout.setRowFixedHeight(1, self.mark_strip.needed())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if self.plotItem is not None and hasattr(self, "mark_strip"):
            low = self.height() < LOW * self.fontMetrics().height()
            self.mark_strip.rows_allowed = 0 if low else max(LEAST_ROWS, self.height() // HIGH_FOR_A_ROW)
            self._fit_legend()
            self._fit_marks()


def decade(power: float) -> str:
    """Ten to `power`, as short as can be."""
    return f"{10.0**power:g}" if -4 <= power <= 4 else f"1e{power:.0f}"


def shortened(name: str, width: float, metrics: QFontMetrics) -> str:
    """`name`, or as much of its end as finds room: "stage3.0.norm1", "3.0.norm1", "norm1"; empty if not even that."""
    first, dot, rest = name.partition(".")
    digits = "".join(char for char in first if char.isdigit())
    ends = [name, *([f"{digits}.{rest}"] if digits and dot else [])]
    while dot:
        ends.append(rest)
        _part, dot, rest = rest.partition(".")
    return next((end for end in ends if metrics.horizontalAdvance(end) <= width), "")
