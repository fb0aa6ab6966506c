"""People's own pictures named in a table: a row each, with its class, and perhaps its part and what it belongs to."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from explorer.data.choice import DataChoice
from explorer.data.columns import FILE, GROUP, LABEL, SPLIT, WEIGHT, roles
from explorer.data.names import natural, number, part_of
from explorer.data.picture_file import suffixes, unread
from explorer.data.places import Places
from explorer.data.rows import Rows, read
from explorer.data.source import FREE, Found, PassedOver, listed
from explorer.data.tree import Seen, unwatched
from explorer.errors import InputError
from explorer.i18n import N_, Message

MISSING = 0.5
"""Share of the files from which on it is the folder that is wrong, not the table."""
CLASSES = 0.5
"""Different labels a row, from which on the column is something else; not in small tables."""
FEW_ROWS = 20
TOLD = 1000
"""Rows between two words on how far it is."""


@dataclass
class _Kept:
    """Rows that name a picture."""

    paths: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


def find(table: Path, choice: DataChoice, seen: Seen = unwatched) -> Found:
    """The pictures that `table` names. Raises InputError where it, its columns or most of its files are not there."""
    rows = _with_header(read(table))
    at = roles(rows, choice.columns, table)
    names, labels = (rows.columns[at[role]] for role in (FILE, LABEL))
    if not names:
        raise InputError(Message("{table} has columns, but no rows.", table=table))
    _require_classes(table, rows.names[at[LABEL]], labels)
    places = Places([_folder(choice.root)]) if choice.root else Places.around(table, names)
    parts, notes = _parts(rows, at, choice)
    groups = rows.columns[at[GROUP]] if GROUP in at else ("",) * len(names)
    kept, passed = _kept(names, labels, parts, groups, places, seen)
    missing = passed["missing"]
    if len(missing) >= MISSING * len(names):
        raise InputError(
            Message(
                "{n} of the {total} files that {table} names in its column “{column}” are not in {folder}: {names}. "
                "Name the folder of the pictures with root.",
                n=len(missing),
                total=len(names),
                table=table,
                column=rows.names[at[FILE]],
                folder=places.roots[0],
                names=listed(missing),
            )
        )
    classes = tuple(sorted(set(kept.labels), key=natural))
    _require_classes(table, rows.names[at[LABEL]], kept.labels)
    index = {name: n for n, name in enumerate(classes)}
    coded = np.array([index[label] for label in kept.labels], np.int64)
    order = np.argsort(coded, kind="stable")
    if WEIGHT in at:
        notes.append(
            Message("The column “{column}” is not used: all pictures count alike.", column=rows.names[at[WEIGHT]])
        )
    return Found(
        root=places.roots[0],
        classes=classes,
        paths=tuple(Path(kept.paths[n]) for n in order),
        labels=coded[order],
        parts=np.array(kept.parts, np.int64)[order],
        passed_over=(*rows.passed_over, *_passed_over(passed)),
        notes=(*rows.notes, *notes),
        layout=_layout(rows, at),
        ordered=all(number(name) is not None for name in classes),
        groups=tuple(kept.groups[n] for n in order) if any(kept.groups) else (),
        title=table.name,
    )


def _with_header(rows: Rows) -> Rows:
    """Where the first row names a picture already, columns go by their number."""
    if not any(os.path.splitext(name)[1].lower() in suffixes() for name in rows.names):  # noqa: PTH122
        return rows
    numbers = tuple(str(n) for n in range(1, len(rows.names) + 1))
    columns = tuple((name, *column) for name, column in zip(rows.names, rows.columns, strict=True))
    return rows._replace(names=numbers, columns=columns)


def _require_classes(table: Path, column: str, labels: tuple[str, ...] | list[str]) -> None:
    """Raises InputError unless there are at least two, and pictures enough for each."""
    classes = Counter(label for label in labels if label)
    if len(classes) < 2:
        raise InputError(
            Message.counted(
                "The column “{column}” of {table} tells {n} class, and at least 2 are needed. Name another one as "
                "label=NAME.",
                "The column “{column}” of {table} tells {n} classes, and at least 2 are needed. Name another one as "
                "label=NAME.",
                len(classes),
                column=column,
                table=table,
            )
        )
    if len(labels) > FEW_ROWS and len(classes) > CLASSES * len(labels):
        text = N_(
            "The column “{column}” of {table} has {n} different values in {rows} rows, such as {names}: they are no "
            "classes. Name the column that has them as label=NAME."
        )
        names = listed(list(classes))
        raise InputError(Message(text, column=column, table=table, n=len(classes), rows=len(labels), names=names))


def _folder(name: str) -> Path:
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise InputError(Message("There is no folder {folder}, which root names. Check the path.", folder=folder))
    return folder


def _parts(rows: Rows, at: dict[str, int], choice: DataChoice) -> tuple[list[int | None], list[Message]]:
    """The part that each row names; None for one that is not understood."""
    if SPLIT not in at:
        return [FREE] * len(rows.columns[0]), []
    column, name = rows.columns[at[SPLIT]], rows.names[at[SPLIT]]
    meant = {value: part_of(value) if value else FREE for value in set(column)}
    strange = sorted(value for value, part in meant.items() if value and part == FREE)
    if len(strange) == len([value for value in meant if value]):
        fills = {"column": name, "names": listed(strange)}
        if any(one.startswith(f"{SPLIT}=") for one in choice.columns):
            text = N_("The column “{column}” names no parts such as train, val and test, but {names}.")
            raise InputError(Message(text, **fills))
        text = N_("The column “{column}” names no parts, but {names}; it is not used.")
        return [FREE] * len(column), [Message(text, **fills)] if strange else []
    known = {value: part if part != FREE or not value else None for value, part in meant.items()}
    return [known[value] for value in column], []


def _kept(
    names: tuple[str, ...],
    labels: tuple[str, ...],
    parts: list[int | None],
    groups: tuple[str, ...],
    places: Places,
    seen: Seen,
) -> tuple[_Kept, dict[str, list[str]]]:
    """The rows to be used, and the names of the others by reason."""
    kept, passed = _Kept(), defaultdict[str, list[str]](list)
    readable = suffixes()
    rows_of: dict[str, int] = {}
    torn: set[int] = set()
    for n, (name, label, part, group) in enumerate(zip(names, labels, parts, groups, strict=True)):
        if n % TOLD == 0:
            seen(n)
        if not name or not label:
            passed["without"].append(name or "–")
        elif part is None:
            passed["part"].append(name)
        elif (path := places.find(name)) is None:
            passed["missing"].append(name)
        elif path[path.rfind(".") :].lower() not in readable:
            passed["unread"].append(name)
        elif (row := rows_of.setdefault(path, len(kept.paths))) < len(kept.paths):
            passed["again"].append(name)
            if kept.labels[row] != label:
                torn.add(row)
        else:
            kept.paths.append(path)
            kept.labels.append(label)
            kept.parts.append(part)
            kept.groups.append(group)
    if torn:
        passed["torn"] = [kept.paths[row] for row in sorted(torn)]
        stays = [row for row in range(len(kept.paths)) if row not in torn]
        columns = (kept.paths, kept.labels, kept.parts, kept.groups)
        kept = _Kept(*([column[row] for row in stays] for column in columns))  # type: ignore[arg-type]
    return kept, passed


def _passed_over(passed: dict[str, list[str]]) -> list[PassedOver]:
    reasons = {
        "missing": Message("Files that are not there"),
        "unread": unread(os.path.splitext(name)[1] for name in passed.get("unread", ())),  # noqa: PTH122
        "without": Message("Rows without a file or a class"),
        "part": Message("Rows of no part such as train, val and test"),
        "again": Message("Named in more than one row; the first counts"),
        "torn": Message("Named with several classes, and left out"),
    }
    return [PassedOver(reason, tuple(passed[key])) for key, reason in reasons.items() if passed.get(key)]


def _layout(rows: Rows, at: dict[str, int]) -> Message:
    text = N_("a table: files in “{file}”, classes in “{label}”")
    named = [rows.names[at[role]] for role in (SPLIT, GROUP) if role in at]
    fills = {"file": rows.names[at[FILE]], "label": rows.names[at[LABEL]]}
    if not named:
        return Message(text, **fills)
    return Message("{table}, and {others}", table=Message(text, **fills), others=named)
