"""Which picture trains, which validates, which tests: by class, by content, and never two copies in two parts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.data.source import FREE, TEST, TRAINING, VALIDATION

SHARES = {VALIDATION: 0.15, TEST: 0.15}
"""Of each class, where the set has no such part of its own."""


def units(*keys: Sequence[Hashable], pairs: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """(N,): pictures that have one of the `keys` (each of length N) in common, at one remove or many, share a number.

    So do those of the `pairs` (P, 2). Such pictures must stay together: copies, the same pixels, the same group.
    """
    parent = list(range(len(keys[0])))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for column in keys:
        first: dict[Hashable, int] = {}
        for index, key in enumerate(column):
            parent[root(index)] = root(first.setdefault(key, index))
    for one, other in () if pairs is None else pairs.tolist():
        parent[root(one)] = root(other)
    return np.array([root(index) for index in range(len(parent))], np.int64)


def for_training(labels: NDArray[np.int64], given: NDArray[np.int64], classes: int) -> list[int]:
    """How many pictures of each class `divide` would leave for training if all can be read and none is there twice."""
    counts = np.bincount(labels[np.isin(given, (FREE, TRAINING))], minlength=classes)
    shares = [share for part, share in SHARES.items() if not (given == part).any()]
    return [
        int(count) - sum(max(math.floor(share * count + 0.5), int(count > n)) for n, share in enumerate(shares, 1))
        for count in counts
    ]


def divide(
    labels: NDArray[np.int64], digests: Sequence[bytes], together: NDArray[np.int64], given: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The part of each picture, FREE for one that must be left out; all arrays (N,).

    Parts that are `given` stay. Where the set has none of its own for validation or test, SHARES of each class go
    there, from what is free or for training. Ordered by their `digests`: as good as a shuffle, which picture goes where
    depends on the pictures alone, and one that is added later moves few of the others. What belongs `together` is never
    divided: of given parts that share something, the test keeps it, then validation, and training goes without. A class
    gives each part at least one picture, if it has enough; training comes first, then validation.
    """
    parts = given.copy()
    for part, before in ((TEST, (VALIDATION, TRAINING, FREE)), (VALIDATION, (TRAINING, FREE))):
        held = np.isin(together, together[given == part])
        parts[held & np.isin(parts, before)] = FREE - 1
    wanted = [part for part in SHARES if not (given == part).any()]
    open_ = (parts == FREE) | ((parts == TRAINING) if wanted else False)
    taken: dict[int, int] = {}
    for label in range(int(labels.max(initial=-1)) + 1):
        _divide_class(np.flatnonzero(open_ & (labels == label)), digests, together, wanted, taken)
    for index in np.flatnonzero(open_):
        parts[index] = taken[int(together[index])]
    return np.where(parts < FREE, FREE, parts)


def _divide_class(
    members: NDArray[np.int64],
    digests: Sequence[bytes],
    together: NDArray[np.int64],
    wanted: Sequence[int],
    taken: dict[int, int],
) -> None:
    """Add to `taken` the part of each unit of one class that has none yet."""
    sizes: dict[int, int] = defaultdict(int)
    for index in sorted(members.tolist(), key=lambda index: digests[index]):
        sizes[int(together[index])] += 1
    have = {part: sum(size for unit, size in sizes.items() if taken.get(unit) == part) for part in SHARES}
    room = {part: math.floor(SHARES[part] * len(members) + 0.5) - have[part] for part in wanted}
    for unit, size in sizes.items():
        if unit not in taken:
            taken[unit] = next((part for part in wanted if room[part] >= size), TRAINING)
            if taken[unit] != TRAINING:
                room[taken[unit]] -= size
    for part in wanted:
        trains = [unit for unit in sizes if taken[unit] == TRAINING]
        if len(trains) > 1 and not any(taken[unit] == part for unit in sizes):
            taken[min(trains, key=lambda unit: sizes[unit])] = part
