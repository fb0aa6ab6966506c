"""Gradients: whether they reach every layer, and whether they explode."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QStackedWidget

from explorer.events import Doubles, GradientNorms, RecipeChanged, RunEnded, RunStarted
from explorer.gui.charts.annotations import Entry
from explorer.gui.charts.bars import Bars
from explorer.gui.charts.curves import last_epoch, marks_of
from explorer.gui.charts.heat import (
    Heat,
    HeatImage,
    Totals,
    l2,
    norm_limit,
    norm_rows,
    rms,
    update_ratio,
)
from explorer.gui.charts.next_run import differing
from explorer.gui.charts.panel import BETWEEN, Cell, Panel, before_first_step, not_watched
from explorer.gui.charts.plot import Plot, decade
from explorer.gui.theme import Palette, pen
from explorer.i18n import N_, _, ngettext
from explorer.runs.record import RunRecord
from explorer.runs.timing import steps_per_epoch
from explorer.techniques import Aspect

if TYPE_CHECKING:
    from explorer.training.preview import Signal

CHOICES = (
    ("l2", N_("L2 norm")),
    ("rms", N_("RMS per weight")),
    ("ratio", N_("update / weight")),
    ("clipping", N_("clipping")),
)
QUANTITIES = {"l2": l2, "rms": rms, "ratio": update_ratio, "clipping": l2}
AXES = {"l2": N_("L2 norm"), "rms": N_("RMS per weight"), "ratio": N_("update / weight"), "clipping": N_("L2 norm")}


class GradientsPanel(Panel):
    """Left, layer × time, the first layer on top: bright is large, on a log scale. Right, the last look in numbers.

    With "clipping", left is the norm over all layers, before and after, and the threshold.
    """

    name = "gradients"
    title = N_("Gradients")
    how_to_read = N_(
        "Each row is a layer, the first one on top; colours are powers of ten, the scale is above the bars of the "
        "last look. Healthy: rows of similar colour that fade slowly. If the upper rows are darker by several powers "
        "of ten, the gradient vanishes on its way back: switch on skip, normalization, another initialization or a "
        "ReLU. Bright flashes are explosions: switch on clipping or lower the rate. Update / weight should be near "
        "1e-3: far above, the rate is too high; far below, the layer hardly learns. If nearly every step is clipped, "
        "clipping is a lower rate in disguise. Rings: the next run before its first step."
    )
    kinds = (RunStarted, GradientNorms, RecipeChanged, RunEnded)
    previews = True

    def build(self) -> None:
        self.heat, self.totals = Heat(), Totals()
        self.map = self.add_plot(Plot(N_("Epochs done"), N_("Layer, input on top")))
        self.norms = self.add_plot(Plot(N_("Epochs done"), N_("Norm over all layers")))
        self.bars = self.add_plot(Plot(AXES["l2"], ""))
        self.image = HeatImage()
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
        self.columns = self.body.fill(self.left, self.bars, stretch=(3, 2), least=(320, 150))
        self.choice = self.header.add_choice(N_("Quantity"), CHOICES)

    @property
    def quantity(self) -> str:
        """Key of what is drawn."""
        return str(self.choice.currentData())

    @property
    def ahead(self) -> Signal | None:
        """What the next run starts with, if its gradients are other ones."""
        found = differing(self.preview, self.runs, Aspect.SIGNAL)
        return found.signal if found else None

    @property
    def record(self) -> RunRecord:
        """Of the run that is drawn."""
        return self.runs[0].record if self.runs else RunRecord()

    def why_empty(self) -> str:
        record = self.record
        if record.series.norms or self.ahead:
            return ""
        if not record.series.steps.last:
            return self.problem or before_first_step(record)
        return not_watched(record, _("gradients"))

    def draw(self) -> None:
        record, key, ahead = self.record, self.quantity, self.ahead
        self.heat.update(record.series.norms, QUANTITIES[key], also=ahead.layers if ahead else ())
        self.totals.update(record.series.norms)
        clipping = key == "clipping"
        stretch = (1, 1) if clipping else (3, 2)  # beside the norms, the bars need the names
        for i in range(2):
            self.columns.setStretch(i, stretch[i])
        self.left.setCurrentWidget(self.norms if clipping else self.map)
        if self.bars.x_text != AXES[key]:
            self.bars.x_text = AXES[key]
            self.bars.retranslate()
        levels = self.heat.levels(self._starts())
        self._draw_bars(levels)
        if clipping:
            self._draw_norms()
        else:
            self._draw_map(levels)

    def _starts(self) -> Doubles:
        """Norms of the next run's first gradient, by the rows of the map; NaN where nothing is known."""
        starts, ahead = np.full(len(self.heat.names), np.nan), self.ahead
        if ahead and self.quantity in ("l2", "clipping"):
            starts[[self.heat.names.index(name) for name in ahead.layers]] = ahead.gradients
        return np.where(starts > 0, starts, np.nan)

    def _draw_map(self, levels: tuple[float, float]) -> None:
        heat, runs = self.heat, self.runs[:1]
        self.image.show_heat(heat, levels, steps_per_epoch(self.record), enlarged=self.exporting)
        self.map.begin()
        n = int(heat.per_column)
        text = ngettext("column: {n} step", "column: {n} steps", n).format(n=n)
        note = "" if heat.columns else _("Nothing is trained yet.")
        alone = self.bars.isHidden()  # else the scale stands above the bars
        self.map.show_gradient(
            self.image.colours if alone else None, (decade(levels[0]), decade(levels[1])) if alone else ("", "")
        )
        self.map.end([Entry(QPen(Qt.PenStyle.NoPen), False, text)], marks_of(runs, self.colours), note=note)
        self.map.name_rows(heat.names)
        self.map.span(0, last_epoch(runs))

    def _draw_bars(self, levels: tuple[float, float]) -> None:
        names, palette, clipping = self.heat.names, self.colours, self.quantity == "clipping"
        faint, strong = palette.mixed(palette.train, 0.45), QColor(palette.train)
        rows, values, after = np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
        if self.record.series.norms:
            history = self.record.series.norms[-1]
            rows = np.array([names.index(name) for name in history.names])
            values = QUANTITIES[self.quantity](history, slice(-1, None))[0]
            after = history.quantity("after")[-1] if clipping else np.full(len(rows), np.nan)
        self.before.show_logs(rows, values, levels, faint if clipping else self.image.colours)
        self.after.show_logs(rows, after, levels, strong, height=0.4)
        starts = np.maximum(np.log10(self._starts()), levels[0])
        self.bars.begin()
        self.bars.points("next", starts, np.arange(len(names)), palette.validation, "o", 8, hollow=True)
        self.bars.show_gradient(None if clipping else self.image.colours)
        self.bars.name_rows(names, shown=clipping)
        self.bars.name_decades(*levels)
        self.bars.end()

    def _draw_norms(self) -> None:
        plot, palette, runs = self.norms, self.colours, self.runs[:1]
        rows, end = self.totals.rows, last_epoch(runs)
        x = rows[:, 0] / steps_per_epoch(self.record)
        faint, strong, line = pen(palette.mixed(palette.train, 0.45)), pen(palette.train), pen(palette.warning, (6, 4))
        plot.begin()
        plot.curve("before", x, rows[:, 1], faint)
        plot.curve("after", x, rows[:, 2], strong)
        legend = [Entry(faint, False, _("before")), Entry(strong, False, _("after"))]
        if math.isfinite(threshold := norm_limit(self.record.recipe)):
            plot.curve("threshold", [0, end], [threshold, threshold], line)
            legend.append(Entry(line, False, _("threshold {threshold:g}").format(threshold=threshold)))
        plot.end(legend, marks_of(runs, palette))
        plot.span(0, end)

    def numbers(self) -> str:
        said = [_("○ next run, before training")] if np.isfinite(self._starts()).any() else []
        if not self.record.series.norms:
            return BETWEEN.join(said)
        history, clipped = self.record.series.norms[-1], self.totals.clipped
        values = QUANTITIES[self.quantity](history, slice(-1, None))[0]
        good = values[np.isfinite(values) & (values > 0)]
        if len(good):
            said.append(_("{low:.2g} to {high:.2g}").format(low=good.min(), high=good.max()))
        if clipped.any() or self.quantity == "clipping":
            share = _("{share:.0%} of looks clipped").format(share=clipped.mean())
            said.insert(0 if self.quantity == "clipping" else len(said), share)
        return BETWEEN.join(said)

    def restyle(self, palette: Palette) -> None:
        self.image.restyle(palette)
        super().restyle(palette)

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        rows: list[list[Cell]] = list(map(list, norm_rows(self.record.series.norms)))
        return ["step", "layer", "parameters", "gradient before", "gradient after", "weights", "update"], rows
