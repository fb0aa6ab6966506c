"""Schedule: which learning rate is planned, and which one acted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from explorer.errors import InputError
from explorer.events import EpochDone, RecipeChanged, RunEnded, RunStarted, StepDone
from explorer.gui.panels.around import Entry
from explorer.gui.panels.base import Cell, Panel, Shown
from explorer.gui.panels.curves import last_epoch, marks_of, step_epochs
from explorer.gui.panels.plot import Plot
from explorer.gui.theme import pen, run_pen
from explorer.i18n import N_, _
from explorer.recipe import parse
from explorer.runs.record import Doubles, RunRecord
from explorer.techniques import Moment

POINTS = 300


class SchedulePanel(Panel):
    """The learning rate of each step over the rate that the recipe plans; after a live change the new plan is drawn."""

    name = "schedule"
    title = N_("Learning rate")
    how_to_read = N_(
        "The dashed line is the rate that the recipe plans, the solid one the rate that acted. They lie on each other "
        "unless the recipe was changed while it trained; plateau can only plan as far as the losses are known. Watch "
        "the loss where the rate falls: it should fall once more. If the loss jumps where the rate is highest, lower "
        "the peak or add warm-up; if it stops falling early, switch on a schedule or raise the rate."
    )
    kinds = (RunStarted, StepDone, EpochDone, RecipeChanged, RunEnded)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = self.add_plot(Plot(N_("Epochs done"), N_("Learning rate, per step")))
        self.fill_body(self.plot)
        self._plans: dict[int, tuple[Any, tuple[Doubles, Doubles]]] = {}
        self.ready()

    def why_empty(self) -> str:
        if any(shown.record.started for shown in self.runs):
            return ""
        return _("The plan depends on the number of images: press Train.")

    def draw(self) -> None:
        plot, palette, alone = self.plot, self.colours, len(self.runs) == 1
        plot.begin()
        for shown in reversed(self.runs):
            own = pen(palette.train) if alone else run_pen(shown.index, palette)
            x, y = self._plan(shown)
            plot.curve(f"plan {shown.index}", x, y, pen(palette.foreground, (4, 5)), z=1, thin=True)
            plot.curve(f"rate {shown.index}", step_epochs(shown.record), shown.record.rates, own)
        named = [Entry(pen(palette.train), False, _("actual"))] if alone else []
        named += [] if alone else [Entry(run_pen(s.index, palette), False, s.label) for s in self.runs]
        plot.end([*named, Entry(pen(palette.foreground, (4, 5)), False, _("planned"))], marks_of(self.runs, palette))
        plot.span(0, last_epoch(self.runs))

    def _plan(self, shown: Shown) -> tuple[Doubles, Doubles]:
        record = shown.record
        stamp = (record, record.started is None, len(record.marks), len(record.epochs))
        if shown.index not in self._plans or self._plans[shown.index][0] != stamp:
            self._plans[shown.index] = (stamp, planned(record))
        return self._plans[shown.index][1]

    def numbers(self) -> str:
        rates = self.runs[0].record.rates
        if not len(rates):
            return ""
        return _("now {rate:.2e} · highest so far {highest:.2e}").format(rate=rates[-1], highest=rates.max())

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        rows: list[list[Cell]] = []
        for shown in self.runs:
            actual = step_epochs(shown.record), shown.record.rates
            for curve, (x, y) in (("planned", self._plan(shown)), ("actual", actual)):
                rows += [[shown.label, curve, a, b] for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        return ["run", "curve", "epoch", "rate"], rows


def planned(record: RunRecord) -> tuple[Doubles, Doubles]:
    """Epochs and rates as each recipe of the run planned them, from when it came until the next one."""
    if record.started is None:
        return np.zeros(0), np.zeros(0)
    per_epoch, losses = record.steps_per_epoch, record.metric("validation", "loss").tolist()
    starts = [0, *(mark.step for mark in record.marks)]
    x: list[float] = []
    y: list[float] = []
    for i, values in enumerate([record.started.recipe, *(mark.recipe for mark in record.marks)]):
        try:
            recipe = parse(values)
        except InputError:  # a recipe of another version: no plan, but the rest can be drawn
            continue
        end = starts[i + 1] if i + 1 < len(starts) else max(recipe.epochs * per_epoch, starts[i])
        count = min(POINTS, max(1, end - starts[i]))
        for step in np.unique(np.linspace(starts[i], end - 1, count, dtype=int)).tolist():
            moment = Moment(step, per_epoch, recipe.epochs, tuple(losses[: step // per_epoch]))
            x.append((step + 1) / per_epoch)
            y.append(recipe.lr * math.prod(technique.lr_scale(moment) for technique in recipe.techniques))
    return np.array(x), np.array(y)
