"""Drawn gauges: the needle points where the label says, misreadings come as stated, the seed decides all."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explorer import data
from explorer.data import DataChoice, draw_gauges, gauges
from explorer.data.gauge_picture import SIZE
from explorer.errors import InputError


def test_default_sizes_and_kinds() -> None:
    loaded = data.load(DataChoice(name="gauges"))
    assert loaded.ordered
    assert loaded.classes == tuple(str(5 * step) for step in range(21))
    for split, count in ((loaded.training, 2100), (loaded.validation, 1050), (loaded.test, 2100)):
        assert split.images.shape == (count, 3, 32, 32)
        assert split.images.dtype == torch.uint8
        assert split.labels.dtype == torch.int64
    truth = torch.arange(21).repeat(100)
    assert torch.equal(loaded.test.labels, truth)  # exact
    for split in (loaded.training, loaded.validation):
        off = (split.labels - truth[: len(split.labels)]).abs()
        shares = off.bincount().double() / len(off)
        assert shares.tolist() == pytest.approx([0.75, 0.20, 0.05], abs=0.035)


def test_misreadings_have_the_stated_shares_at_the_ends_too() -> None:
    rng = np.random.default_rng(1)
    for value in (0, 1, 10, 20):
        read = gauges.misread(np.full(20_000, value, np.int64), rng)
        assert read.min() >= 0
        assert read.max() <= 20
        off = np.bincount(np.abs(read - value), minlength=3) / len(read)
        assert off.tolist() == pytest.approx([0.75, 0.20, 0.05], abs=0.01)
    middle = gauges.misread(np.full(20_000, 10, np.int64), rng)
    assert middle.mean() == pytest.approx(10, abs=0.03)  # up as often as down


def test_a_larger_set_begins_with_the_smaller_one() -> None:
    small, large = gauges.draw_split(5, 0, 3), gauges.draw_split(5, 0, 12)
    assert np.array_equal(small.images, large.images[: 3 * 21])
    assert np.array_equal(small.labels, large.labels[: 3 * 21])


def test_seed_and_split_decide() -> None:
    first = gauges.draw_split(0, 0, 1).images
    assert np.array_equal(first, gauges.draw_split(0, 0, 1).images)
    for seed, split in ((1, 0), (0, 1), (0, 2)):
        assert not np.array_equal(first, gauges.draw_split(seed, split, 1).images)


@pytest.fixture
def few_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small validation and test sets, to save seconds."""
    monkeypatch.setattr(gauges, "VALIDATION_PER_CLASS", 2)
    monkeypatch.setattr(gauges, "TEST_PER_CLASS", 2)


@pytest.mark.usefixtures("few_held_out")
def test_validation_and_test_are_the_same_for_each_seed_and_choice() -> None:
    one = data.load(DataChoice(name="gauges", per_class=1), seed=1)
    two = data.load(DataChoice(name="gauges", fraction=0.02), seed=2)
    assert (len(one.training.labels), len(two.training.labels)) == (21, 42)
    assert not torch.equal(one.training.images, two.training.images[:21])
    for mine, other in ((one.validation, two.validation), (one.test, two.test)):
        assert torch.equal(mine.images, other.images)
        assert torch.equal(mine.labels, other.labels)


@pytest.mark.usefixtures("few_held_out")
def test_asks_for_more_than_default_and_more_than_sensible() -> None:
    assert len(data.load(DataChoice(name="gauges", per_class=120)).training.labels) == 120 * 21
    with pytest.raises(InputError, match=r"2001.*at most 2000"):
        data.load(DataChoice(name="gauges", per_class=2001))


def test_the_needle_points_where_the_value_says() -> None:
    """What changes with the value, changes along the needle."""
    values = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    pictures = draw_gauges(np.repeat(values, 200), np.random.default_rng(0)).reshape(5, 200, 3, SIZE, SIZE)
    # Needles may be lighter or darker than the face, so the difference is looked for in the spread over
    # pictures.
    spread = pictures.astype(np.float64).std(axis=1).mean(axis=1)
    change = np.abs(spread - spread.mean(axis=0))
    middle = (SIZE - 1) / 2
    y, x = np.mgrid[:SIZE, :SIZE] - middle
    ring = (np.hypot(x, y) > 3) & (np.hypot(x, y) < 9)
    for value, picture in zip(values, change, strict=True):
        angle = np.deg2rad(225 - 270 * value)
        ahead = (x * np.cos(angle) - y * np.sin(angle)) / np.hypot(x, y) > np.cos(np.deg2rad(15))
        assert picture[ring & ahead].mean() > 2 * picture[ring & ~ahead].mean()


def test_pictures_vary_and_are_well_exposed() -> None:
    pictures = draw_gauges(np.full(200, 0.3), np.random.default_rng(0))
    assert pictures.dtype == np.uint8
    assert len({picture.tobytes() for picture in pictures}) == 200
    assert pictures.std(axis=(1, 2, 3)).min() > 8  # none is blank
    assert 90 < pictures.mean() < 165


def test_refuses_values_off_the_scale_and_accepts_none() -> None:
    rng = np.random.default_rng(0)
    assert draw_gauges(np.empty(0), rng).shape == (0, 3, SIZE, SIZE)
    for wrong in ([1.1], [-0.1], [np.nan], [[0.5]]):
        with pytest.raises(ValueError, match="from 0 to 1"):
            draw_gauges(np.array(wrong), rng)
