"""How far a run is, how fast, and how long it will take: read off its record."""

from __future__ import annotations

import numpy as np

from explorer.events import InstrumentCost
from explorer.runs.record import RunRecord

FORWARD = 1 / 3
"""Time that an answer takes, as a share of a training step on as many images."""
LAST = 50
"""Steps of which the speed is told."""


def steps_per_epoch(record: RunRecord) -> int:
    """Steps in one epoch; 1 before it is known."""
    return record.started.steps_per_epoch if record.started else 1


def total_steps(record: RunRecord) -> int:
    """Steps that the whole run will take; 0 before it is known."""
    return record.started.steps_per_epoch * int(record.recipe["epochs"]) if record.started else 0


def images_per_second(record: RunRecord) -> float:
    """Training speed over the last steps; 0 before there are any."""
    seconds = record.series.steps.seconds[-LAST:]
    return float(record.recipe["batch_size"] * len(seconds) / seconds.sum()) if len(seconds) else 0.0


def measures(record: RunRecord) -> bool:
    """Whether all batches of an epoch are done and what follows them is not: measuring, or the test images."""
    step = record.series.steps.last
    whole, rest = divmod(step, steps_per_epoch(record))
    return (
        record.ended is None
        and step > 0
        and rest == 0
        and (not record.epochs or record.epochs[-1].epoch < whole or step >= total_steps(record))
    )


def seconds_left(record: RunRecord) -> float | None:
    """Estimate of the time to the end, with measuring after each epoch and on the test images at the end.

    From the epochs so far, or else the steps; None before there are any.
    """
    seconds = record.series.steps.seconds
    if record.started is None or not len(seconds):
        return None
    images = record.started.images
    measured = 2 * images.get("validation", 0)  # a sample of the training images that is as large, too
    last = record.epochs[-3:]
    if last:
        step = sum(epoch.seconds for epoch in last) / len(last) / record.started.steps_per_epoch
        measuring = sum(epoch.measuring_seconds or epoch.seconds / 7 for epoch in last) / len(last)
    else:
        step = float(np.median(seconds))
        measuring = step / int(record.recipe["batch_size"]) * measured * FORWARD
    test = measuring * images.get("test", 0) / measured if measured else 0.0
    epochs = max(0, int(record.recipe["epochs"]) - (record.epochs[-1].epoch if record.epochs else 0))
    return (total_steps(record) - record.series.steps.last) * step + epochs * measuring + test


def watching_share(record: RunRecord) -> float:
    """Share of the run's time that the instruments took."""
    cost = record.latest(InstrumentCost)
    return sum(cost.seconds.values()) / cost.training_seconds if cost and cost.training_seconds else 0.0
