"""Normalization: whether the running statistics, with which the network is evaluated, follow those of the batches."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize

from explorer.events import FrozenCheck, LayerPlan, ModeAccuracy, NormStats, RecipeChanged, RunEnded, RunStarted
from explorer.gui.charts.annotations import ChangeMark, Entry
from explorer.gui.charts.curves import last_epoch, marks_of
from explorer.gui.charts.panel import BETWEEN, Cell, Panel, before_first_step
from explorer.gui.charts.plot import Plot
from explorer.gui.theme import pen
from explorer.i18n import N_, _, ngettext
from explorer.runs.series import LayerHistory
from explorer.runs.timing import steps_per_epoch

LEAST = QSize(230, 125)
"""Of one of the plots in pixels."""
COLUMNS = ("batch mean", "running mean", "batch variance", "running variance")


class NormalizationPanel(Panel):
    """Left, one layer through the run: mean and variance of the batch against the running ones (mean over channels).

    Right: accuracy on the same training images in training and evaluation mode, and γ and β per channel now. A small
    panel shows the first of these only.
    """

    name = "normalization"
    title = N_("Normalization")
    how_to_read = N_(
        "Left: mean and variance of one layer's inputs, of each batch and as the running average that evaluation "
        "uses; averages over its channels. Healthy: the running line goes smoothly through the batch line. If it lags"
        " behind, raise the momentum of Normalization; if the batch line jumps, the batch is too small: use group "
        "normalization. Right, above: accuracy in both modes; evaluation far below training mode means that the "
        "running statistics do not fit. Right, below: γ and β of each channel; a γ near 0 switches its channel off. A "
        "small panel shows the first plots alone: enlarge it for all."
    )
    pace = 3.0
    kinds = (RunStarted, NormStats, ModeAccuracy, LayerPlan, FrozenCheck, RecipeChanged, RunEnded)

    def build(self) -> None:
        epochs = N_("Epochs done")
        self.mean = self.add_plot(Plot(epochs, N_("Mean")))
        self.variance = self.add_plot(Plot(epochs, N_("Variance")))
        self.affine = self.add_plot(Plot(N_("Channel"), N_("γ (factor), β (shift)")))
        self.modes = self.add_plot(Plot(epochs, N_("Accuracy, %"), percent=True))
        self.body.fill_grid((self.mean, self.modes, self.variance, self.affine), 2, LEAST)
        self.layer = self.header.add_choice(N_("Layer"))

    def why_empty(self) -> str:
        record = self.runs[0].record
        if record.series.normalization or (record.all(ModeAccuracy) and not self.runs[0].record.series.steps.last):
            return ""
        if not record.series.steps.last:
            return before_first_step(record)
        return _("No normalization in this recipe: switch Normalization (batch) on.")

    def _history(self) -> LayerHistory | None:
        return self.runs[0].record.series.normalization.get(str(self.layer.currentData()))

    def draw(self) -> None:
        record, palette = self.runs[0].record, self.colours
        names = list(record.series.normalization)
        if [self.layer.itemData(i) for i in range(self.layer.count())] != names:
            self._offer(names)
        history = self._history()
        first = self.runs[:1]
        marks, end = marks_of(first, palette), last_epoch(first)
        lines = [mark._replace(text="") for mark in marks]  # the text once is enough
        rows = history.rows if history else np.zeros((0, 5))
        x = rows[:, 0] / steps_per_epoch(record)
        note = (
            ""
            if np.isfinite(rows[:, 1]).any()
            else _("This kind keeps no running statistics: choose batch with running statistics.")
        )
        batch, running = pen(palette.mixed(palette.train, 0.6)), pen(palette.validation)
        entries = [Entry(batch, False, _("batch")), Entry(running, False, _("running"))]
        for plot, column in ((self.mean, 1), (self.variance, 3)):
            plot.begin()
            plot.curve("batch", x, rows[:, column], batch)
            plot.curve("running", x, rows[:, column + 1], running, z=1)
            plot.end(entries if plot is self.mean else (), marks if plot is self.mean else lines, note=note)
            plot.span(0, end)
        self._draw_affine(history)
        self._draw_modes(lines, end)

    def _draw_affine(self, history: LayerHistory | None) -> None:
        plot, palette, latest = self.affine, self.colours, history.latest if history else None
        gamma, beta = (latest.gamma, latest.beta) if latest else (np.zeros(0), np.zeros(0))
        channels = np.arange(len(gamma))
        plot.begin()
        plot.points("γ", channels, gamma, palette.train, "o")
        plot.points("β", channels, beta, palette.validation, "t")
        dot = pen(palette.train), pen(palette.validation)
        note = "" if len(gamma) else _("This layer learns no γ and β: switch affine on.")
        plot.end([Entry(dot[0], True, "γ"), Entry(dot[1], True, "β")], note=note)
        plot.span(0, max(1, len(gamma) - 1))

    def _draw_modes(self, marks: list[ChangeMark], end: float) -> None:
        plot, palette, modes = self.modes, self.colours, self.runs[0].record.all(ModeAccuracy)
        x = [look.epoch for look in modes]
        training, evaluation = pen(palette.train), pen(palette.validation)
        plot.begin()
        plot.curve("training mode", x, [look.train_mode for look in modes], training)
        plot.curve("evaluation mode", x, [look.eval_mode for look in modes], evaluation, dots=True)
        entries = [Entry(training, False, _("training mode")), Entry(evaluation, True, _("evaluation mode"))]
        plot.end(entries, marks, note="" if modes else _("Measured at the end of each epoch."))
        plot.span(0, end)

    def _offer(self, names: list[str]) -> None:
        chosen = self.layer.currentData()
        self.layer.blockSignals(True)
        self.layer.clear()
        for name in names:
            self.layer.addItem(name, name)
        self.layer.setCurrentIndex(max(0, self.layer.findData(chosen)))
        self.layer.blockSignals(False)

    def numbers(self) -> str:
        modes, history = self.runs[0].record.all(ModeAccuracy), self._history()
        said = self._frozen()
        if modes:
            last = modes[-1]
            said.append(_("eval mode {evaluation:.1%}").format(evaluation=last.eval_mode))
            said.append(_("train mode {train:.1%}").format(train=last.train_mode))
        if history and history.latest and history.latest.gamma.size:
            said.append(_("mean γ {gamma:.2f}").format(gamma=history.latest.gamma.mean()))
        return BETWEEN.join(said)

    def _frozen(self) -> list[str]:
        """Whether the layer is frozen, and what changed in it nevertheless."""
        record, layer = self.runs[0].record, str(self.layer.currentData())
        plan = record.all(LayerPlan)[-1] if record.all(LayerPlan) else None
        if plan is None or layer not in plan.names or plan.factors[plan.names.index(layer)] > 0:
            return []
        for check in reversed(record.all(FrozenCheck)):
            if layer in check.names:
                n = int(check.bytes_changed[check.names.index(layer)])
                changed = ngettext("{n} byte changed in epoch {epoch}", "{n} bytes changed in epoch {epoch}", n)
                return [_("frozen: {what}").format(what=changed.format(n=n, epoch=check.epoch))]
        return [_("frozen")]

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        rows: list[list[Cell]] = []
        for shown in self.runs[:1]:
            for layer, history in shown.record.series.normalization.items():
                for column, name in enumerate(COLUMNS, 1):
                    rows += [[layer, name, float(row[0]), float(row[column])] for row in history.rows]
                if history.latest:
                    for name, values in (("gamma", history.latest.gamma), ("beta", history.latest.beta)):
                        rows += [[layer, name, float(i), float(value)] for i, value in enumerate(values)]
            for look in shown.record.all(ModeAccuracy):
                rows.append(["", "accuracy in training mode", float(look.epoch), look.train_mode])
                rows.append(["", "accuracy in evaluation mode", float(look.epoch), look.eval_mode])
        return ["layer", "quantity", "step, channel or epoch", "value"], rows
