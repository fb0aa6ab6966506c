"""What came of an experiment, for the terminal, as CSV, as Markdown and as JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from explorer.events import DIVERGED, FAILED, FINISHED, STOPPED
from explorer.i18n import _
from explorer.runs.effects import Effect, Effects
from explorer.runs.experiment import Result, spread

OUTCOMES: dict[str, Callable[[], str]] = {
    FINISHED: lambda: _("finished"),
    DIVERGED: lambda: _("diverged"),
    FAILED: lambda: _("failed"),
    STOPPED: lambda: _("stopped"),
}
SIGNS: dict[int, Callable[[], str]] = {
    1: lambda: _("higher"),
    0: lambda: _("not distinguishable"),
    -1: lambda: _("lower"),
}


def show_effects(effects: Effects, terminal: Console) -> None:
    """Tables of arms, classes and combinations, and the verdicts as sentences."""
    heads, *rows = _rows(effects)
    terminal.print(_table(str(effects.experiment.title), heads, rows))
    for title, table in _extra(effects):
        terminal.print(_table(title, table[0], table[1:]))
    for sentence in effects.sentences():
        terminal.print(str(sentence))


def csv_text(effects: Effects) -> str:
    """A line for each run: its arm, its seed, how it ended, and what was measured."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    ends = [result.ended for effect in effects.effects for result in effect.results]
    metrics = list(dict.fromkeys(name for ended in ends for name in ended.test))
    recalls = [f"recall {name}" for name in effects.classes]
    writer.writerow(["arm", "seed", "outcome", *metrics, "seconds", "seconds_per_epoch", *recalls])
    for effect in effects.effects:
        for result, told in zip(effect.results, effect.told, strict=True):
            tests = [result.ended.test.get(name, "") for name in metrics]
            times = [result.ended.seconds, "" if math.isnan(told.seconds_per_epoch) else told.seconds_per_epoch]
            own = told.recalls or ("",) * len(effects.classes)
            writer.writerow([effect.arm.label, result.place.seed, result.ended.outcome, *tests, *times, *own])
    return file.getvalue()


def markdown(effects: Effects) -> str:
    """The tables and sentences, for a report."""
    parts = [f"## {effects.experiment.title}", _markdown(*_rows(effects))]
    for title, table in _extra(effects):
        parts += [f"### {title}", _markdown(*table)]
    parts.append("\n".join(f"- {sentence}" for sentence in effects.sentences()))
    return "\n\n".join(parts) + "\n"


def as_json(effects: Effects) -> str:
    """For programs."""
    plain = {
        "title": effects.experiment.title.english,
        "metric": effects.metric,
        "baseline": effects.experiment.baseline_label.english,
        "classes": effects.classes,
        "arms": [_plain(effects, effect) for effect in effects.effects],
        "interactions": [{"settings": label.english, **_interval(found)} for label, found in effects.interactions()],
        "sentences": [sentence.english for sentence in effects.sentences()],
    }
    return json.dumps(plain, ensure_ascii=False, indent=2)


def how_ended(results: Sequence[Result]) -> str:
    """In words: of several, how many of each kind."""
    words = []
    for outcome, word in OUTCOMES.items():
        if n := sum(result.ended.outcome == outcome for result in results):
            words.append(word() if len(results) == 1 else f"{word()}: {n}")
    return ", ".join(words)


def _rows(effects: Effects) -> Iterator[list[str]]:
    """The heads of the table, then an arm a row."""
    yield [
        _("run"),
        str(effects.title),
        _("difference (95 % interval)"),
        _("verdict"),
        _("best epoch"),
        _("seconds per epoch"),
        _("ended"),
    ]
    for effect in effects.effects:
        best = [float(one.ended.best_epoch) for one in effect.results if one.ended.outcome == FINISHED]
        yield [
            str(effect.arm.label),
            _mean(list(effect.values.values()), "{:.4f}"),
            _difference(effect),
            SIGNS[effect.verdict.sign]() if effect.verdict else "",
            _mean(best, "{:g}"),
            "–" if math.isnan(effect.seconds_per_epoch) else f"{effect.seconds_per_epoch:.2f}",
            how_ended(effect.results),
        ]


def _extra(effects: Effects) -> Iterator[tuple[str, list[list[str]]]]:
    """More tables: (title, rows, the first of them the heads)."""
    gains = {str(effect.arm.label): effects.gains(effect) for effect in effects.effects if effect.verdict}
    if any(gains.values()):
        table = [[_("run"), *effects.classes]]
        table += [[label, *(f"{gain:+.3f}" for gain in found)] for label, found in gains.items() if found]
        if len(effects.classes) > len(table):  # the longer side goes down the page
            table = [list(row) for row in zip(*table, strict=True)]
        yield _("Share of right answers, by class, less that of the baseline (validation)"), table
    if len(axes := effects.experiment.axes) == 2:
        means = {effect.arm.label.english: effect.spread[0] for effect in effects.effects}
        labels = [arm.label.english for arm in effects.experiment.arms]
        across = len(axes[1].values)
        rows = [
            [str(value), *(f"{means.get(label, math.nan):.4f}" for label in labels[i * across : (i + 1) * across])]
            for i, value in enumerate(axes[0].values)
        ]
        yield str(effects.title), [["", *map(str, axes[1].values)], *rows]


def _difference(effect: Effect) -> str:
    found = effect.verdict
    if found is None:
        return _("baseline")
    if not found.n:
        return "–"
    interval = f" ({found.low:+.3f} … {found.high:+.3f})" if math.isfinite(found.low) else ""
    return f"{found.difference:+.3f}{interval}"


def _mean(values: Sequence[float], form: str) -> str:
    if not values:
        return "–"
    mean, deviation = spread(values)
    return form.format(mean) if math.isnan(deviation) else f"{form.format(mean)} ± {form.format(deviation)}"


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    made = Table(title=title)
    for number, head in enumerate(heads):
        made.add_column(head, no_wrap=number == 0)
    for row in rows:
        made.add_row(*row)
    return made


def _markdown(heads: Sequence[str], *rows: Sequence[str]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _plain(effects: Effects, effect: Effect) -> dict[str, Any]:
    mean, deviation = effect.spread
    return {
        "arm": effect.arm.label.english,
        "values": {str(seed): value for seed, value in effect.values.items()},
        "mean": _number(mean),
        "deviation": _number(deviation),
        "difference": _interval(effect.verdict) if effect.verdict else None,
        "seconds_per_epoch": _number(effect.seconds_per_epoch),
        "gains_by_class": effects.gains(effect),
        "outcomes": [result.ended.outcome for result in effect.results],
        "folders": [str(result.folder) if result.folder else None for result in effect.results],
    }


def _interval(found: Any) -> dict[str, Any]:
    return {
        "n": found.n,
        "difference": _number(found.difference),
        "low": _number(found.low),
        "high": _number(found.high),
        "verdict": {1: "higher", 0: "not distinguishable", -1: "lower"}[found.sign],
        "seeds_needed": found.needed,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
