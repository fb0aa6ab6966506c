"""People's own pictures: a folder in which each sub-folder is a class."""

from __future__ import annotations

import hashlib
import math
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.data.base import Arrays, ImageData, assemble, reduced
from explorer.data.choice import DataChoice
from explorer.data.picture_file import SUFFIXES, UnreadablePicture, read_picture
from explorer.errors import InputError
from explorer.i18n import Message, _

SIZE = 64
"""Pixels along each side of the square that each picture is cropped and scaled to."""
VALIDATION_SHARE = 0.15
TEST_SHARE = 0.15
MIN_PER_CLASS = 10
MAX_PICTURES = 100_000
"""1.2 GB at 64×64."""
MAX_UNREADABLE = 0.05
"""Share of files that may be damaged before we ask the user to look."""

_SPLIT_NAMES = {"train", "training", "val", "valid", "validation", "test", "testing"}
_NAMED_AT_MOST = 5


def load(folder: Path, choice: DataChoice, seed: int) -> ImageData:
    """The pictures in `folder`, 70% of each class for training, 15% for validation, 15% for the test.

    Which picture goes where depends on the files alone, not on `seed`: a test picture stays one in every run.
    Raises InputError if there are fewer than 2 classes, fewer than MIN_PER_CLASS pictures in one, more
    than MAX_PICTURES in all, or if MAX_UNREADABLE of the files or more cannot be read; fewer are left out and
    named in `notes`.
    """
    files = find_pictures(folder)
    classes = tuple(files)
    paths = [path for members in files.values() for path in members]
    labels = np.repeat(np.arange(len(classes)), [len(members) for members in files.values()])
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes without holding the interpreter's lock
        read = list(pool.map(_read_or_none, paths))
    notes = _judge_unreadable(folder, [path for path, one in zip(paths, read, strict=True) if one is None], len(paths))
    labels = labels[[one is not None for one in read]]
    digests, pictures = zip(*(one for one in read if one is not None), strict=True)
    for name, count in zip(classes, np.bincount(labels, minlength=len(classes)), strict=True):
        _require_enough(folder, name, int(count))
    everything = Arrays(np.stack(pictures), labels)
    training, validation, test = (everything.take(part) for part in _split(digests, labels, len(classes)))
    ordered = all(_number(name) is not None for name in classes)
    smaller = reduced(training, classes, choice, seed)
    return assemble(choice, classes, smaller, validation, test, ordered=ordered, notes=notes)


def find_pictures(folder: Path) -> dict[str, list[Path]]:
    """The picture files of each class in natural order ("2" before "10"), without hidden ones.

    Raises InputError as `load` does for too few classes or pictures and for too many.
    """
    try:
        below = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
        found = {path.name: _pictures_below(path) for path in sorted(below, key=lambda p: natural(p.name))}
    except OSError as error:
        raise InputError(
            _("{folder} cannot be read ({reason}). Check its permissions.").format(folder=folder, reason=error.strerror)
        ) from error
    found = {name: paths for name, paths in found.items() if paths}
    if found and {name.lower() for name in found} <= _SPLIT_NAMES:
        raise InputError(
            _(
                "The sub-folders of {folder} ({names}) are parts of a set, not classes. Choose one of them,"
                " such as {example}: it is divided into training, validation and test here."
            ).format(folder=folder, names=", ".join(found), example=folder / next(iter(found)))
        )
    if len(found) < 2:
        raise InputError(
            _(
                "{folder} has {count} sub-folders with pictures ({suffixes}), and at least 2 are needed: "
                "put the pictures of each class into a sub-folder with the class's name."
            ).format(folder=folder, count=len(found), suffixes=", ".join(SUFFIXES))
        )
    for name, paths in found.items():
        _require_enough(folder, name, len(paths))
    if (total := sum(map(len, found.values()))) > MAX_PICTURES:
        raise InputError(
            _("{folder} has {count} pictures, and {limit} fit into memory. Take some out.").format(
                folder=folder, count=total, limit=MAX_PICTURES
            )
        )
    return found


def natural(name: str) -> tuple[tuple[float, tuple[tuple[int, int | str], ...]], str]:
    """Sorting key: numbers by their value and before words, digits within words as numbers."""
    pieces = filter(None, re.split(r"(\d+)", name))
    parts = tuple((0, int(piece)) if piece.isdecimal() else (1, piece.casefold()) for piece in pieces)
    number = _number(name)
    return (math.inf if number is None else number, parts), name


def _number(name: str) -> float | None:
    """The finite number that `name` is, else None."""
    try:
        number = float(name)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _pictures_below(folder: Path) -> list[Path]:
    found = [
        Path(place, name)
        for place, _folders, names in os.walk(folder, onerror=_raise)  # follows no links: no endless loops
        for name in names
        if name.lower().endswith(SUFFIXES) and not name.startswith(".")
    ]
    return sorted(found, key=lambda path: natural(path.relative_to(folder).as_posix()))


def _raise(error: OSError) -> None:
    raise error


def _read_or_none(path: Path) -> tuple[bytes, NDArray[np.uint8]] | None:
    """Hash of the file and its picture, or None if it cannot be read."""
    try:
        picture = read_picture(path, SIZE)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest(), picture
    except (UnreadablePicture, OSError):
        return None


def _judge_unreadable(folder: Path, broken: list[Path], total: int) -> tuple[Message, ...]:
    if not broken:
        return ()
    names = ", ".join(path.relative_to(folder).as_posix() for path in broken[:_NAMED_AT_MOST])
    if len(broken) > _NAMED_AT_MOST:
        names += ", …"
    if len(broken) >= MAX_UNREADABLE * total:
        raise InputError(
            _(
                "{broken} of {total} pictures in {folder} cannot be read: {names}. Replace them or take them out."
            ).format(broken=len(broken), total=total, folder=folder, names=names)
        )
    return (
        Message(
            "{broken} of {total} pictures cannot be read and were left out: {names}.",
            broken=len(broken),
            total=total,
            names=names,
        ),
    )


def _require_enough(folder: Path, name: str, count: int) -> None:
    if count < MIN_PER_CLASS:
        raise InputError(
            _(
                "The class “{name}” in {folder} has {count} readable pictures, and at least {least} are "
                "needed. Add more, or take its sub-folder out."
            ).format(name=name, folder=folder, count=count, least=MIN_PER_CLASS)
        )


def _split(digests: Sequence[bytes], labels: NDArray[np.int64], classes: int) -> tuple[NDArray[np.int64], ...]:
    """Sorted indices for training, validation and test."""
    # Ordered by the files' hash: as good as a shuffle, a picture added later moves few of the others, and
    # copies of one picture stay together, so that the test does not ask what was seen in training.
    parts: list[list[int]] = [[], [], []]
    for label in range(classes):
        members = sorted(np.flatnonzero(labels == label).tolist(), key=lambda index: digests[index])
        held = [math.floor(share * len(members) + 0.5) for share in (VALIDATION_SHARE, TEST_SHARE)]
        parts[1] += members[: held[0]]
        parts[2] += members[held[0] : sum(held)]
        parts[0] += members[sum(held) :]
    return tuple(np.array(sorted(part), np.int64) for part in parts)
