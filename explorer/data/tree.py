"""A folder with the pictures in it and below, before anything is made of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from explorer.data.names import natural
from explorer.data.picture_file import suffixes
from explorer.data.source import printable
from explorer.errors import InputError
from explorer.i18n import N_, Message

SYSTEM = frozenset({
    "@eadir", "__macosx", "$recycle.bin", "recycler", "recycled", "@recycle", "#recycle", "#snapshot", "@tmp",
    "lost+found", "system volume information", "network trash folder", "temporary items", "__pycache__",
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r", "_vti_cnf",
})  # fmt: skip
"""What systems and programs leave behind, in lower case; names that begin with a dot are hidden anyway."""


Seen = Callable[[int], None]
"""Hears how many files have been seen so far, and ends the search by what it raises."""


def unwatched(_files: int) -> None:
    """Nobody wants to know."""


@dataclass(eq=False)
class Node:
    """A folder with what can be read in it; hidden and system files are not."""

    path: Path
    folders: list[Node] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)
    hidden: list[Path] = field(default_factory=list)
    """Hidden, or left behind by a system; folders are not looked into."""
    unread: Counter[str] = field(default_factory=Counter)
    """How many files of each suffix are not read."""
    count: int = 0
    """Pictures here and below."""

    @property
    def name(self) -> str:
        return printable(self.path.name)

    @property
    def useful(self) -> list[Node]:
        """Sub-folders with pictures in them or below."""
        return [node for node in self.folders if node.count]

    def named(self, path: Path) -> str:
        """`path`, which lies below, as people know it."""
        return printable(path.relative_to(self.path).as_posix())

    def below(self) -> Iterator[Node]:
        """This folder and all within it."""
        waiting = [self]
        while waiting:
            yield (node := waiting.pop())
            waiting += node.folders

    def all_pictures(self) -> list[Path]:
        return [path for node in self.below() for path in node.pictures]


def tree(folder: Path, seen: Seen = unwatched) -> Node:
    """All of `folder`. Links are followed, but no folder is looked at twice: circles end."""
    top, readable = Node(folder), suffixes()
    known: set[tuple[int, int]] = set()
    waiting, nodes, files = [top], [], 0
    while waiting:
        node = waiting.pop()
        try:
            about = node.path.stat()
            if (about.st_dev, about.st_ino) in known:
                continue
            known.add((about.st_dev, about.st_ino))
            entries = sorted(os.scandir(node.path), key=lambda entry: natural(entry.name))
        except OSError as error:
            text = N_("{folder} cannot be read ({reason}). Check its permissions.")
            raise InputError(Message(text, folder=node.path, reason=error.strerror)) from error
        nodes.append(node)
        files += len(entries)
        seen(files)
        for entry in entries:
            path = node.path / entry.name
            if entry.name.startswith(".") or entry.name.lower() in SYSTEM:
                node.hidden.append(path)
                continue
            suffix = path.suffix.lower()
            if entry.is_dir():
                node.folders.append(Node(path))
            elif suffix in readable:
                node.pictures.append(path)
            elif entry.is_file():
                node.unread[suffix] += 1
        waiting += node.folders
    for node in reversed(nodes):  # a folder comes before those within it
        node.count = len(node.pictures) + sum(below.count for below in node.folders)
    return top
