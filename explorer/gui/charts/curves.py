"""What panels with one curve per epoch have in common: train and validation of every run, marks, the best epoch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from explorer.events import Doubles, EpochDone, RecipeChanged
from explorer.gui.charts.annotations import NO_LINE, ChangeMark, Entry, merged
from explorer.gui.charts.groups import Group, groups_of
from explorer.gui.charts.plot import Plot
from explorer.gui.charts.shown import Cell, Shown
from explorer.gui.theme import Palette, pen, run_pen
from explorer.i18n import _
from explorer.runs.bands import BANDS, EACH, band
from explorer.runs.record import RunRecord
from explorer.runs.timing import steps_per_epoch

BAND = 0.22
"""Share of the curve's colour in the band around a mean."""
GAP = 0.13
"""Share of the validation colour in the shading between train and validation."""


def epochs_of(record: RunRecord) -> Doubles:
    """Epochs done at the end of each measured epoch."""
    return np.array([epoch.epoch for epoch in record.epochs], np.float64)


def step_epochs(record: RunRecord) -> Doubles:
    """Epochs done after each step, with fractions."""
    return record.series.steps.numbers / steps_per_epoch(record)


def last_epoch(runs: Sequence[Shown]) -> float:
    """Right end of the axis: what is planned for runs that go on, what was reached by those that ended; else 1."""
    ends = [1.0] if not runs else []
    for shown in runs:
        record = shown.record
        reached = record.series.steps.last / steps_per_epoch(record)
        ends.append(reached if record.ended else max(reached, float(record.recipe.get("epochs", 1))))
    return max([*ends, 1e-9])


def marks_of(runs: Sequence[Shown], palette: Palette) -> list[ChangeMark]:
    """Live changes of all runs; with several runs in their colours."""
    marks = []
    for shown in runs:
        record, anew = shown.record, best_anew(shown.record)
        colour = palette.run(shown.index).name() if len(runs) > 1 else ""
        for change in record.all(RecipeChanged):
            words = [*record.changes(change), *([_("best epoch anew")] if change.step in anew else [])]
            marks.append(ChangeMark(change.step / steps_per_epoch(record), ", ".join(words), colour))
    return merged(marks)


def pens(shown: Shown | Group, alone: bool, palette: Palette) -> tuple[Any, Any]:
    """Pens for train and validation: two colours if the run is alone, else two strengths of the run's own."""
    if alone:
        return pen(palette.train), pen(palette.validation)
    own = run_pen(shown.index, palette)
    faint = run_pen(shown.index, palette)
    faint.setColor(palette.mixed(own.color(), 0.5))
    return faint, own


def legend_of(runs: Sequence[Shown], palette: Palette, kind: str = EACH) -> list[Entry]:
    """Train and validation, with several groups of runs each of them, and what the band of a group is."""
    groups = groups_of(runs, kind)
    bands = [Entry(NO_LINE, False, _(BANDS[kind]))] if len(groups) < len(runs) else []
    if len(groups) == 1:
        train, validation = pens(groups[0], True, palette)
        n = f" (n = {groups[0].n})" if bands else ""
        return [Entry(train, False, _("training")), Entry(validation, True, _("validation") + n), *bands]
    neutral = pen(palette.foreground)
    faint = pen(palette.mixed(palette.foreground, 0.5))
    named = [Entry(run_pen(group.index, palette), False, group.counted if bands else group.label) for group in groups]
    return [*named, Entry(faint, False, _("training")), Entry(neutral, True, _("validation")), *bands]


def draw_group(plot: Plot, group: Group, metric: str, palette: Palette, kind: str, alone: bool) -> None:
    """The mean of its runs that have ended, with a band; thin lines for one that goes on, or went on after another."""
    for split, line in zip(("train", "validation"), pens(group, alone, palette), strict=True):
        curves = [(epochs_of(shown.record), shown.record.metric(split, metric)) for shown in group.runs]
        ended = [curve for curve, shown in zip(curves, group.runs, strict=True) if shown.record.ended]
        one = band(ended or curves, kind)
        last = one.x[-1] if len(one.x) else -np.inf
        if len(one.x) > 1 and (alone or split == "validation"):
            there, back = np.concatenate([one.x, one.x[::-1]]), np.concatenate([one.high, one.low[::-1]])
            plot.curve(f"band {split} {group.index}", there, back, None, fill=palette.mixed(line.color(), BAND), z=-10)
        plot.curve(f"{split} {group.index}", one.x, one.mean, line, dots=split == "validation", z=6)
        for (x, y), shown in zip(curves, group.runs, strict=True):
            rest = slice(None) if ended and not shown.record.ended else x >= last
            thin = pen(palette.mixed(line.color(), 0.5), (2, 3))
            plot.curve(f"{split} of {shown.index}", x[rest], y[rest], thin, thin=True, z=4)


def draw_epochs(
    plot: Plot, runs: Sequence[Shown], metric: str, palette: Palette, *, shade: bool = True, kind: str = EACH
) -> ChangeMark | None:
    """Curves of `metric`, those that differ in the seed alone as one with a band of this `kind`.

    Returns the mark of the first run's best epoch, the one with the lowest validation loss.
    """
    best = None
    groups = groups_of(runs, kind)
    for group in reversed(groups):
        if group.n > 1:
            draw_group(plot, group, metric, palette, kind, len(groups) == 1)
            best = None
            continue
        shown = group.runs[0]
        record, x, key = shown.record, epochs_of(shown.record), str(shown.index)
        train, validation = record.metric("train", metric), record.metric("validation", metric)
        first, second = pens(shown, len(groups) == 1, palette)
        if shade and len(groups) == 1 and len(x) > 1:
            there, back = np.concatenate([x, x[::-1]]), np.concatenate([train, validation[::-1]])
            plot.curve("gap", there, back, None, fill=palette.mixed(second.color(), GAP), z=-10)
        plot.curve(f"train {key}", x, train, first, dots=len(x) == 1, z=5)
        plot.curve(f"validation {key}", x, validation, second, dots=True, z=6)
        if record.best is not None:
            y = record.best.validation.get(metric, np.nan)
            plot.points(f"best {key}", [record.best.epoch], [y], second.color(), "star", 13)
            best = ChangeMark(record.best.epoch, _("best epoch {epoch}").format(epoch=record.best.epoch), sign="★")
        former = former_bests(record)
        heights = [epoch.validation.get(metric, np.nan) for epoch in former]
        plot.points(
            f"former {key}", [epoch.epoch for epoch in former], heights, second.color(), "star", 11, hollow=True
        )
    return best


def former_bests(record: RunRecord) -> list[EpochDone]:
    """Best epochs of networks that the run gave up: a later one counts as best though its loss is higher."""
    anew = [mark.step for mark in record.all(RecipeChanged) if mark.anew]
    bests = [epoch for epoch in record.epochs if epoch.best]
    return [
        before
        for before, after in pairwise(bests)
        # Runs of earlier versions do not say where; there, a best epoch that is worse than the one before tells it.
        if any(before.step <= step < after.step for step in anew)
        or after.validation["loss"] > before.validation["loss"]
    ]


def best_anew(record: RunRecord) -> set[int]:
    """Steps of the live changes after which the best epoch was, or will be, looked for anew."""
    bests = [epoch for epoch in record.epochs if epoch.best]
    steps = {
        mark.step for mark in record.all(RecipeChanged) if mark.anew and any(best.step <= mark.step for best in bests)
    }
    for former in former_bests(record):
        later = bests[bests.index(former) + 1].step
        if not any(former.step <= step < later for step in steps):
            steps.update([mark.step for mark in record.all(RecipeChanged) if mark.step < later][-1:])
    return steps


def epoch_rows(runs: Sequence[Shown], metric: str) -> list[list[Cell]]:
    """Rows run, curve, epoch, value."""
    return [
        [shown.label, split, float(epoch), float(value)]
        for shown in runs
        for split in ("train", "validation")
        for epoch, value in zip(epochs_of(shown.record), shown.record.metric(split, metric), strict=True)
    ]
