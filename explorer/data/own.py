"""People's own pictures: found, read, divided, and reduced as a recipe asks."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.data.base import Arrays, ImageData, Source, assemble, chosen, reduced
from explorer.data.choice import DataChoice
from explorer.data.folder import number
from explorer.data.picture_file import UnreadablePicture, View, read_picture
from explorer.data.source import FREE, TEST, TRAINING, VALIDATION, Found, listed
from explorer.data.splitting import divide, for_training, units
from explorer.errors import InputError
from explorer.i18n import N_, Message, _

MAX_BYTES = 100_000 * 3 * 64 * 64
"""1.2 GB of pictures in memory."""
MAX_UNREADABLE = 0.5
"""Share of files from which on something is wrong with the set, not with a file."""
FEW = 10
"""Pictures of a class below which its accuracy says next to nothing."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """What could be read, in the order of `indices` into what was found; (K,) or (K, C, H, W)."""

    indices: NDArray[np.int64]
    images: NDArray[np.uint8]
    digests: tuple[bytes, ...]
    """Of the files' bytes."""
    left_out: tuple[tuple[Path, Message], ...]
    """What could not be read, and why."""


def load(found: Found, choice: DataChoice, seed: int) -> ImageData:
    """The pictures that were `found`, in its own parts or 70% of each class for training, 15% for each other part.

    Which picture goes where depends on the pictures alone, not on `seed`: a test picture stays one in every run.
    Raises InputError for more than fits into memory, if MAX_UNREADABLE of the files cannot be read, and where too few
    are left to divide; what is left out otherwise is named in `notes`.
    """
    view = View(choice.size, choice.fit, choice.colour)
    found = found.of(chosen(found.classes, choice))
    if (total := len(found.paths)) > (limit := MAX_BYTES // int(np.prod(view.shape))):
        raise InputError(
            _("{folder} has {count} pictures, and {limit} fit into memory. Take some out.").format(
                folder=found.root, count=total, limit=limit
            )
        )
    read = decode(found, view)
    labels, given = found.labels[read.indices], found.parts[read.indices]
    groups = [found.groups[index] or index for index in read.indices] if found.groups else range(len(labels))
    pixels = [hashlib.sha256(image).digest() for image in read.images]
    together = units(read.digests, pixels, groups)
    parts = divide(labels, read.digests, together, given)
    notes = [*found.notes, *_unreadable(found, read), *_copies(found, read, units(read.digests, pixels), parts)]
    notes += _scarce(found, labels, parts)
    choice = choice.model_copy(update={"classes": _that_train(found, labels, parts)})
    everything = Arrays(read.images, labels)
    training, validation, test = (everything.take(np.flatnonzero(parts == part)) for part in range(3))
    _require_parts(found, validation, test)
    return assemble(
        choice,
        found.classes,
        reduced(training, found.classes, choice, seed),
        validation,
        test,
        ordered=_ordered(found),
        notes=tuple(notes),
    )


def source(name: str, found: Found) -> Source:
    """What is known of the pictures that were `found` before any is decoded."""
    n = len(found.paths)
    return Source(
        name=name,
        title=found.root.name,
        description=str(found.root),
        ordered=_ordered(found),
        available=True,
        remedy="",
        classes=found.classes,
        shape=View().shape,
        training=tuple(for_training(found.labels, found.parts, len(found.classes))),
        notes=(
            Message.counted(
                "{n} picture, {classes} classes.", "{n} pictures, {classes} classes.", n, classes=len(found.classes)
            ),
            *found.notes,
        ),
    )


def decode(found: Found, view: View) -> Decoded:
    """All pictures, on all cores. Raises InputError if MAX_UNREADABLE of them or more cannot be read."""
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")  # of decoders, about what they make of broken notes in a file
        # Pillow decodes without holding the interpreter's lock.
        answers = list(pool.map(_read, found.paths, repeat(view)))
    left_out = tuple((path, one) for path, one in zip(found.paths, answers, strict=True) if isinstance(one, Message))
    read = [(index, *one) for index, one in enumerate(answers) if not isinstance(one, Message)]
    if len(left_out) >= MAX_UNREADABLE * len(found.paths):
        raise InputError(
            Message(
                "{broken} of {total} pictures in {folder} cannot be read: {names}. Replace them or take them out.",
                broken=len(left_out),
                total=len(found.paths),
                folder=found.root,
                names=_reasons(found, left_out),
            )
        )
    indices, digests, images = zip(*read, strict=True)
    return Decoded(np.array(indices, np.int64), np.stack(images), digests, left_out)


def _read(path: Path, view: View) -> tuple[bytes, NDArray[np.uint8]] | Message:
    """Hash of the file and its picture, or why it cannot be read."""
    try:
        picture = read_picture(path, view)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest(), picture
    except UnreadablePicture as error:
        return error.reason
    except OSError:
        return Message("damaged")


def _reasons(found: Found, left_out: tuple[tuple[Path, Message], ...]) -> tuple[str | Message, ...]:
    text = "{name} ({reason})"  # the same in every language
    return listed([Message(text, name=found.named(path), reason=reason) for path, reason in left_out])


def _unreadable(found: Found, read: Decoded) -> list[Message]:
    if not read.left_out:
        return []
    return [
        Message.counted(
            "{n} of {total} pictures cannot be read and was left out: {names}.",
            "{n} of {total} pictures cannot be read and were left out: {names}.",
            len(read.left_out),
            total=len(found.paths),
            names=_reasons(found, read.left_out),
        )
    ]


def _copies(found: Found, read: Decoded, same: NDArray[np.int64], parts: NDArray[np.int64]) -> list[Message]:
    """Notes on pictures that are there more than once."""
    labels, notes = found.labels[read.indices], list[Message]()
    names = [found.named(found.paths[index]) for index in read.indices]
    counts = Counter(same.tolist())
    copies = len(same) - len(counts)
    if copies:
        notes.append(
            Message.counted(
                "{n} picture is a copy of another one; copies are kept in one part.",
                "{n} pictures are copies of others; copies are kept in one part.",
                copies,
            )
        )
    classes_of: dict[int, set[int]] = {}
    for unit, label in zip(same.tolist(), labels.tolist(), strict=True):
        classes_of.setdefault(unit, set()).add(label)
    torn = [names[index] for index, unit in enumerate(same.tolist()) if len(classes_of[unit]) > 1]
    if torn:
        notes.append(Message("The same picture lies in several classes: {names}.", names=listed(torn)))
    if dropped := [names[index] for index in np.flatnonzero(parts == FREE)]:
        notes.append(
            Message.counted(
                "{n} picture is also in the test or validation part, and was left out of the others: {names}.",
                "{n} pictures are also in the test or validation part, and were left out of the others: {names}.",
                len(dropped),
                names=listed(dropped),
            )
        )
    return notes


def _scarce(found: Found, labels: NDArray[np.int64], parts: NDArray[np.int64]) -> list[Message]:
    """Notes on classes with few pictures, or none in a part."""
    notes: list[Message] = []
    counts = {index: int((labels == index).sum()) for index in set(found.labels.tolist())}
    if few := [f"{found.classes[index]} ({count})" for index, count in sorted(counts.items()) if count < FEW]:
        notes.append(Message("Classes with few pictures, whose figures say little: {names}.", names=listed(few)))
    for part, text in (
        (TRAINING, N_("Classes without a picture to train on, which are left out: {names}.")),
        (VALIDATION, N_("Classes without a picture for validation: {names}.")),
        (TEST, N_("Classes without a picture for the test: {names}.")),
    ):
        there = set(labels[parts == part].tolist())
        if none := [found.classes[index] for index in sorted(counts.keys() - there)]:
            notes.append(Message(text, names=listed(none)))
    return notes


def _that_train(found: Found, labels: NDArray[np.int64], parts: NDArray[np.int64]) -> tuple[str, ...]:
    """The classes that have a picture to train on. Raises InputError if there are fewer than two."""
    names = tuple(found.classes[index] for index in np.unique(labels[parts == TRAINING]))
    if len(names) < 2:
        raise InputError(
            _("{folder} has readable pictures to train on in {count} classes, and at least 2 are needed.").format(
                folder=found.root, count=len(names)
            )
        )
    return names


def _ordered(found: Found) -> bool:
    return all(number(name) is not None for name in found.classes)


def _require_parts(found: Found, validation: Arrays, test: Arrays) -> None:
    """Raises InputError if there is nothing to validate or to test on."""
    if not len(validation.labels) or not len(test.labels):
        raise InputError(
            _(
                "{folder} has too few different pictures to divide: some class needs at least 3 of them, one each for "
                "training, validation and test. Add more."
            ).format(folder=found.root)
        )
