"""What every image set ends as: three splits of uint8 tensors in memory; and how a smaller one is chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.data.choice import DataChoice
from explorer.data.view import View
from explorer.errors import InputError
from explorer.i18n import Message
from explorer.nearest import did_you_mean

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class DataSpec:
    """What a network is built for, and what a technique may need to know before it agrees to act."""

    classes: int
    ordered: bool
    channels: int = 1
    size: int = 28
    bits: int = 16
    """As in View."""


class Split(NamedTuple):
    """Images and their labels, in the same order, in main memory."""

    images: torch.Tensor
    """uint8 (N, C, H, W), 0 is black."""
    labels: torch.Tensor
    """int64 (N,), an index into ImageData.classes."""


@dataclass(frozen=True, eq=False)  # eq would compare tensors, which has no single truth value
class ImageData:
    """An image set ready to train on."""

    name: str
    """As in DataChoice.name."""
    classes: tuple[str, ...]
    """English names, to be translated with `_` where they are shown."""
    ordered: bool
    """True where classes are quantities in rising order, so that a distance of classes has meaning."""
    training: Split
    validation: Split
    test: Split
    mirrors: bool = True
    """Whether a mirror image shows the same class; on a gauge it shows another value."""
    bits: int = 16
    """As in View."""
    notes: tuple[Message, ...] = ()
    """What the user should know about this loading, such as pictures left out."""

    @property
    def spec(self) -> DataSpec:
        """What there is to know without looking at an image."""
        _images, channels, height, _width = self.training.images.shape
        return DataSpec(len(self.classes), self.ordered, channels, height, self.bits)


@dataclass(frozen=True)
class Source:
    """What is known of an image set before it is loaded."""

    name: str
    """The value for DataChoice.name."""
    title: str
    """English, to be translated with `_` where it is shown."""
    description: str
    """English, to be translated with `_` where it is shown."""
    ordered: bool
    available: bool
    """True if `load` will find it on this machine."""
    remedy: str
    """Why it is not available and what to do, already translated; "" if available."""
    classes: tuple[str, ...]
    """English names, to be translated with `_` where they are shown."""
    shape: tuple[int, int, int]
    """(C, H, W) of one image."""
    own: bool = False
    """Whether they are pictures of one's own, whose shape the choice decides."""
    files: tuple[Path, ...] = ()
    """Some of one's own pictures, all over the set."""
    training: tuple[int, ...] = ()
    """Training images of each class at most, in the order of `classes`; of a folder, as far as names tell."""
    notes: tuple[Message, ...] = ()
    """What the user should know of what was found; of a folder, first how much it was."""

    def spec(self, choice: DataChoice) -> DataSpec:
        """As ImageData.spec will be when `choice` has been loaded from here."""
        view = View(choice.size, choice.fit, choice.colour)
        channels, height, _width = view.shape if self.own else self.shape
        return DataSpec(len(choice.classes or self.classes), self.ordered, channels, height)

    def too_few(self, choice: DataChoice) -> tuple[str, int] | None:
        """The class that has fewest training images, and how many, if `choice` asks for more of each class."""
        counts = [
            (count, name)
            for name, count in zip(self.classes, self.training, strict=False)
            if not choice.classes or name in choice.classes
        ]
        if choice.per_class is None or not counts or choice.per_class <= min(counts)[0]:
            return None
        count, name = min(counts, key=lambda pair: pair[0])
        return name, count


class Arrays(NamedTuple):
    """A Split before torch is needed."""

    images: NDArray[np.uint8]
    """(N, C, H, W)"""
    labels: NDArray[np.int64]
    """(N,)"""

    def take(self, indices: NDArray[np.int64]) -> Arrays:
        """The images and labels at `indices`, in that order; what lies side by side is not copied."""
        one = len(indices) and bool((np.diff(indices) == 1).all())
        at = slice(int(indices[0]), int(indices[-1]) + 1) if one else indices
        return Arrays(self.images[at], self.labels[at])

    def split(self) -> Split:
        """The same memory as tensors."""
        import torch

        return Split(torch.from_numpy(self.images), torch.from_numpy(self.labels))


def shuffled(count: int, *seed: int) -> NDArray[np.int64]:
    """A permutation of range(count) that depends on `seed` (each >= 0) alone.

    Made from the raw stream of PCG64, which NumPy promises to keep (NEP 19); Generator.permutation may change
    between releases, and then the split would, too.
    """
    keys = np.random.PCG64(np.random.SeedSequence(seed)).random_raw(count)
    return np.argsort(keys, kind="stable").astype(np.int64)


def stratified(labels: NDArray[np.int64], counts: Sequence[int], *seed: int) -> NDArray[np.int64]:
    """Sorted indices of `counts[c]` images of each class c.

    For the same seed a smaller choice is contained in each larger one. A class's own images decide alone:
    other classes do not matter.
    """
    chosen = []
    for label, count in enumerate(counts):
        members = np.flatnonzero(labels == label)
        chosen.append(members[shuffled(len(members), *seed, label)[:count]])
    return np.sort(np.concatenate(chosen)).astype(np.int64)


def chosen(classes: Sequence[str], choice: DataChoice) -> list[int]:
    """Rising indices into `classes` of those that `choice` names; all of them where it names none.

    Raises InputError for a name that is not there, and where fewer than two classes would be left.
    """
    for name in choice.classes:
        if name not in classes:
            text = Message("“{data}” has no class “{name}”.", data=choice.name, name=name)
            raise InputError(Message.joined(text, did_you_mean(name, classes, everything=True)))
    kept = [index for index, name in enumerate(classes) if not choice.classes or name in choice.classes]
    if len(kept) < 2:
        raise InputError(
            Message(
                "Only the class “{name}” of “{data}” was chosen. Choose at least two, or none for all.",
                name=classes[kept[0]],
                data=choice.name,
            )
        )
    return kept


SIDES = re.compile(r"(?<![^\W_])(left|right|лев|прав)", re.IGNORECASE)
ALPHABET = 5
"""Of classes named by a single letter; fewer are called so for want of a name."""


def may_be_mirrored(classes: Sequence[str]) -> bool:
    """Whether a mirror image shows the same class, by their names: of digits, letters and sides it does not."""
    letters = sum(len(name) == 1 for name in classes)
    return letters < ALPHABET and not any(name.isdecimal() or SIDES.search(name) for name in classes)


def assemble(
    choice: DataChoice,
    classes: Sequence[str],
    training: Arrays,
    validation: Arrays,
    test: Arrays,
    *,
    ordered: bool = False,
    mirrors: bool = True,
    bits: int = 16,
    notes: tuple[Message, ...] = (),
) -> ImageData:
    """An image set of the classes that `choice` names, from arrays whose labels index all `classes`.

    Raises InputError as `chosen` does.
    """
    kept = chosen(classes, choice)

    def only(images: Arrays) -> Arrays:
        """Those of the classes kept, in their original order, with labels that index `kept`."""
        of_kept = images.take(np.flatnonzero(np.isin(images.labels, kept)))
        return of_kept._replace(labels=np.searchsorted(kept, of_kept.labels))

    names = tuple(classes[index] for index in kept)
    if mirrors and not may_be_mirrored(names):
        mirrors = False
        text = Message(
            "Images are not mirrored: classes are called by a number, a letter, left or right. Rename them where a "
            "mirror image shows the same class."
        )
        notes += (text,)
    splits = [(only(part) if choice.classes else part).split() for part in (training, validation, test)]
    return ImageData(
        name=choice.name,
        classes=names,
        ordered=ordered,
        training=splits[0],
        validation=splits[1],
        test=splits[2],
        mirrors=mirrors,
        bits=bits,
        notes=notes,
    )


def reduced(training: Arrays, classes: Sequence[str], choice: DataChoice, seed: int) -> Arrays:
    """The training images that `choice` asks for, in their original order, with the labels they had.

    Raises InputError if a class has fewer images than asked for.
    """
    have = np.bincount(training.labels, minlength=len(classes))
    kept = chosen(classes, choice)
    if choice.per_class is None:
        if choice.fraction == 1:
            return training
        # At least one image: a class without any would make its metrics undefined.
        wanted = [max(1, round(choice.fraction * int(count))) for count in have]
    else:
        scarcest = min(kept, key=lambda index: int(have[index]))
        if choice.per_class > have[scarcest]:
            raise InputError(
                Message(
                    "{asked} training images per class were asked for, but “{data}” has only {count} of the "
                    "class “{scarcest}”. Ask for at most {count}, or for all.",
                    asked=choice.per_class,
                    data=choice.name,
                    count=int(have[scarcest]),
                    scarcest=Message(classes[scarcest]),
                )
            )
        wanted = [choice.per_class if index in kept else 0 for index in range(len(classes))]
    return training.take(stratified(training.labels, wanted, seed))
