"""Fewer training images: stratified, seeded, nested."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from explorer.data.base import Arrays, reduced, shuffled, stratified
from explorer.data.choice import DataChoice
from explorer.errors import InputError

CLASSES = ("a", "b", "c")
LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [40, 30, 50])).astype(np.int64)
TRAINING = Arrays(np.arange(120, dtype=np.uint8).reshape(120, 1, 1, 1), LABELS)  # a pixel tells which image


def chosen(seed: int = 0, **asked: object) -> set[int]:
    return set(reduced(TRAINING, CLASSES, DataChoice.model_validate(asked), seed).images.ravel().tolist())


def test_shuffle_never_changes() -> None:
    assert sorted(shuffled(100, 1, 2)) == list(range(100))
    assert shuffled(8, 2017, 3).tolist() == [3, 6, 1, 2, 7, 4, 0, 5]  # runs of old must stay comparable
    assert shuffled(0, 1).size == 0


def test_per_class_takes_so_many_of_each_in_original_order_with_their_labels() -> None:
    small = reduced(TRAINING, CLASSES, DataChoice(per_class=7), 0)
    assert np.bincount(small.labels).tolist() == [7, 7, 7]
    indices = small.images.ravel()
    assert (np.diff(indices.astype(int)) > 0).all()
    assert (LABELS[indices] == small.labels).all()


def test_fraction_keeps_the_shares_and_at_least_one() -> None:
    half = reduced(TRAINING, CLASSES, DataChoice(fraction=0.5), 0)
    assert np.bincount(half.labels).tolist() == [20, 15, 25]
    least = reduced(TRAINING, CLASSES, DataChoice(fraction=1e-9), 0)
    assert np.bincount(least.labels).tolist() == [1, 1, 1]
    assert chosen() == set(range(120))


def test_per_class_wins_over_fraction() -> None:
    assert chosen(per_class=5, fraction=0.1) == chosen(per_class=5)


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_smaller_subsets_lie_within_larger_ones(seed: int) -> None:
    sizes = [chosen(seed, per_class=n) for n in (1, 10, 20, 30)]
    shares = [chosen(seed, fraction=f) for f in (0.1, 0.3, 0.31, 0.9)]
    for nested in (sizes, shares):
        assert all(small < large for small, large in pairwise(nested))


def test_the_seed_decides() -> None:
    assert chosen(3, per_class=10) == chosen(3, per_class=10)
    assert chosen(3, per_class=10) != chosen(4, per_class=10)


def test_other_classes_do_not_matter() -> None:
    only_b = stratified(LABELS, [0, 10, 0], 5)
    with_all = stratified(LABELS, [9, 10, 50], 5)
    assert set(only_b) == {index for index in with_all if LABELS[index] == 1}


def test_more_than_there_are_names_the_numbers() -> None:
    with pytest.raises(InputError, match=r"31 training images.*“gauges” has only 30 of the class “b”"):
        reduced(TRAINING, CLASSES, DataChoice(name="gauges", per_class=31), 0)
