"""Metrics: how often the network is right, how sure it is, and whether it is right to be so sure."""

from __future__ import annotations

import numpy as np

from explorer.events import EpochDone, RecipeChanged, RunEnded, RunStarted
from explorer.gui.charts.curves import draw_epochs, epoch_rows, last_epoch, legend_of, marks_of
from explorer.gui.charts.groups import verdicts
from explorer.gui.charts.panel import BETWEEN, Cell, Panel, Said
from explorer.gui.charts.plot import Plot
from explorer.i18n import N_, _
from explorer.titles import METRICS

AXES = {
    "accuracy": N_("Accuracy, % of images"),
    "f1": N_("Macro F1, %"),
    "ece": N_("Calibration error, %"),
    "confidence": N_("Mean confidence, %"),
    "mae": N_("Mean absolute error, classes"),
}


class MetricsPanel(Panel):
    """Accuracy, macro F1, calibration error, confidence and, for ordered classes, mean absolute error per epoch.

    Confidence above accuracy is over-confidence: the calibration error is about their distance.
    """

    name = "metrics"
    title = N_("Metrics")
    how_to_read = N_(
        "One measure on training and validation images after each epoch. Accuracy and macro F1 should rise and level "
        "off together; training far above validation is overfitting: switch on augmentation or dropout. A calibration "
        "error (ECE) that grows while accuracy stands still means over-confidence: confidence runs ahead of accuracy; "
        "switch on label smoothing or mixing. The mean absolute error counts how many classes the answer is off, and "
        "exists only where classes have an order: label distribution learning lowers it."
    )
    kinds = (RunStarted, EpochDone, RecipeChanged, RunEnded)

    def build(self) -> None:
        self.plot = self.add_plot(Plot(N_("Epochs done"), AXES["accuracy"], percent=True))
        self.body.fill(self.plot)
        self.choice = self.header.add_choice(N_("Metric"), [(name, METRICS[name]) for name in AXES])

    @property
    def chosen(self) -> str:
        """Name of the metric that is drawn."""
        return str(self.choice.currentData())

    def why_empty(self) -> str:
        if not any(shown.record.epochs for shown in self.runs):
            return _("No epoch has ended yet: metrics are measured at the end of each.")
        if all(np.isnan(shown.record.metric("validation", self.chosen)).all() for shown in self.runs):
            return _("A mean absolute error needs ordered classes: choose such data, for example gauges.")
        return ""

    def draw(self) -> None:
        plot, palette = self.plot, self.colours
        if plot.y_text != AXES[self.chosen]:
            plot.y_text = AXES[self.chosen]
            plot.set_percent(self.chosen != "mae")
            plot.retranslate()
        plot.begin()
        best = draw_epochs(plot, self.runs, self.chosen, palette, kind=self.band)
        plot.end(legend_of(self.runs, palette, self.band), marks_of(self.runs, palette), best)
        plot.span(0, last_epoch(self.runs))

    def conclusions(self) -> Said:
        return verdicts(self.runs, self.chosen)

    def numbers(self) -> str:
        if not self.runs[0].record.epochs:
            return ""
        last, form = self.runs[0].record.epochs[-1], "{:.2f}" if self.chosen == "mae" else "{:.1%}"
        train, validation = (form.format(split.get(self.chosen, np.nan)) for split in (last.train, last.validation))
        return BETWEEN.join(
            [
                _("validation {value}").format(value=validation),
                _("training {value}").format(value=train),
                _("epoch {epoch}").format(epoch=last.epoch),
            ]
        )

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        rows = [[row[0], row[1], key, *row[2:]] for key in AXES for row in epoch_rows(self.runs, key)]
        return ["run", "curve", "metric", "epoch", "value"], [row for row in rows if row[-1] == row[-1]]
