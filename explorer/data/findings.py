"""What is odd about a set of pictures: told when it is loaded, and before, to who asks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.data.reading import Decoded, reasons
from explorer.data.source import FREE, TEST, TRAINING, VALIDATION, Found, listed
from explorer.data.splitting import units
from explorer.i18n import N_, Message

FEW = 10
"""Pictures of a class below which its accuracy says next to nothing."""
UNEQUAL = 3.0
"""Times as many training pictures as the scarcest class has, from which on classes are called unequal."""


SCENE = 20
"""Different pictures that look the same, at one remove or many, beyond which this tells of the scene, not of copies."""


class Kind(StrEnum):
    """What a finding is about."""

    COPIES = "copies"
    COPIES_ACROSS_CLASSES = "copies_across_classes"
    NEAR_COPIES = "near_copies"
    NEAR_COPIES_ACROSS_CLASSES = "near_copies_across_classes"
    SCENES = "scenes"
    LEAK = "leak"
    GROUPS = "groups"
    GROUP_IN_TWO_PARTS = "group_in_two_parts"
    FEW = "few"
    MISSING_PART = "missing_part"
    IMBALANCE = "imbalance"
    UNREADABLE = "unreadable"
    PAGES = "pages"
    SMALL = "small"


class Finding(NamedTuple):
    """One odd thing."""

    kind: Kind
    text: Message
    names: tuple[str, ...]
    """All pictures or classes concerned; `text` gives the first few."""
    loading: bool = True
    """Whether it is said at each loading; else only to who asks."""


class Likeness(NamedTuple):
    """Numbers that pictures share, (K,) each."""

    copies: NDArray[np.int64]
    """The same file or pixels."""
    near: NDArray[np.int64]
    """The same look, at one remove or several; of a scene, the same file or pixels."""
    scenes: NDArray[np.bool_]
    """Whether it looks like more than SCENE others: as frames of one video do, or parts before one camera."""

    @classmethod
    def of(cls, copies: NDArray[np.int64], pairs: NDArray[np.int64]) -> Likeness:
        """From numbers of `copies` (K,) and `pairs` (P, 2) that look the same."""
        near = units(copies.tolist(), pairs=pairs)
        numbers, sizes = np.unique(np.unique(np.stack([near, copies]), axis=1)[0], return_counts=True)
        scenes = np.isin(near, numbers[sizes > SCENE])
        return cls(copies, np.where(scenes, copies, near), scenes)


def troubles(found: Found, read: Decoded) -> Iterator[Finding]:
    """Files that could not be read, or not whole."""
    if read.left_out:
        text = Message.counted(
            "{n} of {total} pictures cannot be read and was left out: {names}.",
            "{n} of {total} pictures cannot be read and were left out: {names}.",
            len(read.left_out),
            total=len(found.paths),
            names=reasons(read.left_out),
        )
        yield Finding(Kind.UNREADABLE, text, tuple(f"{name} ({reason})" for name, reason in read.left_out))
    if read.several:
        text = Message.counted(
            "{n} file has several pages or frames; the first is taken: {names}.",
            "{n} files have several pages or frames; the first of each is taken: {names}.",
            len(read.several),
            names=listed(read.several),
        )
        yield Finding(Kind.PAGES, text, read.several)


def likenesses(found: Found, read: Decoded, like: Likeness, parts: NDArray[np.int64]) -> Iterator[Finding]:
    """Pictures that are there more than once, or nearly; `parts` as they were divided."""
    names = [found.named(found.paths[index]) for index in read.indices]
    labels = found.labels[read.indices]
    copies = _repeated(like.copies)
    if n := len(copies) - len(set(like.copies[copies].tolist())):
        text = Message.counted(
            "{n} picture is a copy of another one; copies are kept in one part.",
            "{n} pictures are copies of others; copies are kept in one part.",
            n,
        )
        yield Finding(Kind.COPIES, text, tuple(names[index] for index in copies))
    if torn := [names[index] for index in _across(like.copies, labels)]:
        text = Message("The same picture lies in several classes: {names}.", names=listed(torn))
        yield Finding(Kind.COPIES_ACROSS_CLASSES, text, tuple(torn))
    only_near = _nearly(like)
    used = np.flatnonzero(parts != FREE)
    apart = set(used[_across(like.near[used], parts[used])].tolist()) & set(only_near.tolist())
    if torn := [names[index] for index in sorted(apart)]:
        text = Message(
            "Pictures that look the same are in different parts, as near_copies is off; switch it on, or validation "
            "and test come out better than they should: {names}.",
            names=listed(torn),
        )
        yield Finding(Kind.NEAR_COPIES, text, tuple(torn))
    elif near := [names[index] for index in only_near]:
        text = Message.counted(
            "{n} picture looks like another one, and such are kept in one part unless near_copies is off: {names}.",
            "{n} pictures look like others, and such are kept in one part unless near_copies is off: {names}.",
            len(near),
            names=listed(near),
        )
        yield Finding(Kind.NEAR_COPIES, text, tuple(near))
    if scenes := [names[index] for index in np.flatnonzero(like.scenes)]:
        text = Message(
            "{n} pictures look so much alike that this tells nothing of copies, and they are divided one by one. Are "
            "they frames of a video, or of one place? A pattern with {group} keeps such together: {names}.",
            n=len(scenes),
            group="{group}",
            names=listed(scenes),
        )
        yield Finding(Kind.SCENES, text, tuple(scenes))
    across = set(_across(like.near, labels).tolist()) & set(only_near.tolist())
    if torn := [names[index] for index in sorted(across)]:
        text = Message("Pictures that look the same lie in several classes: {names}.", names=listed(torn))
        yield Finding(Kind.NEAR_COPIES_ACROSS_CLASSES, text, tuple(torn), loading=False)


def leaks(found: Found, read: Decoded, near: NDArray[np.int64], parts: NDArray[np.int64]) -> Iterator[Finding]:
    """Pictures that had to be left out, as one that belongs together with them is in another part."""
    kept = set(near[parts != FREE].tolist())
    dropped = np.flatnonzero(parts == FREE)
    names = {int(index): found.named(found.paths[read.indices[index]]) for index in dropped}
    same = [names[index] for index in names if int(near[index]) in kept]
    if same:
        text = Message.counted(
            "{n} picture is also in the test or validation part, and was left out of the others: {names}.",
            "{n} pictures are also in the test or validation part, and were left out of the others: {names}.",
            len(same),
            names=listed(same),
        )
        yield Finding(Kind.LEAK, text, tuple(same))
    if grouped := [name for name in names.values() if name not in set(same)]:
        text = Message.counted(
            "{n} picture is of a group that is in the test or validation part, and was left out of the others: "
            "{names}.",
            "{n} pictures are of groups that are in the test or validation part, and were left out of the others: "
            "{names}.",
            len(grouped),
            names=listed(grouped),
        )
        yield Finding(Kind.GROUP_IN_TWO_PARTS, text, tuple(grouped))


def groups(found: Found, read: Decoded, parts: NDArray[np.int64]) -> Iterator[Finding]:
    """How far groups that are never divided let the parts be as large as they should."""
    if not found.groups:
        return
    known = [found.groups[index] for index in read.indices]
    shares = np.bincount(parts[parts != FREE], minlength=3) / max(1, (parts != FREE).sum())
    text = Message.counted(
        "{n} group, never divided: {training} % of the pictures are for training, {validation} % for validation, "
        "{test} % for the test.",
        "{n} groups, none of them divided: {training} % of the pictures are for training, {validation} % for "
        "validation, {test} % for the test.",
        len(set(filter(None, known))),
        **dict(zip(("training", "validation", "test"), (100 * shares).round().astype(int).tolist(), strict=True)),
    )
    yield Finding(Kind.GROUPS, text, ())
    if without := [found.named(found.paths[index]) for index in read.indices if not found.groups[index]]:
        text = Message.counted(
            "{n} picture is of no group, and stands for itself: {names}.",
            "{n} pictures are of no group, and stand for themselves: {names}.",
            len(without),
            names=listed(without),
        )
        yield Finding(Kind.GROUPS, text, tuple(without))


def scarcities(found: Found, labels: NDArray[np.int64], parts: NDArray[np.int64]) -> Iterator[Finding]:
    """Classes with few pictures, or none in a part, or with many times as many as others."""
    counts = {index: int((labels == index).sum()) for index in sorted(set(found.labels.tolist()))}
    if few := [index for index, count in counts.items() if count < FEW]:
        said = listed([f"{found.classes[index]} ({counts[index]})" for index in few])
        text = Message("Classes with few pictures, whose figures say little: {names}.", names=said)
        yield Finding(Kind.FEW, text, tuple(found.classes[index] for index in few))
    for part, said_of in (
        (TRAINING, N_("Classes without a picture to train on, which are left out: {names}.")),
        (VALIDATION, N_("Classes without a picture for validation: {names}.")),
        (TEST, N_("Classes without a picture for the test: {names}.")),
    ):
        there = set(labels[parts == part].tolist())
        if none := [found.classes[index] for index in counts if index not in there]:
            yield Finding(Kind.MISSING_PART, Message(said_of, names=listed(none)), tuple(none))
    yield from imbalance(found.classes, np.bincount(labels[parts == TRAINING], minlength=len(found.classes)))


def imbalance(classes: Sequence[str], training: NDArray[np.int64]) -> Iterator[Finding]:
    """Whether some of the `classes` have many times as many `training` pictures as others."""
    have = np.flatnonzero(training)
    if not len(have) or training.max() < UNEQUAL * training[have].min():
        return
    least, most = int(have[training[have].argmin()]), int(training.argmax())
    text = Message(
        "Classes are unequal: {most} has {many} training pictures, {least} has {few}. Switch class_balance on, so that "
        "scarce classes count as much.",
        most=Message(classes[most]),
        many=int(training[most]),
        least=Message(classes[least]),
        few=int(training[least]),
    )
    yield Finding(Kind.IMBALANCE, text, (classes[most], classes[least]), loading=False)


def _repeated(units: NDArray[np.int64]) -> NDArray[np.intp]:
    """Indices of those that share their number with another."""
    counts = Counter(units.tolist())
    return np.flatnonzero([counts[unit] > 1 for unit in units.tolist()])


def _across(units: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.intp]:
    """Indices of those that share their number with one of another class."""
    classes: dict[int, set[int]] = defaultdict(set)
    for unit, label in zip(units.tolist(), labels.tolist(), strict=True):
        classes[unit].add(label)
    return np.flatnonzero([len(classes[unit]) > 1 for unit in units.tolist()])


def _nearly(like: Likeness) -> NDArray[np.intp]:
    """Indices of those that look like one that is no copy of them."""
    kinds: dict[int, set[int]] = defaultdict(set)
    for near, copy in zip(like.near.tolist(), like.copies.tolist(), strict=True):
        kinds[near].add(copy)
    return np.flatnonzero([len(kinds[near]) > 1 for near in like.near.tolist()])
