"""Runs as the terminal shows them: a progress bar and the end, or an event a line."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from explorer.events import Event, Note, RunEnded, StepDone, WeightsLoaded, to_json
from explorer.events import Progress as Doing
from explorer.i18n import _
from explorer.runs import RunRecord


def print_json(events: Iterator[Event]) -> RunEnded | None:
    last = None
    for last in events:
        print(to_json(last), flush=True)
    return last if isinstance(last, RunEnded) else None


def show(events: Iterator[Event]) -> RunEnded | None:
    """A progress bar while it runs, and how it ended."""
    console = Console(stderr=False)
    record = RunRecord()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[numbers]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, transient=False) as bar:
        task, epoch = bar.add_task(_("Starting"), total=None, numbers=""), 1
        for event in events:
            record.apply(event)
            if isinstance(event, Note):
                console.print(str(event.text), markup=False, highlight=False)
            elif isinstance(event, Doing):
                bar.update(task, description=escape(str(event.what)), completed=event.done, total=event.total or None)
            elif isinstance(event, WeightsLoaded):
                console.print(_loaded(event), markup=False, highlight=False)
            elif record.started:
                epoch = event.epoch + 1 if isinstance(event, StepDone) else epoch
                bar.update(
                    task,
                    description=_("Epoch {epoch} of {epochs}").format(epoch=epoch, epochs=record.recipe["epochs"]),
                    completed=record.step,
                    total=record.total_steps,
                    numbers=_numbers(record),
                )
    ended = record.ended
    if ended:
        _say_end(console, ended)
    return ended


def _numbers(record: RunRecord) -> str:
    """Loss, accuracy and speed, for the progress bar."""
    loss = f"{record.losses[-20:].mean():6.3f}" if record.step else "     –"
    accuracy = f"{record.epochs[-1].validation['accuracy']:.3f}" if record.epochs else "    –"
    return _("loss {loss}  accuracy {accuracy}  {speed:6.0f} images/s").format(
        loss=loss, accuracy=accuracy, speed=record.images_per_second
    )


def _loaded(event: WeightsLoaded) -> str:
    """Where the weights come from, and by name what does not."""
    unused = [f"{name} ({reason})" for name, reason in event.unused]
    parts = ((_("start afresh: {names}"), event.fresh), (_("not used: {names}"), unused))
    lines = [_("{n} tensors from {source}").format(n=len(event.kept), source=event.source)]
    return "\n".join([*lines, *("  " + text.format(names=", ".join(names)) for text, names in parts if names)])


def _say_end(console: Console, ended: RunEnded) -> None:
    print(
        _("{reason} {steps} steps in {seconds:.1f} s; best epoch {best}.").format(
            reason=ended.reason, steps=ended.step, seconds=ended.seconds, best=ended.best_epoch
        )
    )
    if ended.remedy:
        print(ended.remedy)
    if ended.test:
        table = Table(title=_("Test images"))
        for name in ended.test:
            table.add_column(name, justify="right")
        table.add_row(*(f"{value:.4f}" for value in ended.test.values()))
        console.print(table)
