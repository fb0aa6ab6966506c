"""A table of text or Parquet as columns of text: whatever its encoding, delimiter and quotes."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from explorer.data.source import PassedOver, listed, printable
from explorer.errors import InputError
from explorer.i18n import N_, Message

PARQUET = frozenset({".parquet", ".pq"})
SUFFIXES = frozenset({".csv", ".tsv", ".tab", ".txt", *PARQUET})
DELIMITERS = ",;\t|"
LARGEST = 1_000_000_000
"""Bytes of a table; of one with more it is doubted that it names pictures."""
HEAD = 65_536
"""Characters that the delimiter is told from."""
UNEVEN = 0.5
"""Share of rows with another number of cells than the header, from which on it is no table."""
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class Rows(NamedTuple):
    """A table without its header."""

    names: tuple[str, ...]
    """Of the columns."""
    columns: tuple[tuple[str, ...], ...]
    """Of equal length; nothing is missing, but cells may be empty."""
    passed_over: tuple[PassedOver, ...] = ()
    notes: tuple[Message, ...] = ()


def is_table(path: Path) -> bool:
    """Whether the name is that of a table."""
    return path.suffix.lower() in SUFFIXES


def read(path: Path) -> Rows:
    """The table in `path`. Raises InputError, with the remedy, for one that cannot be read as such."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            text = N_("The table {table} has {size:.1f} GB, and at most 1 GB is read. Does it hold more than names?")
            raise InputError(Message(text, table=path, size=size / 1e9))
        if path.suffix.lower() in PARQUET:
            return _of_parquet(path)
        content = path.read_bytes()
    except OSError as error:
        text = N_("{table} cannot be read ({reason}). Check its permissions.")
        raise InputError(Message(text, table=path, reason=error.strerror or error)) from None
    return _of_text(content, path)


def _of_parquet(path: Path) -> Rows:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        text = N_("To read {table} the package pyarrow is needed: pip install pyarrow. Or save the table as CSV.")
        raise InputError(Message(text, table=path)) from None
    try:
        table = pyarrow.parquet.read_table(path)
        plain = [column for column in table.column_names if not pyarrow.types.is_nested(table[column].type)]
        columns = tuple(tuple(map(_as_text, table[column].to_pylist())) for column in plain)
    except (pyarrow.ArrowException, UnicodeDecodeError) as error:
        text = N_("{table} is not Parquet that can be read: {reason}. Save it anew, or as CSV.")
        raise InputError(Message(text, table=path, reason=str(error).splitlines()[0][:200])) from None
    nested = [name for name in table.column_names if name not in plain]
    note = Message("Columns that hold more than one value are passed over: {names}.", names=listed(nested))
    return Rows(tuple(plain), columns, (), (note,) if nested else ())


def _as_text(cell: object) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _of_text(content: bytes, path: Path) -> Rows:
    text, notes = _decoded(content, path)
    delimiter = _delimiter(text, path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error as error:
        said = N_(
            "{table} cannot be read as a table near row {row}: {reason}. Is a quote opened there and never closed?"
        )
        raise InputError(Message(said, table=path, row=len(rows) + 1, reason=str(error))) from None
    header = next((row for row in rows if row), [])
    names = tuple(printable(name.strip()) or str(n) for n, name in enumerate(header, 1))
    width, even, uneven = len(names), [], []
    for n, row in enumerate(rows, 1):
        if len(row) == width:
            even.append(row)
        elif len(row) > width and not any(row[width:]):  # delimiters at the end of a row
            even.append(row[:width])
        elif any(row):
            uneven.append(n)
    if width < 2 or len(uneven) >= UNEVEN * (len(even) + len(uneven)):
        said = N_(
            "{table} is no table that can be read: of {rows} rows {even} have as many cells as the first ({names}). "
            "Save it as CSV with a comma, semicolon or tab between cells."
        )
        fills = {"rows": len(even) + len(uneven), "even": len(even), "names": listed(names)}
        raise InputError(Message(said, table=path, **fills))
    passed = PassedOver(
        Message("Rows with more or fewer cells than the first"), tuple(map(str, uneven[:100])), len(uneven)
    )
    columns = tuple(tuple(map(str.strip, column)) for column in zip(*even[1:], strict=True)) or ((),) * width
    return Rows(names, columns, (passed,) if uneven else (), notes)


def _decoded(content: bytes, path: Path) -> tuple[str, tuple[Message, ...]]:
    for mark, encoding in _BOMS.items():
        if content.startswith(mark):
            return content.decode(encoding, "replace"), ()
    if not content.strip():
        raise InputError(Message("The table {table} is empty.", table=path))
    if b"\0" in content:
        raise InputError(Message("{table} is no text. Save the table as CSV, as UTF-8.", table=path))
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError:
        # In Cyrillic, bytes above 127 make whole words; in Western text they stand alone.
        encoding = "cp1251" if re.search(rb"[\xc0-\xff]{3}", content) else "cp1252"
        note = Message("{table} is not UTF-8 and was read as {encoding}.", table=path.name, encoding=encoding)
        return content.decode(encoding, "replace"), (note,)


def _delimiter(text: str, path: Path) -> str:
    """What stands between cells: that by which most rows have as many cells as the first, and then the most cells."""
    head = text[:HEAD]
    head = head[: head.rfind("\n") + 1] if len(head) < len(text) and "\n" in head else head

    def score(delimiter: str) -> tuple[float, int]:
        try:
            rows = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, skipinitialspace=True)
            widths = [len(row) for row in rows if row]
        except csv.Error:
            return 0.0, 0
        if not widths or widths[0] < 2:
            return 0.0, 0
        return round(Counter(widths)[widths[0]] / len(widths), 1), widths[0]

    usual = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
    delimiters: tuple[str, ...] = (usual, *DELIMITERS)
    return max(delimiters, key=score)
