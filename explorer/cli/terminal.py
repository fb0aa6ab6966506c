"""Runs as the terminal shows them: a progress bar and the end, or an event a line; and how anything is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from explorer.events import Event, Note, RunEnded, StepDone, WeightsLoaded, to_json
from explorer.events import Progress as Doing
from explorer.i18n import _, ngettext
from explorer.runs import RunRecord
from explorer.runs.timing import images_per_second, total_steps
from explorer.titles import METRICS


def console() -> Console:
    """A terminal in which names and texts mean themselves: [red] and :+1: are no orders to it."""
    return Console(markup=False, emoji=False, highlight=False)


def print_json(text: str) -> None:
    """Print JSON; signs that the encoding of the output lacks are written as JSON writes them in ASCII."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = "".join(c if c.isascii() else json.dumps(c)[1:-1] for c in text)
    print(text, flush=True)


def print_events(events: Iterator[Event]) -> RunEnded | None:
    """An event a line, as JSON."""
    last = None
    for last in events:
        print_json(to_json(last))
    return last if isinstance(last, RunEnded) else None


def show(events: Iterator[Event], known: RunRecord | None = None) -> RunEnded | None:
    """A progress bar while it runs, and how it ended; of a run that goes on, with what is `known` of it."""
    terminal, record = console(), known or RunRecord()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[numbers]}", markup=False),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=terminal, transient=False) as bar:
        task, epoch = bar.add_task(_("Starting"), total=None, numbers=""), 1
        for event in events:
            record.apply(event)
            if isinstance(event, Note):
                terminal.print(str(event.text))
            elif isinstance(event, Doing):
                bar.update(task, description=str(event.what), completed=event.done, total=event.total or None)
            elif isinstance(event, WeightsLoaded):
                terminal.print(loaded(event))
            elif record.started:
                epoch = event.epoch + 1 if isinstance(event, StepDone) else epoch
                bar.update(
                    task,
                    description=_("Epoch {epoch} of {epochs}").format(epoch=epoch, epochs=record.recipe["epochs"]),
                    completed=record.series.steps.last,
                    total=total_steps(record),
                    numbers=numbers(record),
                )
    ended = record.ended
    if ended:
        _say_end(terminal, ended)
    return ended


def numbers(record: RunRecord) -> str:
    """Loss, accuracy and speed, for the progress bar."""
    loss = f"{record.series.steps.losses[-20:].mean():6.3f}" if record.series.steps.last else "     –"
    accuracy = f"{record.epochs[-1].validation['accuracy']:.3f}" if record.epochs else "    –"
    return _("loss {loss}  accuracy {accuracy}  {speed:6.0f} images/s").format(
        loss=loss, accuracy=accuracy, speed=images_per_second(record)
    )


def loaded(event: WeightsLoaded) -> str:
    """Where the weights come from, and by name what does not."""
    unused = [f"{name} ({reason})" for name, reason in event.unused]
    parts = ((_("start afresh: {names}"), event.fresh), (_("not used: {names}"), unused))
    n = len(event.kept)
    lines = [ngettext("{n} tensor from {source}", "{n} tensors from {source}", n).format(n=n, source=event.source)]
    return "\n".join([*lines, *("  " + text.format(names=", ".join(names)) for text, names in parts if names)])


def how(ended: RunEnded) -> str:
    """What came of a run, in one line."""
    return ngettext(
        "{reason} {steps} step in {seconds:.1f} s; best epoch {best}.",
        "{reason} {steps} steps in {seconds:.1f} s; best epoch {best}.",
        ended.step,
    ).format(reason=ended.reason, steps=ended.step, seconds=ended.seconds, best=ended.best_epoch)


def _say_end(terminal: Console, ended: RunEnded) -> None:
    print(how(ended))
    if ended.remedy:
        print(ended.remedy)
    if ended.test:
        table = Table(title=_("Test images"))
        for name in ended.test:
            table.add_column(_(METRICS.get(name, name)), justify="right")
        table.add_row(*(f"{value:.4f}" for value in ended.test.values()))
        terminal.print(table)
