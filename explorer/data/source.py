"""Pictures found on this machine before any is decoded: which files, of which classes, in which parts of the set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from explorer.errors import InputError
from explorer.i18n import NOTHING, Message

TRAINING, VALIDATION, TEST = range(3)
FREE = -1
"""The part of a picture that nobody has put into one: it is divided here."""


NAMED_AT_MOST = 5
LISTED = "{reason}: {names}."
"""The same in every language."""


@dataclass(frozen=True)
class PassedOver:
    """Files or folders that are not used, and why."""

    reason: Message
    names: tuple[str, ...]
    """Relative to the folder."""
    n: int = 0
    """How many, where `names` are not they."""
    quiet: bool = False
    """Whether nobody misses them: told only to who asks what was found."""

    @property
    def count(self) -> int:
        """How many files or folders."""
        return self.n or len(self.names)

    def note(self) -> Message:
        """For people."""
        return Message(LISTED, reason=self.reason, names=listed(self.names))


@dataclass(frozen=True, eq=False)
class Found:
    """The pictures of a set, in natural order class by class."""

    root: Path
    """Where the classes or parts lie: the folder that was chosen, or one within it."""
    classes: tuple[str, ...]
    paths: tuple[Path, ...]
    labels: NDArray[np.int64]
    """(N,), an index into `classes`."""
    parts: NDArray[np.int64]
    """(N,), TRAINING, VALIDATION, TEST or FREE."""
    passed_over: tuple[PassedOver, ...] = ()
    notes: tuple[Message, ...] = ()
    """What people should know of it, apart from what is passed over."""
    layout: Message = NOTHING
    """How labels are told: "by sub-folder"."""
    ordered: bool = False
    """Whether classes are quantities in rising order."""
    title: str = ""
    """What people call it, where that is not the name of the root."""
    groups: tuple[str, ...] = ()
    """(N,), what must not be divided, such as a patient; empty where nothing is known of it."""

    @property
    def remarks(self) -> tuple[Message, ...]:
        """All that people should know of it."""
        return (*self.notes, *(one.note() for one in self.passed_over if not one.quiet))

    def of(self, classes: Sequence[int]) -> Found:
        """The pictures of these `classes` alone; labels stay as they are."""
        return self.take(np.flatnonzero(np.isin(self.labels, classes)))

    def take(self, indices: NDArray[np.intp]) -> Found:
        """Those pictures alone, in that order; labels stay as they are."""
        return replace(
            self,
            paths=tuple(self.paths[index] for index in indices),
            labels=self.labels[indices],
            parts=self.parts[indices],
            groups=tuple(self.groups[index] for index in indices) if self.groups else (),
        )

    def ordered_as(self, order: Sequence[str]) -> Found:
        """The same with classes that rise in this `order`. Raises InputError unless it names each of them once."""
        if sorted(order) != sorted(self.classes):
            raise InputError(
                Message(
                    "The order of the classes must name each of them once. It names {given}, and there are {names}.",
                    given=tuple(order),
                    names=self.classes,
                )
            )
        place = np.array([order.index(name) for name in self.classes], np.int64)
        found = replace(self, classes=tuple(order), labels=place[self.labels], ordered=True)
        return found.take(np.argsort(found.labels, kind="stable"))

    def named(self, path: Path) -> str:
        """`path` as people know it: below the root."""
        return printable(path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path))


def listed(names: Sequence[str | Message]) -> tuple[str | Message, ...]:
    """The first few of them, to fill a place in a message."""
    return (*names[:NAMED_AT_MOST], "…") if len(names) > NAMED_AT_MOST else tuple(names)


def printable(name: str) -> str:
    """`name` of a file with U+FFFD for bytes that are no text; Python holds them as halves that nothing can write."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class Finder(Protocol):
    """Finds the pictures of one kind of set. Raises InputError, naming what was probably meant, where it is none."""

    def __call__(self, place: Path) -> Found:
        """Look at names only."""
