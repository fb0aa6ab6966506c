"""Where in a TOML file something stands: Python's reader gives values, and an editor wants the line."""

from __future__ import annotations

import re
from collections.abc import Sequence

Keys = tuple[str | int, ...]
HEADER = re.compile(r"^\s*(\[\[|\[)\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?$")
KEY = re.compile(
    r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=(.*)$"""
)
LONG = ('"""', "'''")


def places(text: str) -> dict[Keys, int]:
    """The line, counted from 1, of every table and key: ("step", 1, "text", "en") is of the second [[step]]."""
    found: dict[Keys, int] = {(): 1}
    table: Keys = ()
    counts: dict[Keys, int] = {}
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if header := HEADER.match(line):
            table = _table(_parts(header[2]), header[1] == "[[", counts, found, number)
        elif key := KEY.match(line):
            path: Keys = table
            for part in _parts(key[1]):
                path = (*path, part)
                found.setdefault(path, number)
            closing = next((sign for sign in LONG if key[2].count(sign) % 2), "")
    return found


def line_of(found: dict[Keys, int], place: Sequence[str | int]) -> int:
    """The line of `place`, or of the nearest thing around it that has one."""
    path = tuple(place)
    while path not in found:
        path = path[:-1]
    return found[path]


def _parts(name: str) -> list[str]:
    return [part.strip().strip("\"'") for part in re.findall(r'"[^"]*"|\'[^\']*\'|[^.]+', name)]


def _table(parts: list[str], several: bool, counts: dict[Keys, int], found: dict[Keys, int], number: int) -> Keys:
    """The place of a table; of one among [[several]], with its number. It is put into `found`, as in line `number`."""
    path: Keys = ()
    for i, part in enumerate(parts):
        path = (*path, part)
        found.setdefault(path, number)
        last = i == len(parts) - 1
        if last and several:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
            found.setdefault(path, number)
    return path
