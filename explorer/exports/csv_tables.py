"""The numbers of a run as tables for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from explorer.exports.base import Export, StoredRun
from explorer.exports.tables import ExportTable, metrics, steps
from explorer.i18n import N_


def files(run: StoredRun) -> Iterator[tuple[str, bytes]]:
    """metrics.csv and steps.csv, UTF-8."""
    yield "metrics.csv", _text(metrics(run.record)).encode()
    yield "steps.csv", _text(steps(run.record)).encode()


def _text(table: ExportTable) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows(table.rows)
    return text.getvalue()


EXPORT = Export("csv", N_("Tables of numbers, for spreadsheets"), files)
