"""People's own pictures: found, read, divided, and reduced as a recipe asks."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from explorer.data.base import Arrays, ImageData, Source, assemble, chosen, reduced
from explorer.data.choice import DataChoice
from explorer.data.depth import used
from explorer.data.findings import Finding, Likeness, groups, leaks, likenesses, scarcities, troubles
from explorer.data.kept import pictures
from explorer.data.reading import Decoded
from explorer.data.source import TRAINING, Found, listed
from explorer.data.splitting import divide, for_training, units
from explorer.data.view import View
from explorer.errors import InputError
from explorer.events import Progress
from explorer.i18n import N_, Message

LOOKED_AT = 60
"""Files whose headers are read as soon as a set is chosen: 10 ms."""


def loading(found: Found, choice: DataChoice, seed: int) -> Generator[Progress, None, ImageData]:
    """The pictures that were `found`, in its own parts or 70% of each class for training, 15% for each other part.

    Which picture goes where depends on the pictures alone, not on `seed`: a test picture stays one in every run.
    Raises InputError for more than there is room for, if too many of the files cannot be read, and where too few are
    left to divide; what is left out otherwise is named in `notes`. Closing the iterator cancels.
    """
    found = found.of(chosen(found.classes, choice))
    read, bits = yield from decoded(found, choice)
    labels, division = found.labels[read.indices], divided(found, read, choice)
    parts = division.parts
    said = (finding.text for finding in division.findings if finding.loading)
    notes = [*found.remarks, *read.notes, *said]
    choice = choice.model_copy(update={"classes": _that_train(found, labels, parts)})
    of_rows = np.full(len(read.images), -1, np.int64)
    of_rows[read.rows] = labels
    everything = Arrays(read.images, of_rows)
    training, validation, test = (everything.take(read.rows[parts == part]) for part in range(3))
    _require_parts(found, validation, test)
    return assemble(
        choice,
        found.classes,
        reduced(training, found.classes, choice, seed),
        validation,
        test,
        ordered=found.ordered,
        bits=bits,
        notes=tuple(notes),
    )


def decoded(found: Found, choice: DataChoice) -> Generator[Progress, None, tuple[Decoded, int]]:
    """All pictures that were `found`, kept as they will be divided, and how many of 16 bits were taken for all.

    Closing the iterator cancels.
    """

    def order(read: Decoded) -> NDArray[np.int64]:
        return np.argsort(_parts(found, read, _likeness(read), choice), kind="stable")

    bits = choice.bits or used(found)
    read = yield from pictures(found, choice.view._replace(bits=bits), order)
    if choice.bits is None and bits < View().bits:
        text = N_(
            "Pictures with 16 bits a pixel use {bits} of them: {white} is taken for white. Choose another number with "
            "bits."
        )
        read = replace(read, notes=(*read.notes, Message(text, bits=bits, white=2**bits - 1)))
    return read, bits


@dataclass(frozen=True, eq=False)
class Division:
    """Which picture that was read goes where."""

    parts: NDArray[np.int64]
    """(K,), FREE for those that must be left out."""
    findings: tuple[Finding, ...]


def divided(found: Found, read: Decoded, choice: DataChoice) -> Division:
    """Divide what was read, and say what is odd about it."""
    labels, like = found.labels[read.indices], _likeness(read)
    parts = _parts(found, read, like, choice)
    findings = (
        *troubles(found, read),
        *likenesses(found, read, like, parts),
        *leaks(found, read, like.near if choice.near_copies else like.copies, parts),
        *groups(found, read, parts),
        *scarcities(found, labels, parts),
    )
    return Division(parts, findings)


def _likeness(read: Decoded) -> Likeness:
    return Likeness.of(units(read.digests, read.pixels), read.pairs)


def _parts(found: Found, read: Decoded, like: Likeness, choice: DataChoice) -> NDArray[np.int64]:
    together = like.near if choice.near_copies else like.copies
    if found.groups:
        together = units(together.tolist(), [found.groups[index] or index for index in read.indices.tolist()])
    return divide(found.labels[read.indices], read.digests, together, found.parts[read.indices])


def source(name: str, found: Found) -> Source:
    """What is known of the pictures that were `found` before any is decoded."""
    n = len(found.paths)
    return Source(
        name=name,
        title=found.title or found.root.name,
        description=str(found.root),
        ordered=found.ordered,
        available=True,
        remedy="",
        classes=found.classes,
        shape=View().shape,
        own=True,
        files=found.paths[:: max(1, n // LOOKED_AT)][:LOOKED_AT],
        training=tuple(for_training(found.labels, found.parts, len(found.classes))),
        notes=(
            Message.counted(
                "{n} picture, {classes} classes.", "{n} pictures, {classes} classes.", n, classes=len(found.classes)
            ),
            *found.remarks,
        ),
    )


def _that_train(found: Found, labels: NDArray[np.int64], parts: NDArray[np.int64]) -> tuple[str, ...]:
    """The classes that have a picture to train on. Raises InputError if there are fewer than two."""
    names = tuple(found.classes[index] for index in np.unique(labels[parts == TRAINING]))
    if len(names) < 2:
        raise InputError(
            Message.counted(
                "{folder} has readable pictures to train on in {count} class, and at least 2 are needed.",
                "{folder} has readable pictures to train on in {count} classes, and at least 2 are needed.",
                len(names),
                folder=found.root,
                count=len(names),
            )
        )
    return names


def _require_parts(found: Found, validation: Arrays, test: Arrays) -> None:
    """Raises InputError if there is nothing to validate or to test on."""
    if not len(validation.labels) or not len(test.labels):
        if found.groups:
            text = Message(
                "{folder} has too few groups to divide ({names}): some class needs pictures in at least 3, one each "
                "for training, validation and test.",
                folder=found.root,
                names=listed(sorted(set(found.groups))),
            )
            raise InputError(text)
        raise InputError(
            Message(
                "{folder} has too few different pictures to divide: some class needs at least 3 of them, one each for "
                "training, validation and test. Add more.",
                folder=found.root,
            )
        )
