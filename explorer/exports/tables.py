"""The numbers of a run as tables: a row per epoch, and a row per step. CSV and Parquet write them down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.runs import RunRecord


@dataclass(frozen=True)
class ExportTable:
    """Names of columns, English for programs, and rows of numbers."""

    header: list[str]
    rows: list[list[Any]]


def metrics(record: RunRecord) -> ExportTable:
    """One row per epoch: epoch, step, seconds, images per second, and every metric on train and validation."""
    names = list(record.epochs[0].train) if record.epochs else []
    columns = [(split, name) for split in ("train", "validation") for name in names]
    rows = [
        [epoch.epoch, epoch.step, round(epoch.seconds, 4), round(epoch.images_per_second, 1)]
        + [getattr(epoch, split)[name] for split, name in columns]
        for epoch in record.epochs
    ]
    return ExportTable(["epoch", "step", "seconds", "images_per_second", *(f"{s}_{n}" for s, n in columns)], rows)


def steps(record: RunRecord) -> ExportTable:
    """One row per step: step, optimised loss of its batch, rate, seconds, cross-entropy with the true labels."""
    rows = [[int(step), *rest] for step, *rest in record.series.steps.rows.tolist()]
    return ExportTable(["step", "loss", "lr", "seconds", "cross_entropy"], rows)
