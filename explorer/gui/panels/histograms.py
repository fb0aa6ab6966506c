"""Histograms: how large the weights and the gradients of every layer are, through the run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPen

from explorer.events import HISTOGRAM, Doubles, Histograms, RecipeChanged, RunEnded, RunStarted
from explorer.gui.charts.annotations import Entry
from explorer.gui.charts.curves import last_epoch, marks_of
from explorer.gui.charts.heat import all_layers
from explorer.gui.charts.panel import BETWEEN, Cell, Panel, before_first_step, not_watched
from explorer.gui.charts.plot import Plot
from explorer.gui.theme import COLOUR_MAP, Palette, pen
from explorer.i18n import N_, _
from explorer.runs.record import RunRecord
from explorer.runs.timing import steps_per_epoch

CHOICES = (("gradients", N_("gradients")), ("weights", N_("weights")))
AXES = {"gradients": N_("|Gradient|"), "weights": N_("|Weight|")}
COLUMNS = 256
"""Of a strip; one that stands for several looks shows their mean."""
LOW, HIGH, PARTS = HISTOGRAM
CELLS = (HIGH - LOW) * PARTS + 2
MOST_DECADES = 12
SEEN = 0.005
"""Share of a layer's values from which a cell counts for the range that is drawn."""
GAP = 0.12
"""Of the height of a row, between two strips."""


class HistogramStrips:
    """Shares of the cells per layer over the looks, brought up to date with the new looks only."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.first, self.per_column, self.columns = 0.0, 1.0, 0
        self._stamp: object = None
        self._done = 0
        self._sums = np.zeros((0, 0, 0))
        self._looks = np.zeros((0, 0))

    def update(self, looks: Sequence[Histograms], quantity: str) -> None:
        """Take in what came since the last call; start anew with another network, or where columns must hold more."""
        names = all_layers(list(dict.fromkeys(look.names for look in looks)))
        self.columns = 0
        if not looks:
            return
        self.first = float(looks[0].step)
        self.per_column = max(1.0, float(looks[1].step - looks[0].step)) if len(looks) > 1 else 1.0
        while (looks[-1].step - self.first) / self.per_column >= COLUMNS:
            self.per_column *= 2
        stamp = (looks[0], names, quantity, self.per_column)
        if self._stamp is None or stamp[0] is not self._stamp[0] or stamp[1:] != self._stamp[1:]:  # type: ignore[index]
            self._stamp, self.names, self._done = stamp, names, 0
            self._sums, self._looks = np.zeros((COLUMNS, len(names), CELLS)), np.zeros((COLUMNS, len(names)))
        for look in looks[self._done :]:
            column = int((look.step - self.first) // self.per_column)
            rows = [names.index(name) for name in look.names]
            found = shares(getattr(look, quantity))
            there = np.isfinite(found[:, 0])
            self._sums[column, rows] += np.where(there[:, None], found, 0)
            self._looks[column, rows] += there
        self._done = len(looks)
        self.columns = int((looks[-1].step - self.first) // self.per_column) + 1

    @property
    def values(self) -> Doubles:
        """(layers, cells, columns): shares; a column without a look repeats the one before; NaN where there is none."""
        looks = self._looks[: self.columns]
        looked = (looks > 0).any(axis=1)
        latest = np.maximum.accumulate(np.where(looked, np.arange(self.columns), 0))
        with np.errstate(invalid="ignore"):
            means: Doubles = self._sums[latest] / np.expand_dims(looks[latest], 2)
        return means.transpose(1, 2, 0)


def shares(counts: npt.NDArray[np.uint16]) -> Doubles:
    """Of each layer's values (layers, cells); NaN for a layer without any."""
    with np.errstate(invalid="ignore"):
        found: Doubles = counts / counts.sum(axis=1, keepdims=True)
    return found


def cells_in_sight(values: Doubles) -> tuple[int, int]:
    """First cell and the one behind the last, of `values` (layers, cells, …), between which nearly all lies: at least
    two powers of ten, at most the twelve largest. The lowest cell, where 0 is, is left out: it is drawn beside them.
    """
    most = np.nan_to_num(values.reshape(len(values), CELLS, -1)).max(axis=(0, 2)) if values.size else np.zeros(CELLS)
    found = np.flatnonzero(most[1:] >= SEEN) + 1
    low, high = (int(found[0]), int(found[-1]) + 1) if len(found) else (1, 1)
    low = max(1, (low - 1) // PARTS * PARTS + 1)  # whole powers of ten, so that it seldom moves
    high = min(CELLS, max(low + 2 * PARTS, -(-(high - 1) // PARTS) * PARTS + 1))
    return max(low, high - MOST_DECADES * PARTS), high


class HistogramsPanel(Panel):
    """Left, a strip for each layer, the first layer on top: time to the right, size upwards, bright where many values
    are. Right, the last look as outlines, in the same rows.
    """

    name = "histograms"
    title = N_("Histograms")
    how_to_read = N_(
        "Each row is a layer, input on top: a strip shows how large its values are, every 50 steps. Upwards they grow "
        "by powers of ten, bright is where many are; the lowest line of a strip holds those that are 0 or smaller than "
        "the scale. Right: the last look as outlines; the scale is below. Healthy: bands of similar height that move "
        "slowly; gradients sink as the loss falls. A band that sinks towards the bottom of the upper rows is a "
        "vanishing gradient: switch on skip, normalization or another initialization. Many gradients at 0 are dead "
        "units: lower the rate, or take a leaky ReLU. Weights that grow all the time call for weight decay; weights "
        "that shrink to nothing, for less of it."
    )
    pace = 3.0
    kinds = (RunStarted, Histograms, RecipeChanged, RunEnded)

    def build(self) -> None:
        self.strips = HistogramStrips()
        self.map = self.add_plot(Plot(N_("Epochs done"), N_("Layer, input on top")))
        self.now = self.add_plot(Plot(AXES["gradients"], ""))
        self.image = pg.ImageItem(axisOrder="row-major", levels=(0, 255))
        self.map.addItem(self.image)
        for plot in self.plots:
            plot.plotItem.vb.invertY(True)
            plot.setMouseEnabled(y=False)
            plot.getAxis("left").setGrid(False)
        self.outlines = pg.PlotCurveItem(connect="finite")  # a Plot's own curves are thinned out for speed
        self.now.addItem(self.outlines)
        self.body.fill(self.map, self.now, stretch=(2, 1))
        self.choice = self.header.add_choice(N_("Quantity"), CHOICES)

    @property
    def quantity(self) -> str:
        """Key of what is drawn."""
        return str(self.choice.currentData())

    @property
    def record(self) -> RunRecord:
        """Of the run that is drawn."""
        return self.runs[0].record if self.runs else RunRecord()

    @property
    def looks(self) -> list[Histograms]:
        """Of that run."""
        return self.record.all(Histograms)

    def why_empty(self) -> str:
        if self.looks:
            return ""
        if not self.record.series.steps.last:
            return self.problem or before_first_step(self.record)
        return not_watched(self.record, _("histograms"))

    def draw(self) -> None:
        looks, key = self.looks, self.quantity
        self.strips.update(looks, key)
        values = self.strips.values
        low, high = cells_in_sight(values)
        if self.now.x_text != AXES[key]:
            self.now.x_text = AXES[key]
            self.now.retranslate()
        self._draw_map(values, low, high)
        self._draw_now(looks[-1], low, high)

    def _draw_map(self, values: Doubles, low: int, high: int) -> None:
        strips, runs, plot = self.strips, self.runs[:1], self.map
        beneath = values[:, :low].sum(axis=1, keepdims=True)  # 0, and what is too small to be in sight
        drawn = np.concatenate([beneath, values[:, low:high]], axis=1)[:, ::-1]  # largest on top
        top = np.nanmax(drawn, initial=0.0) or 1.0
        with np.errstate(invalid="ignore"):
            # The root shows a tail of 1 % a tenth as bright as the whole, not a hundredth.
            pixels = np.where(np.isfinite(drawn), 1 + 254 * np.sqrt(drawn / top), 0).astype(np.uint8)
        each = 8 if self.exporting else 4
        pixels = pixels.repeat(each, axis=1)  # so that gaps between strips are thinner than a cell
        gap = max(1, round(GAP * pixels.shape[1]))
        pixels[:, :gap] = 0
        rows = pixels.reshape(-1, strips.columns)
        if self.exporting:
            rows = rows.repeat(-(-1200 // strips.columns), axis=1)
        self.image.setImage(np.ascontiguousarray(rows), autoLevels=False)
        per_epoch = steps_per_epoch(self.record)
        start, width = (strips.first - 1) / per_epoch, strips.columns * strips.per_column / per_epoch
        self.image.setRect(QRectF(start, -0.5, width, len(strips.names)))
        plot.begin()
        plot.show_gradient(self._lut[1:], ("0%", f"{top:.0%}"))
        plot.end((), marks_of(runs, self.colours))
        plot.name_rows(strips.names)
        plot.span(0, last_epoch(runs))

    def _draw_now(self, look: Histograms, low: int, high: int) -> None:
        plot, names = self.now, self.strips.names
        found = shares(getattr(look, self.quantity))[:, low:high]
        edges = LOW + (np.arange(low, high + 1) - 1) / PARTS
        top = np.nanmax(found, initial=0.0) or 1.0
        xs, ys = [], []
        for name, row in zip(look.names, found, strict=True):
            if np.isfinite(row).all():  # steps from edge to edge, from the line of the row and back to it
                place = names.index(name) + 0.45
                xs.append([*edges.repeat(2), np.nan])
                ys.append([place, *(place - 0.9 * row / top).repeat(2), place, np.nan])
        plot.begin()
        line = pen(self.colours.train, width=plot.pen_scale)
        self.outlines.setData(np.concatenate([*xs, []]), np.concatenate([*ys, []]), pen=line)
        step = _("step {step}").format(step=look.step)
        plot.end([Entry(QPen(Qt.PenStyle.NoPen), False, step)])
        plot.name_rows(names, shown=False)
        plot.name_decades(float(edges[0]), float(edges[-1]))

    def numbers(self) -> str:
        look = self.looks[-1]
        found = shares(getattr(look, self.quantity))
        there = np.isfinite(found[:, 0])
        if not there.any():
            return _("no layer learns")
        middles = medians(found[there])
        said = [_("{low:.2g} to {high:.2g}").format(low=middles.min(), high=middles.max())]
        zeros = np.where(there, found[:, 0], 0)
        if (worst := int(zeros.argmax())) >= 0 and zeros[worst] >= 0.01:
            said.append(_("{share:.0%} of {layer} is 0").format(share=zeros[worst], layer=look.names[worst]))
        return BETWEEN.join(said)

    def restyle(self, palette: Palette) -> None:
        table = pg.colormap.get(COLOUR_MAP).getLookupTable(nPts=256, alpha=True)
        table[0] = pg.mkColor(palette.background).getRgb()
        self._lut: npt.NDArray[np.uint8] = table
        self.image.setLookupTable(table)
        super().restyle(palette)

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        edges = [0.0, *(10 ** (LOW + np.arange(CELLS - 1) / PARTS)).tolist(), float("inf")]
        rows: list[list[Cell]] = []
        for look in self.looks:
            for name, weights, gradients in zip(look.names, look.weights, look.gradients, strict=True):
                for cell in np.flatnonzero(weights + gradients).tolist():
                    counted = float(weights[cell]), float(gradients[cell])
                    rows.append([float(look.step), name, edges[cell], edges[cell + 1], *counted])
        return ["step", "layer", "from", "below", "weights", "gradients"], rows


def medians(found: Doubles) -> Doubles:
    """Of values of which `found` (layers, cells) are the shares: the middle of the cell that holds it, (layers,)."""
    cell = (np.cumsum(found, axis=1) >= 0.5).argmax(axis=1)
    middles: Doubles = np.where(cell > 0, 10 ** (LOW + (cell - 0.5) / PARTS), 0.0)
    return middles
