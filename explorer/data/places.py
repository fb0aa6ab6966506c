"""Where the files lie that a table names: beside it, in a folder beside it, with or without their suffix."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from explorer.data.picture_file import suffixes
from explorer.data.tree import SYSTEM

TRIED = 200
"""Names of a table by which the folders are found, and folders that are looked into."""
DEEP = 2


class Places:
    """Folders in which pictures are looked for, the likeliest first."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = tuple(roots)
        self._below: tuple[dict[str, _Folder], ...] = tuple({} for _root in roots)
        """For each root, the folders in which names lie, as the names call them."""

    @classmethod
    def around(cls, table: Path, names: Sequence[str]) -> Places:
        """The folder of the `table` and those below it in which some of the `names` lie."""
        some = names[:: max(1, len(names) // TRIED)]
        beside = cls([table.parent])
        if all(beside.find(name) for name in some):
            return beside
        hits = {}
        for folder in (table.parent, *islice(_folders(table.parent, DEEP), TRIED)):
            one = cls([folder])
            hits[folder] = sum(one.find(name) is not None for name in some)
        order = sorted((folder for folder in hits if hits[folder]), key=lambda folder: -hits[folder])
        return cls(order or [table.parent])

    def find(self, name: str) -> str | None:
        """The path of the file that a table calls `name`; None if there is none."""
        folder, _slash, last = (name.replace("\\", "/") if os.sep == "/" else name).rpartition("/")
        for root, below in zip(self.roots, self._below, strict=True):
            if (there := below.get(folder)) is None:
                path = os.path.join(root, folder) if folder or not name.startswith("/") else "/"  # noqa: PTH118
                there = below[folder] = _Folder(os.path.normpath(path))
            if last in there.names:
                return f"{there.path}/{last}"
            if known := there.loosely(last):
                return f"{there.path}/{known}"
        return None


class _Folder:
    """The files of a folder."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.names = _files(path)
        self._loosely: dict[str, str] | None = None

    def loosely(self, name: str) -> str:
        """The picture that is called `name` but for case or suffix; "" if none is, or several are."""
        if self._loosely is None:
            self._loosely = _loosely(self.names)
        return self._loosely.get(name.casefold(), "")


def _files(folder: str) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries if not entry.name.startswith(".") and not entry.is_dir())
    except (OSError, ValueError):  # not there, no permission, no name of a file
        return frozenset()


def _loosely(names: frozenset[str]) -> dict[str, str]:
    """Pictures by their name without case, and by it without its suffix where that is one file's alone."""
    readable = suffixes()
    found: dict[str, str] = {}
    twice: set[str] = set()
    for name in sorted(names):
        folded = name.casefold()
        stem, dot, suffix = folded.rpartition(".")
        if dot + suffix in readable:
            twice |= {stem} & found.keys()
            found[stem] = name
    for name in twice:
        del found[name]
    return found | {name.casefold(): name for name in names}


def _folders(top: Path, deep: int) -> Iterator[Path]:
    """Sub-folders, those of one level before the next."""
    level = [top]
    for _depth in range(deep):
        below: list[Path] = []
        for folder in level:
            try:
                entries = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
            except OSError:
                continue
            below += [folder / name for name in entries if not name.startswith(".") and name.lower() not in SYSTEM]
        yield from below
        level = below
