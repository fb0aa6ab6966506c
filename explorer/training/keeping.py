"""When a run's checkpoints are written: after each epoch, and in between as often as the recipe says.

Whoever stores events is told first, so that what is stored is never behind a checkpoint. Of two files the best one
comes first: a kill between them leaves a best.pt that is ahead, from which the run goes on (resuming.newest), not a
last.pt whose best epoch is nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

from explorer.events import CheckpointDue, Event
from explorer.training.checkpoint_path import BEST, LAST
from explorer.training.run import Run


def keep(run: Run, *names: str) -> Iterator[CheckpointDue]:
    """Write checkpoints of `run` as it stands, in this order."""
    if run.checkpoints:
        yield CheckpointDue(step=run.at.step, epoch=run.at.epoch)
        run.save(*names)


def keep_epoch(run: Run, best: bool) -> Iterator[CheckpointDue]:
    """Write the checkpoints of an epoch, that of the `best` one first."""
    yield from keep(run, *[BEST] * best, LAST)


def keep_in_between(run: Run) -> Iterator[Event]:
    """Write the last checkpoint in mid-epoch, if it is time; not where that of the epoch follows."""
    left = (run.at.epoch + 1) * run.steps_per_epoch - run.at.step
    if left and run.recipe.save_seconds and perf_counter() - run.saved >= run.recipe.save_seconds:
        yield from run.reports.rest()
        yield from keep(run, LAST)
