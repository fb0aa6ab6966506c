"""Calibration: whether the network is right as often as it says."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QVBoxLayout

from explorer.events import Doubles, EpochDone, Evaluation, Floats, RunStarted
from explorer.gui.charts.annotations import Entry
from explorer.gui.charts.curves import BAND
from explorer.gui.charts.groups import Group, groups_of
from explorer.gui.charts.panel import BETWEEN, Cell, Panel, Shown, not_watched
from explorer.gui.charts.plot import Plot
from explorer.gui.theme import pen, run_pen
from explorer.i18n import N_, _
from explorer.runs.bands import band

CONFIDENCE = N_("Confidence of the answer, %")
GAP = 0.13
"""Share of the colour in the shading between the curve and the diagonal."""
FEW = 10
"""Fewer images say little: their dots are faint and off the curve."""
NONE = 0.5
"""Height on the log scale that stands for no image."""


class CalibrationPanel(Panel):
    """Above, the reliability diagram: accuracy of answers of about the same confidence; below, how many they are."""

    name = "calibration"
    title = N_("Calibration")
    how_to_read = N_(
        "Validation images after the last epoch, in 15 ranges of confidence. Above: which share of the answers of "
        "about the same confidence is right (faint: fewer than 10 images); below: how many images they are, on a log "
        "scale. Healthy: dots on the diagonal. Below it the network is over-confident: label smoothing, mixing, more "
        "data or fewer epochs help. Above it, it is under-confident, as label smoothing and mixing can make it: weaken "
        "them. The calibration error (ECE) is the mean distance from the diagonal, weighted by images."
    )
    pace = 2.0
    kinds = (RunStarted, EpochDone, Evaluation)

    def build(self) -> None:
        self.plot = self.add_plot(Plot(CONFIDENCE, N_("Accuracy, %"), percent=True))
        self.images = self.add_plot(Plot(CONFIDENCE, N_("Images")))
        self.images.set_log(True)
        self.images.getAxis("left").setGrid(False)
        for plot in self.plots:
            plot.getAxis("bottom").setScale(100.0)
        self.plot.getAxis("bottom").setStyle(showValues=False)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.plot, 5)
        column.addWidget(self.images, 3)

    def why_empty(self) -> str:
        if any(shown.record.latest(Evaluation) for shown in self.runs):
            return ""
        if not any(shown.record.epochs for shown in self.runs):
            return _("No epoch has ended yet: answers are looked at at the end of each.")
        return not_watched(self.runs[0].record, _("answers to the validation images"))

    def _known(self) -> list[tuple[Shown, Evaluation]]:
        evaluated = ((shown, shown.record.latest(Evaluation)) for shown in self.runs)
        return [(shown, evaluation) for shown, evaluation in evaluated if evaluation is not None]

    def draw(self) -> None:
        plot, below, palette, known = self.plot, self.images, self.colours, self._known()
        groups = groups_of([shown for shown, _evaluation in known], self.band)
        alone = len(groups) == 1
        ideal = pen(palette.muted, (4, 4))
        plot.begin()
        below.begin()
        plot.getAxis("bottom").showLabel(False)  # the plot below says it for both
        plot.curve("ideal", [0, 1], [0, 1], ideal, thin=True, z=-5)
        legend: list[Entry] = []
        for group in reversed(groups):
            shown, (evaluation, *more) = group.runs[0], evaluations(group)
            if more:
                legend.insert(0, self._draw_group(group, alone))
                continue
            line, key = pen(palette.validation) if alone else run_pen(shown.index, palette), str(shown.index)
            count, confidence, right = filled(evaluation.bins)
            few = count < FEW
            plot.points(f"few {key}", confidence[few], right[few], palette.mixed(line.color(), 0.5), "o", 6)
            confidence, right = confidence[~few], right[~few]
            x, y = outline(evaluation.bins)
            if alone:
                there, back = np.concatenate([confidence, confidence[::-1]]), np.concatenate([right, confidence[::-1]])
                plot.curve("gap", there, back, None, fill=palette.mixed(line.color(), GAP), z=-10)
                around = np.concatenate([x, [x[-1], x[0]]]), np.concatenate([y, [NONE, NONE]])
                below.curve("fill", *around, None, fill=palette.mixed(line.color(), 3 * GAP), z=-10)
            plot.curve(f"accuracy {key}", confidence, right, line, dots=True)
            below.curve(f"images {key}", x, y, line, thin=True)
            name = _("validation") if alone else shown.label
            legend.insert(0, Entry(line, True, f"{name}, ECE {calibration_error(evaluation.bins):.1%}"))
        plot.end([*legend, Entry(ideal, False, _("perfectly calibrated"))])
        below.end()
        for each in (plot, below):
            each.span(0, 1)

    def _draw_group(self, group: Group, alone: bool) -> Entry:
        """The mean of its runs in the ranges that have images in all of them, with a band; its entry in the legend."""
        plot, below, palette = self.plot, self.images, self.colours
        line, key = pen(palette.validation) if alone else run_pen(group.index, palette), str(group.index)
        bins = np.stack([evaluation.bins for evaluation in evaluations(group)]).astype(np.float64)
        shared = bins[:, (bins[:, :, 0] >= FEW).all(0)]
        confidence = shared[:, :, 1].mean(0)
        one = band([(confidence, right) for right in shared[:, :, 2]], self.band)
        if len(one.x) > 1:
            there, back = np.concatenate([one.x, one.x[::-1]]), np.concatenate([one.high, one.low[::-1]])
            plot.curve(f"band {key}", there, back, None, fill=palette.mixed(line.color(), BAND), z=-10)
        plot.curve(f"accuracy {key}", one.x, one.mean, line, dots=True)
        below.curve(f"images {key}", *outline(bins.mean(0)), line, thin=True)
        name = group.counted if not alone else f"{_('validation')} (n = {group.n})"
        return Entry(line, True, f"{name}, ECE {np.mean([calibration_error(own) for own in bins]):.1%}")

    def numbers(self) -> str:
        evaluation = self.runs[0].record.latest(Evaluation)
        if evaluation is None:
            return ""
        count, confidence, right = filled(evaluation.bins)
        excess = float(count @ (confidence - right) / count.sum())
        form = _("over-confident by {share:.1%}") if excess > 0 else _("under-confident by {share:.1%}")
        return BETWEEN.join(
            [
                f"ECE {calibration_error(evaluation.bins):.1%}",
                form.format(share=abs(excess)),
                _("epoch {epoch}").format(epoch=evaluation.epoch),
            ]
        )

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        rows: list[list[Cell]] = []
        for shown, evaluation in self._known():
            n = len(evaluation.bins)
            for i, values in enumerate(evaluation.bins.tolist()):
                rows.append([shown.label, i / n, (i + 1) / n, *values])
        return ["run", "from", "to", "images", "confidence", "accuracy"], rows


def evaluations(group: Group) -> list[Evaluation]:
    """Of its runs."""
    return [found for shown in group.runs if (found := shown.record.latest(Evaluation)) is not None]


def filled(bins: Floats) -> tuple[Doubles, Doubles, Doubles]:
    """Images, mean confidence and accuracy of those ranges that have images; `bins` as in Evaluation."""
    count, confidence, right = bins[bins[:, 0] > 0].astype(np.float64).T
    return count, confidence, right


def calibration_error(bins: Floats) -> float:
    """Expected calibration error: Σ images · |confidence − accuracy| / Σ images; `bins` as in Evaluation."""
    count, confidence, right = filled(bins)
    return float(count @ np.abs(confidence - right) / count.sum())


def outline(bins: Floats) -> tuple[Doubles, Doubles]:
    """The histogram as steps: x and y, two points for each range."""
    edges = np.linspace(0, 1, len(bins) + 1)
    return np.repeat(edges, 2)[1:-1], np.repeat(np.maximum(bins[:, 0], NONE), 2).astype(np.float64)
