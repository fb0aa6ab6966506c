"""Runs that go on, a line each, and a line for all of them, with the time that is left."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from explorer.cli.terminal import how, loaded, numbers
from explorer.errors import InputError
from explorer.events import Event, Note, RunEnded, WeightsLoaded
from explorer.i18n import _
from explorer.runs import RunRecord
from explorer.runs.experiment import Experiment, Planned
from explorer.runs.timing import total_steps
from explorer.session.processes import Way


class Board:
    """A context manager; `follow` can be called from several threads."""

    def __init__(self, experiment: Experiment, way: Way, terminal: Console) -> None:
        self._experiment, self._way, self._terminal = experiment, way, terminal
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[numbers]}", markup=False),
        )
        self._bars = Progress(*columns, console=terminal)
        self._began, self._first = perf_counter(), len(experiment.results)
        self._all = self._bars.add_task(str(experiment.title), total=len(experiment.runs), numbers="")
        self._notes: set[str] = set()

    def follow(self, planned: Planned, folder: Path, events: Iterator[Event]) -> RunEnded | None:
        """Show the events of a run; how it ended. Raises InputError, after saying so."""
        record = RunRecord()
        task = self._bars.add_task(planned.place.said, total=None, numbers="")
        try:
            for event in events:
                record.apply(event)
                if isinstance(event, Note):
                    self._note(str(event.text))
                elif isinstance(event, WeightsLoaded):
                    self._note(loaded(event))
                elif record.started:
                    done, total = record.series.steps.last, total_steps(record)
                    self._bars.update(task, completed=done, total=total, numbers=numbers(record))
                    self._update(done / max(1, total))
        except InputError as error:
            self._bars.print(f"{planned.place.said}: {error}")
            raise
        finally:
            self._bars.remove_task(task)
        ended = record.ended
        if ended:
            self._bars.print(f"{planned.place.said}: {_told(ended)}")
            self._bars.print("  " + _("The run is in {folder}").format(folder=folder), soft_wrap=True)
            if ended.remedy:
                self._bars.print(f"  {ended.remedy}")
        return ended

    def _note(self, text: str) -> None:
        """Once, though each run says it."""
        if text not in self._notes:
            self._notes.add(text)
            self._bars.print(text)

    def _update(self, share: float) -> None:
        """`share` of one of the runs that go on is done; the others are taken to be as far."""
        ended, runs = len(self._experiment.results), len(self._experiment.runs)
        going = min(self._way.at_once, runs - ended)
        made = ended - self._first + share * going
        left = (runs - ended - share * going) * (perf_counter() - self._began) / made if made > 0.1 else math.nan
        told = "" if math.isnan(left) else _("{time} left").format(time=f"{left // 60:.0f}:{left % 60:02.0f}")
        text = _("{n} of {total} runs").format(n=ended, total=runs)
        self._bars.update(self._all, completed=ended, numbers=f"{text}  {told}")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._bars.update(self._all, completed=len(self._experiment.results), numbers="")
        self._bars.stop()


def _told(ended: RunEnded) -> str:
    accuracy = ended.test.get("accuracy")
    reached = "" if accuracy is None else " " + _("Test accuracy {accuracy:.4f}.").format(accuracy=accuracy)
    return how(ended) + reached
