"""People's own pictures: found, read, divided, and reduced as a recipe asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from explorer.data.base import Arrays, ImageData, Source, assemble, chosen, reduced
from explorer.data.choice import DataChoice
from explorer.data.kept import pictures
from explorer.data.names import number
from explorer.data.reading import Decoded
from explorer.data.source import FREE, TEST, TRAINING, VALIDATION, Found, listed
from explorer.data.splitting import divide, for_training, units
from explorer.data.view import View
from explorer.errors import InputError
from explorer.events import Progress
from explorer.i18n import N_, Message, _, ngettext

FEW = 10
"""Pictures of a class below which its accuracy says next to nothing."""


def loading(found: Found, choice: DataChoice, seed: int) -> Generator[Progress, None, ImageData]:
    """The pictures that were `found`, in its own parts or 70% of each class for training, 15% for each other part.

    Which picture goes where depends on the pictures alone, not on `seed`: a test picture stays one in every run.
    Raises InputError for more than there is room for, if too many of the files cannot be read, and where too few are
    left to divide; what is left out otherwise is named in `notes`. Closing the iterator cancels.
    """
    found = found.of(chosen(found.classes, choice))
    view = View(choice.size, choice.fit, choice.colour)
    read = yield from pictures(found, view, lambda read: np.argsort(_divided(found, read), kind="stable"))
    labels, parts = found.labels[read.indices], _divided(found, read)
    copies = units(read.digests, read.pixels)
    notes = [*found.remarks, *read.notes, *_copies(found, read, copies, parts), *_scarce(found, labels, parts)]
    choice = choice.model_copy(update={"classes": _that_train(found, labels, parts)})
    of_rows = np.full(len(read.images), -1, np.int64)
    of_rows[read.rows] = labels
    everything = Arrays(read.images, of_rows)
    training, validation, test = (everything.take(np.sort(read.rows[parts == part])) for part in range(3))
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


def _divided(found: Found, read: Decoded) -> NDArray[np.int64]:
    """The part of each picture that was read."""
    labels, given = found.labels[read.indices], found.parts[read.indices]
    groups = [found.groups[index] or index for index in read.indices] if found.groups else range(len(labels))
    return divide(labels, read.digests, units(read.digests, read.pixels, groups), given)


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
        own=True,
        training=tuple(for_training(found.labels, found.parts, len(found.classes))),
        notes=(
            Message.counted(
                "{n} picture, {classes} classes.", "{n} pictures, {classes} classes.", n, classes=len(found.classes)
            ),
            *found.remarks,
        ),
    )


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
            ngettext(
                "{folder} has readable pictures to train on in {count} class, and at least 2 are needed.",
                "{folder} has readable pictures to train on in {count} classes, and at least 2 are needed.",
                len(names),
            ).format(folder=found.root, count=len(names))
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
