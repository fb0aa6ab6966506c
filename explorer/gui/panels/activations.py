"""Activations: whether the signal keeps its size from layer to layer, and how many units never fire."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen

from explorer.events import ActivationStats, Doubles, Floats, RecipeChanged, RunEnded, RunStarted
from explorer.gui.charts.annotations import Entry
from explorer.gui.charts.bars import Bars
from explorer.gui.charts.curves import last_epoch, marks_of
from explorer.gui.charts.heat import Heat, HeatImage
from explorer.gui.charts.next_run import differing
from explorer.gui.charts.panel import BETWEEN, Cell, Panel, before_first_step, not_watched
from explorer.gui.charts.plot import Plot
from explorer.gui.theme import Palette
from explorer.i18n import N_, _
from explorer.runs.record import RunRecord
from explorer.runs.series import ActivationHistory
from explorer.runs.timing import steps_per_epoch
from explorer.techniques import Aspect

RowIndices = npt.NDArray[np.int64]
"""Numbers of rows, from the top."""

CHOICES = (
    ("std", N_("std. deviation")),
    ("mean", N_("mean ± std. dev.")),
    ("dead", N_("dead units")),
)


def spread(history: ActivationHistory, looks: slice) -> Doubles:
    """Standard deviation of the outputs, (looks, layers)."""
    return history.quantity("std")[looks]


def size_of_mean(history: ActivationHistory, looks: slice) -> Doubles:
    """Absolute mean of the outputs, (looks, layers)."""
    return np.abs(history.quantity("mean")[looks])


def dead(history: ActivationHistory, looks: slice) -> Doubles:
    """Share of units that gave 0 everywhere, (looks, layers)."""
    return history.quantity("dead")[looks]


QUANTITIES = {"std": spread, "mean": size_of_mean, "dead": dead}
AXES = {"std": N_("Std. deviation"), "mean": N_("Mean ± std. dev."), "dead": N_("Mean ± std. dev.")}


class ActivationsPanel(Panel):
    """Left, layer × time, the first layer on top: bright is large. Right, the last look: standard deviation on a log
    scale, or mean ± standard deviation, and the share of dead units.
    """

    name = "activations"
    title = N_("Activations")
    how_to_read = N_(
        "What each layer puts out, input on top, for 32 images of a batch every 25 steps. Left: through the run, on a "
        "log scale (of means, their size); right: the last look, and the share of dead units. Healthy: spreads of "
        "similar size from top to bottom. If they shrink or grow by powers of ten, the signal dies out or explodes: "
        "switch on normalization, skip, or another initialization. A unit is dead if it "
        "gives exactly 0 for every image and place, and then it hardly learns again: more than a tenth calls for a "
        "lower rate, normalization, or a leaky ReLU. Rings: the next run before its first step."
    )
    pace = 3.0
    kinds = (RunStarted, ActivationStats, RecipeChanged, RunEnded)
    previews = True

    def build(self) -> None:
        self.heat, self.image, self.spans, self.bars = Heat(), HeatImage(), Bars(), Bars()
        self.map = self.add_plot(Plot(N_("Epochs done"), N_("Layer, input on top")))
        self.now = self.add_plot(Plot(AXES["std"], ""))
        self.deaths = self.add_plot(Plot(N_("Dead, %"), ""))
        self.map.addItem(self.image)
        self.now.addItem(self.spans)
        self.deaths.addItem(self.bars)
        self.map.overlay.halo = True
        self.deaths.getAxis("bottom").setTicks([[(0, "0"), (0.5, "50"), (1, "100")]])
        for plot in self.plots:
            plot.plotItem.vb.invertY(True)
            plot.setMouseEnabled(y=False)
            plot.getAxis("left").setGrid(False)
        self.body.fill(self.map, self.now, self.deaths, stretch=(6, 3, 2), least=(320, 130, 90))
        self.choice = self.header.add_choice(N_("Quantity"), CHOICES)

    @property
    def quantity(self) -> str:
        """Key of what the map shows."""
        return str(self.choice.currentData())

    @property
    def ahead(self) -> ActivationStats | None:
        """What the next run starts with, if its signal is another one."""
        found = differing(self.preview, self.runs, Aspect.SIGNAL)
        return found.signal.activations if found and found.signal else None

    @property
    def record(self) -> RunRecord:
        """Of the run that is drawn."""
        return self.runs[0].record if self.runs else RunRecord()

    def why_empty(self) -> str:
        record = self.record
        if record.series.activations or self.ahead:
            return ""
        if not record.series.steps.last:
            skipped = self.preview.skipped if self.preview else ""
            return self.problem or skipped or before_first_step(record)
        return not_watched(record, _("activations"))

    def draw(self) -> None:
        histories, key, ahead = self.record.series.activations, self.quantity, self.ahead
        self.heat.update(histories, QUANTITIES[key], log=key != "dead", also=ahead.names if ahead else ())
        levels = self.heat.levels(doubles(ahead.std) if ahead and key == "std" else None)
        self._draw_map(levels)
        last, rows = [np.zeros(0)] * 3, self._rows(histories[-1].names if histories else ())
        if histories:
            last = [histories[-1].quantity(name)[-1] for name in ("mean", "std", "dead")]
        if self.now.x_text != AXES[key]:
            self.now.x_text = AXES[key]
            self.now.retranslate()
            self.now.getAxis("bottom").setTicks(None)
        self.now.begin()
        if key == "std":
            self._draw_spreads(rows, last[1], levels, ahead)
        else:
            self._draw_means(rows, last[0], last[1], ahead)
        step = _("step {step}").format(step=int(histories[-1].steps[-1])) if histories else ""
        self.now.end([Entry(QPen(Qt.PenStyle.NoPen), False, step)])
        self.now.name_rows(self.heat.names, shown=False)
        self._draw_deaths(rows, last[2], ahead)

    def _rows(self, names: Sequence[str]) -> RowIndices:
        return np.array([self.heat.names.index(name) for name in names], np.int64)

    def _draw_map(self, levels: tuple[float, float]) -> None:
        heat, runs, plot = self.heat, self.runs[:1], self.map
        self.image.show_heat(heat, levels, steps_per_epoch(self.record), enlarged=self.exporting)
        ends = ("0%", "100%") if self.quantity == "dead" else (f"{10 ** levels[0]:g}", f"{10 ** levels[1]:g}")
        note = "" if heat.columns else _("Nothing is trained yet.")
        if heat.columns and not np.isfinite(heat.values).any():
            note = _("Only ReLU and its like can die.")
        plot.show_gradient(self.image.colours, ends)
        plot.begin()
        plot.end((), marks_of(runs, self.colours), note=note)
        plot.name_rows(heat.names)
        plot.span(0, last_epoch(runs))

    def _draw_spreads(
        self, rows: RowIndices, std: Doubles, levels: tuple[float, float], ahead: ActivationStats | None
    ) -> None:
        self.spans.show_logs(rows, std, levels, self.image.colours)
        if ahead:
            logs = np.log10(np.maximum(doubles(ahead.std), 10 ** levels[0]))
            self._ring(self.now, logs, ahead)
        self.now.name_decades(*levels)

    def _draw_means(self, rows: RowIndices, mean: Doubles, std: Doubles, ahead: ActivationStats | None) -> None:
        palette, next_mean, next_std = self.colours, np.zeros(0), np.zeros(0)
        if ahead:
            next_mean, next_std = doubles(ahead.mean), doubles(ahead.std)
            self._ring(self.now, next_mean, ahead)
        self.spans.show_spans(rows, mean - std, mean + std, palette.mixed(palette.train, 0.45), height=0.5)
        self.now.points("mean", mean, rows, palette.train, "o", 6)
        ends = np.concatenate([mean - std, mean + std, next_mean - next_std, next_mean + next_std, [0.0]])
        self.now.span(*rounded(ends[np.isfinite(ends)]))

    def _ring(self, plot: Plot, x: Doubles, ahead: ActivationStats) -> None:
        plot.points("next", x, self._rows(ahead.names), self.colours.validation, "o", 7, hollow=True)

    def _draw_deaths(self, rows: RowIndices, shares: Doubles, ahead: ActivationStats | None) -> None:
        plot, palette = self.deaths, self.colours
        self.bars.show_spans(rows, np.zeros(len(rows)), shares, palette.mixed(palette.warning, 0.8))
        plot.begin()
        if ahead:
            self._ring(plot, doubles(ahead.dead), ahead)
        plot.end([Entry(QPen(Qt.PenStyle.NoPen), False, "")])  # as high as the legends beside it
        plot.name_rows(self.heat.names, shown=False)
        plot.span(0, 1)

    def numbers(self) -> str:
        said = [_("○ next run, before training")] if self.ahead else []
        if not self.record.series.activations:
            return BETWEEN.join(said)
        history = self.record.series.activations[-1]
        values = QUANTITIES["std" if self.quantity == "dead" else self.quantity](history, slice(-1, None))[0]
        shares, own = history.quantity("dead")[-1], []
        if np.isfinite(values).any():
            own.append(_("{low:.2g} to {high:.2g}").format(low=np.nanmin(values), high=np.nanmax(values)))
        if np.isfinite(shares).any():
            share = np.nanmax(shares)
            worst = _("at most {share:.0%} dead").format(share=share) if share else _("no dead units")
            own.insert(0 if self.quantity == "dead" else 1, worst)
        return BETWEEN.join([*said, *own])

    def restyle(self, palette: Palette) -> None:
        self.image.restyle(palette)
        super().restyle(palette)

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        rows: list[list[Cell]] = []
        label = self.runs[0].label if self.runs else ""
        for history in self.record.series.activations:
            columns = [history.quantity(name) for name in ("mean", "std", "dead")]
            for look, step in enumerate(history.steps.tolist()):
                for i, name in enumerate(history.names):
                    rows.append([label, step, name, *(float(column[look, i]) for column in columns)])
        if ahead := self.ahead:
            for name, *values in zip(ahead.names, ahead.mean, ahead.std, ahead.dead, strict=True):
                rows.append(["next run", 0.0, name, *map(float, values)])
        return ["run", "step", "layer", "mean", "standard deviation", "share of dead units"], rows


def doubles(values: Floats) -> Doubles:
    """The same in double precision, as histories have it."""
    return values.astype(np.float64)


def rounded(values: Doubles) -> tuple[float, float]:
    """Lowest and highest of `values`, outwards to halves of a power of ten, so that they seldom move."""
    largest = float(np.abs(values).max(initial=0.0))
    unit = 10 ** np.floor(np.log10(largest)) / 2 if largest else 1.0
    return float(np.floor(values.min() / unit) * unit), float(np.ceil(values.max() / unit) * unit)
