"""Schedule: which learning rate is planned, which one acted, and which layers learn at all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QVBoxLayout

from explorer.errors import InputError
from explorer.events import Doubles, EpochDone, LayerPlan, RecipeChanged, RunEnded, RunStarted, StepDone
from explorer.gui.charts.annotations import Entry
from explorer.gui.charts.curves import last_epoch, marks_of, step_epochs
from explorer.gui.charts.groups import groups_of
from explorer.gui.charts.next_run import differing, filled, next_pen
from explorer.gui.charts.panel import BETWEEN, Cell, Panel, Shown
from explorer.gui.charts.plot import Plot
from explorer.gui.charts.rate_groups import Span, acting, any_frozen, groups, learning, rates_by_group, several_rates
from explorer.gui.theme import pen, run_pen
from explorer.i18n import N_, _
from explorer.recipe import parse
from explorer.runs.record import RunRecord
from explorer.runs.timing import steps_per_epoch
from explorer.techniques import Aspect, Moment, Technique, counted
from explorer.training.rates import learning_rate

if TYPE_CHECKING:
    from explorer.training.preview import Preview

POINTS = 300
EPOCHS = N_("Epochs done")
PLANNED = (2, 4)
"""Dashes."""


class SchedulePanel(Panel):
    """The learning rate of each step over the rate that the recipe plans; after a live change the new plan is drawn.

    Layers with rates of their own have a curve each. Where some are frozen, bars below say when they learn.
    """

    name = "schedule"
    title = N_("Learning rate")
    how_to_read = N_(
        "The dotted line is the rate that the recipe plans, the solid one the rate that acted. They lie on each other "
        "unless the recipe was changed while it trained; plateau can only plan as far as the losses are known. Long "
        "dashes are the next run, as the recipe stands now. Bars below, if layers are frozen: when which of them "
        "learn. Watch the loss where the rate falls: it should fall once more. If the loss jumps where the rate is "
        "highest, lower the peak or add warm-up; if it stops falling early, switch on a schedule or raise the rate."
    )
    kinds = (RunStarted, StepDone, EpochDone, LayerPlan, RecipeChanged, RunEnded)
    previews = True

    def build(self) -> None:
        self.plot = self.add_plot(Plot(EPOCHS, N_("Learning rate, per step")))
        self.thaws = self.add_plot(Plot(EPOCHS, N_("Layers")))
        self.thaws.plotItem.vb.invertY(True)
        self.thaws.setMouseEnabled(y=False)
        self.thaws.getAxis("left").setGrid(False)
        self.thaws.hide()
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.plot, 3)
        column.addWidget(self.thaws, 2)
        self._plans: dict[int, tuple[Any, tuple[Doubles, Doubles]]] = {}

    @property
    def ahead(self) -> Preview | None:
        """The next run, if its schedule is another one."""
        return differing(self.preview, self.runs, Aspect.RATE)

    def why_empty(self) -> str:
        if self.ahead or any(shown.record.started for shown in self.runs):
            return ""
        return self.problem or _("The plan depends on the number of images; it is known when they are loaded.")

    def draw(self) -> None:
        plot, palette, ahead = self.plot, self.colours, self.ahead
        dotted, dashed = pen(palette.foreground, PLANNED), next_pen(palette)
        plot.begin()
        legend: list[Entry] = []
        seeds = groups_of(self.runs, self.band)
        alone = len(seeds) == 1
        for group in seeds:
            shown = max(group.runs, key=lambda one: one.record.series.steps.last)  # they have one schedule
            record, x = shown.record, step_epochs(shown.record)
            plot.curve(f"plan {shown.index}", *self._plan(shown), dotted, z=1, thin=True)
            curves = [(_("actual") if alone else group.label, record.series.steps.rates)]
            if alone and several_rates(record.all(LayerPlan)):
                curves = list(rates_by_group(record))
            for i, (label, y) in enumerate(curves):
                shade = palette.mixed(
                    palette.train, 1 - 0.65 * (len(curves) - 1 - i) / len(curves)
                )  # the head's is full
                own = pen(shade) if alone else run_pen(group.index, palette)
                plot.curve(f"rate {shown.index} {i}" if i else f"rate {shown.index}", x, y, own, z=-shown.index)
                legend.append(Entry(own, False, label))
        legend += [Entry(dotted, False, _("planned"))] if self.runs else []
        for i, (_label, x, y) in enumerate(next_rates(ahead)):
            plot.curve(f"next {i}", x, y, dashed, z=2)
        legend += [Entry(dashed, False, _("next run"))] if ahead else []
        end = max(last_epoch(self.runs), float(ahead.schedule.epochs[-1]) if ahead else 0)
        plot.end(legend, marks_of(self.runs, palette))
        plot.span(0, end)
        self._draw_thaws(ahead, end)

    def _plan(self, shown: Shown) -> tuple[Doubles, Doubles]:
        record = shown.record
        stamp = (record, record.started is None, len(record.all(RecipeChanged)), len(record.epochs))
        if shown.index not in self._plans or self._plans[shown.index][0] != stamp:
            self._plans[shown.index] = (stamp, planned(record))
        return self._plans[shown.index][1]

    def _draw_thaws(self, ahead: Preview | None, end: float) -> None:
        """Of the current run filled, of the next one as outlines."""
        plot, palette, record = self.thaws, self.colours, self.runs[0].record if self.runs else RunRecord()
        coming = ahead.schedule.plans if ahead else ()
        plot.setVisible(any_frozen(record.all(LayerPlan)) or any_frozen(coming))
        text = EPOCHS if plot.isHidden() else ""  # once is enough
        if text != self.plot.x_text:
            self.plot.x_text = text
            self.plot.retranslate()
        if plot.isHidden():
            return
        plot.begin()
        colour, dotted = palette.mixed(palette.train, 0.6), pen(palette.muted, PLANNED)
        found, reached = groups(record.all(LayerPlan), coming), record.series.steps.last / steps_per_epoch(record)
        for row, group in enumerate(found):
            plot.curve(f"row {row}", [0, end], [row, row], dotted, z=-20, thin=True)
            for span in learning(record.all(LayerPlan), group.factors[0], steps_per_epoch(record), reached):
                plot.curve(f"learns {row} {span.start:g}", *box(span, row, 0.3), None, fill=colour, z=-10)
            for span in learning(coming, group.factors[1], *_length(ahead)):
                plot.curve(f"next {row} {span.start:g}", *box(span, row, 0.4), next_pen(palette), z=2)
        learns = [filled(colour, _("learns"))] if record.all(LayerPlan) else []
        marks = [mark._replace(text="") for mark in marks_of(self.runs[:1], palette)]  # the text once is enough
        plot.end([*learns, Entry(dotted, False, _("frozen"))], marks)
        plot.name_rows([group.label for group in found])
        plot.span(0, end)
        axes = [each.getAxis("left") for each in self.plots]
        widest = max(axis.maximumWidth() for axis in axes)  # so that epochs stand below each other
        for axis in axes:
            if axis.maximumWidth() != widest:
                axis.setWidth(widest)

    def numbers(self) -> str:
        said, rates = [], self.runs[0].record.series.steps.rates if self.runs else np.zeros(0)
        if len(rates):
            said.append(_("now {rate:.2e}").format(rate=rates[-1]))
        if ahead := self.ahead:
            said.append(_("next run: up to {rate:.2e}").format(rate=ahead.schedule.rates.max()))
        if len(rates):
            said.append(_("highest so far {rate:.2e}").format(rate=rates.max()))
        return BETWEEN.join([*said, *([self.problem] if self.problem else [])])

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        curves: list[tuple[str, str, Doubles, Doubles]] = []
        for shown in self.runs:
            record, x = shown.record, step_epochs(shown.record)
            curves += [
                (shown.label, "planned", *self._plan(shown)),
                (shown.label, "actual", x, record.series.steps.rates),
            ]
            if several_rates(record.all(LayerPlan)) or any_frozen(record.all(LayerPlan)):
                curves += [(shown.label, label, x, y) for label, y in rates_by_group(record, frozen=0.0)]
        curves += [("next run", label or "planned", x, y) for label, x, y in next_rates(self.ahead, frozen=0.0)]
        rows: list[list[Cell]] = [
            [run, curve, a, b] for run, curve, x, y in curves for a, b in zip(x.tolist(), y.tolist(), strict=True)
        ]
        return ["run", "curve", "epoch", "rate"], rows


def next_rates(ahead: Preview | None, frozen: float = math.nan) -> list[tuple[str, Doubles, Doubles]]:
    """Label, epochs and rates of each group of layers of the next run; one without a label if all learn alike."""
    if ahead is None:
        return []
    plans, x, rates = ahead.schedule.plans, ahead.schedule.epochs, ahead.schedule.rates
    if not several_rates(plans):
        return [("", x, rates)]
    found = [
        (group.label, acting(plans, group.factors[0], np.round(x * ahead.steps_per_epoch))) for group in groups(plans)
    ]
    return [(label, x, np.where(factors > 0, rates * factors, frozen)) for label, factors in found]


def _length(ahead: Preview | None) -> tuple[int, float]:
    """Steps per epoch, and epochs."""
    return (ahead.steps_per_epoch, float(ahead.schedule.epochs[-1])) if ahead else (1, 0.0)


def box(span: Span, row: int, half: float) -> tuple[list[float], list[float]]:
    """Outline of a bar in its row."""
    start, end = span
    return [start, end, end, start, start], [row - half, row - half, row + half, row + half, row - half]


def planned(record: RunRecord) -> tuple[Doubles, Doubles]:
    """Epochs and rates as each recipe of the run planned them, from when it came until the next one."""
    if record.started is None:
        return np.zeros(0), np.zeros(0)
    per_epoch, losses = steps_per_epoch(record), record.metric("validation", "loss").tolist()
    starts = [0, *(mark.step for mark in record.all(RecipeChanged))]
    rebuilt = [mark.step // per_epoch for mark in record.all(RecipeChanged) if mark.anew]
    x: list[float] = []
    y: list[float] = []
    since, before = dict[str, int](), tuple[Technique, ...]()
    for i, values in enumerate([record.started.recipe, *(mark.recipe for mark in record.all(RecipeChanged))]):
        try:
            recipe = parse(values)
        except InputError:  # a recipe of another version: no plan, but the rest can be drawn
            continue
        since = counted(since, before if i else recipe.techniques, recipe.techniques, starts[i] // per_epoch)
        before = recipe.techniques
        end = starts[i + 1] if i + 1 < len(starts) else max(recipe.epochs * per_epoch, starts[i])
        count = min(POINTS, max(1, end - starts[i]))
        for step in np.unique(np.linspace(starts[i], end - 1, count, dtype=int)).tolist():
            done = step // per_epoch
            known = tuple(epoch for epoch in rebuilt if epoch <= min(done, len(losses)))
            moment = Moment(step, per_epoch, recipe.epochs, tuple(losses[:done]), known, since)
            x.append((step + 1) / per_epoch)
            y.append(learning_rate(recipe, moment))
    return np.array(x), np.array(y)
