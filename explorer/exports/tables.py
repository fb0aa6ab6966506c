"""A run as tables for other programs."""

from __future__ import annotations

import csv
import io

from explorer.runs.record import RunRecord


def metrics_csv(record: RunRecord) -> str:
    """One row per epoch: epoch, step, seconds, images per second, and every metric on train and validation."""
    names = [f"{split}_{name}" for split in ("train", "validation") for name in _names(record)]
    rows = [
        [epoch.epoch, epoch.step, round(epoch.seconds, 4), round(epoch.images_per_second, 1)]
        + [getattr(epoch, split)[name] for split in ("train", "validation") for name in _names(record)]
        for epoch in record.epochs
    ]
    return _csv(["epoch", "step", "seconds", "images_per_second", *names], rows)


def steps_csv(record: RunRecord) -> str:
    """One row per step: step, loss of its batch, learning rate, seconds."""
    return _csv(
        ["step", "loss", "lr", "seconds"], [[int(step), *rest] for step, *rest in record.steps_table.rows.tolist()]
    )


def _names(record: RunRecord) -> list[str]:
    return list(record.epochs[0].train) if record.epochs else []


def _csv(header: list[str], rows: list[list[float]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
