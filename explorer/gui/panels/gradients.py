"""Gradients: whether they reach every layer, and whether they explode."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QStackedWidget, QWidget

from explorer.events import GradientNorms, RecipeChanged, RunEnded, RunStarted
from explorer.gui.panels.around import Entry
from explorer.gui.panels.bars import Bars
from explorer.gui.panels.base import Cell, Panel
from explorer.gui.panels.curves import last_epoch, marks_of
from explorer.gui.panels.heat import Heat, Totals, clipping_threshold, l2, norm_rows, rms, update_ratio
from explorer.gui.panels.plot import Plot
from explorer.gui.theme import COLOUR_MAP, Palette, pen
from explorer.i18n import N_, _

CHOICES = (
    ("l2", N_("L2 norm")),
    ("rms", N_("RMS per weight")),
    ("ratio", N_("update / weight")),
    ("clipping", N_("before and after clipping")),
)
QUANTITIES = {"l2": l2, "rms": rms, "ratio": update_ratio, "clipping": l2}
NORM = N_("Gradient, L2 norm")
AXES = {"l2": NORM, "rms": N_("Gradient, RMS per weight"), "ratio": N_("Update / weight, ratio"), "clipping": NORM}


class GradientsPanel(Panel):
    """Left, layer × time, the first layer on top: bright is large, on a log scale. Right, the last look in numbers.

    With "before and after clipping", left is the norm over all layers, before and after, and the threshold.
    """

    name = "gradients"
    title = N_("Gradients")
    how_to_read = N_(
        "Each row is a layer, the first one on top; colours are powers of ten, the scale is above the bars of the "
        "last look. Healthy: rows of similar colour that fade slowly. If the upper rows are darker by several powers "
        "of ten, the gradient vanishes on its way back: switch on skip, normalization, another initialization or a "
        "ReLU. Bright flashes are explosions: switch on clipping or lower the rate. Update / weight should be near "
        "1e-3: far above, the rate is too high; far below, the layer hardly learns. If nearly every step is clipped, "
        "clipping is a lower rate in disguise."
    )
    kinds = (RunStarted, GradientNorms, RecipeChanged, RunEnded)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heat, self.totals = Heat(), Totals()
        self.map = self.add_plot(Plot(N_("Epochs done"), N_("Layer, input on top")))
        self.norms = self.add_plot(Plot(N_("Epochs done"), N_("Norm over all layers")))
        self.bars = self.add_plot(Plot(AXES["l2"], ""))
        self.image = pg.ImageItem(axisOrder="row-major", levels=(0, 255))
        self.map.addItem(self.image)
        self.before, self.after = Bars(), Bars()
        self.bars.addItem(self.before)
        self.bars.addItem(self.after)
        self.map.overlay.halo = True
        self.norms.set_log(True)
        for plot in (self.map, self.bars):
            plot.plotItem.vb.invertY(True)
            plot.setMouseEnabled(y=False)
            plot.getAxis("left").setGrid(False)
        self.left = QStackedWidget()
        self.left.addWidget(self.map)
        self.left.addWidget(self.norms)
        self.fill_body(self.left, self.bars, stretch=(3, 2))
        self.choice = self.add_choice(N_("Quantity"), CHOICES)
        self.ready()

    @property
    def quantity(self) -> str:
        """Key of what is drawn."""
        return str(self.choice.currentData())

    def why_empty(self) -> str:
        record = self.runs[0].record
        if record.norms:
            return ""
        if not record.step:
            return _("Nothing has been trained in this run yet: press Train.")
        return _("Nobody measured gradients in this run: train with the instrument “gradients” on.")

    def draw(self) -> None:
        record, key = self.runs[0].record, self.quantity
        self.heat.update(record.norms, QUANTITIES[key])
        self.totals.update(record.norms)
        clipping = key == "clipping"
        self.left.setCurrentWidget(self.norms if clipping else self.map)
        if self.bars.x_text != AXES[key]:
            self.bars.x_text = AXES[key]
            self.bars.retranslate()
        low, high = self.heat.levels()
        self._draw_bars(low, high)
        if clipping:
            self._draw_norms()
        else:
            self._draw_map(low, high)

    def _draw_map(self, low: float, high: float) -> None:
        heat, runs, per_epoch = self.heat, self.runs[:1], self.runs[0].record.steps_per_epoch
        values = heat.values
        with np.errstate(invalid="ignore"):
            shares = np.clip((values - low) / (high - low), 0, 1) * 254 + 1
        pixels = np.where(np.isfinite(values), shares, 0).astype(np.uint8)
        if self.exporting:  # viewers of SVG smooth what they enlarge
            pixels = pixels.repeat(8, axis=0).repeat(-(-1200 // heat.columns), axis=1)
        self.image.setImage(pixels, autoLevels=False)
        start, width = (heat.first - 1) / per_epoch, heat.columns * heat.per_column / per_epoch
        self.image.setRect(QRectF(start, -0.5, width, len(heat.names)))
        self.map.begin()
        text = _("one column is {steps:g} steps").format(steps=heat.per_column)
        self.map.end([Entry(QPen(Qt.PenStyle.NoPen), False, text)], marks_of(runs, self.colours))
        self.map.name_rows(heat.names)
        self.map.span(0, last_epoch(runs))

    def _draw_bars(self, low: float, high: float) -> None:
        names, palette, clipping = self.heat.names, self.colours, self.quantity == "clipping"
        history, levels = self.runs[0].record.norms[-1], (low, high)
        rows = np.array([names.index(name) for name in history.names])
        faint, strong = palette.mixed(palette.train, 0.45), QColor(palette.train)
        values = QUANTITIES[self.quantity](history, slice(-1, None))[0]
        after = history.quantity("after")[-1] if clipping else np.full(len(rows), np.nan)
        self.before.show_logs(rows, values, levels, faint if clipping else self.image.lut[1:])
        self.after.show_logs(rows, after, levels, strong, height=0.4)
        self.bars.show_gradient(None if clipping else self.image.lut[1:])
        self.bars.name_rows(names, shown=clipping)
        self.bars.name_decades(low, high)
        self.bars.end()

    def _draw_norms(self) -> None:
        plot, palette, runs = self.norms, self.colours, self.runs[:1]
        rows, end = self.totals.rows, last_epoch(runs)
        x = rows[:, 0] / runs[0].record.steps_per_epoch
        faint, strong, line = pen(palette.mixed(palette.train, 0.45)), pen(palette.train), pen(palette.warning, (6, 4))
        plot.begin()
        plot.curve("before", x, rows[:, 1], faint)
        plot.curve("after", x, rows[:, 2], strong)
        legend = [Entry(faint, False, _("before")), Entry(strong, False, _("after"))]
        if threshold := clipping_threshold(runs[0].record.recipe):
            plot.curve("threshold", [0, end], [threshold, threshold], line)
            legend.append(Entry(line, False, _("threshold {threshold:g}").format(threshold=threshold)))
        plot.end(legend, marks_of(runs, palette))
        plot.span(0, end)

    def numbers(self) -> str:
        history, clipped = self.runs[0].record.norms[-1], self.totals.clipped
        values = QUANTITIES[self.quantity](history, slice(-1, None))[0]
        good, said = values[np.isfinite(values) & (values > 0)], []
        if len(good):
            said.append(_("{low:.1e} to {high:.1e}").format(low=good.min(), high=good.max()))
        if clipped.any():
            said.append(_("{share:.0%} of looks clipped").format(share=clipped.mean()))
        return " · ".join(said)

    def restyle(self, palette: Palette) -> None:
        table = pg.colormap.get(COLOUR_MAP).getLookupTable(nPts=256, alpha=True)
        table[0] = pg.mkColor(palette.background).getRgb()  # no value
        self.image.setLookupTable(table)
        super().restyle(palette)

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        rows: list[list[Cell]] = list(map(list, norm_rows(self.runs[0].record.norms)))
        return ["step", "layer", "parameters", "gradient before", "gradient after", "weights", "update"], rows
