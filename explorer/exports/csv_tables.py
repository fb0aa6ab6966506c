"""The numbers of a run as tables for spreadsheets: a row per epoch, and a row per step."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from explorer.exports.base import Export, StoredRun
from explorer.i18n import N_
from explorer.runs import RunRecord


def files(run: StoredRun) -> Iterator[tuple[str, bytes]]:
    """metrics.csv and steps.csv, UTF-8."""
    yield "metrics.csv", metrics(run.record).encode()
    yield "steps.csv", steps(run.record).encode()


def metrics(record: RunRecord) -> str:
    """One row per epoch: epoch, step, seconds, images per second, and every metric on train and validation."""
    names = list(record.epochs[0].train) if record.epochs else []
    columns = [(split, name) for split in ("train", "validation") for name in names]
    rows = [
        [epoch.epoch, epoch.step, round(epoch.seconds, 4), round(epoch.images_per_second, 1)]
        + [getattr(epoch, split)[name] for split, name in columns]
        for epoch in record.epochs
    ]
    header = ["epoch", "step", "seconds", "images_per_second", *(f"{split}_{name}" for split, name in columns)]
    return _table(header, rows)


def steps(record: RunRecord) -> str:
    """One row per step: step, optimised loss of its batch, rate, seconds, cross-entropy with the true labels."""
    rows = [[int(step), *rest] for step, *rest in record.steps_table.rows.tolist()]
    return _table(["step", "loss", "lr", "seconds", "cross_entropy"], rows)


def _table(header: list[str], rows: list[list[float]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


EXPORT = Export("csv", N_("Tables of numbers, for spreadsheets"), files)
