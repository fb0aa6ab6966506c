"""The numbers of a run as Parquet: typed columns, for pandas, polars, DuckDB and Spark."""

from __future__ import annotations

import io
from collections.abc import Iterator

from explorer.exports.base import Export, StoredRun, package
from explorer.exports.tables import ExportTable, metrics, steps
from explorer.i18n import N_


def files(run: StoredRun) -> Iterator[tuple[str, bytes]]:
    """metrics.parquet and steps.parquet. Raises InputError where the package pyarrow is not installed."""
    yield "metrics.parquet", _written(metrics(run.record))
    yield "steps.parquet", _written(steps(run.record))


def _written(table: ExportTable) -> bytes:
    with package(EXPORT.name, "pyarrow"):
        import pyarrow
        import pyarrow.parquet
    columns = {name: [row[i] for row in table.rows] for i, name in enumerate(table.header)}
    content = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), content)
    return content.getvalue()


EXPORT = Export("parquet", N_("Tables of numbers with types, for pandas, polars and DuckDB"), files)
