"""Pictures that look the same: found, kept in one part, and left where they were by recipes of before."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import data
from explorer.data import DataChoice
from explorer.data.likeness import alike
from explorer.data.picture_file import THUMB


def blobs(seed: int) -> Image.Image:
    few = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    return Image.fromarray(few).resize((40, 40), Image.Resampling.BICUBIC)


def as_jpeg(picture: Image.Image) -> Image.Image:
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=90, subsampling=0)
    return Image.open(written).convert("RGB")


def thumbs(pictures: list[Image.Image]) -> np.ndarray:
    bicubic, box = Image.Resampling.BICUBIC, Image.Resampling.BOX
    small = [np.asarray(one.resize((64, 64), bicubic).resize(THUMB, box)).transpose(2, 0, 1) for one in pictures]
    return np.stack(small)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (as_jpeg, True),
        (lambda one: one.resize((20, 20)), True),
        (lambda one: one.point(lambda value: value * 0.8), True),
        (lambda one: one.transpose(Image.Transpose.FLIP_LEFT_RIGHT), False),
        (lambda one: one.transpose(Image.Transpose.ROTATE_90), False),
    ],
)
def test_what_is_alike(changed: Callable[[Image.Image], Image.Image], found: bool) -> None:
    pictures = [blobs(seed) for seed in range(60)]
    pairs = alike(thumbs([*pictures, *map(changed, pictures)]))
    assert all(other - one == 60 for one, other in pairs.tolist())  # no two different ones
    assert len(pairs) >= 57 if found else not len(pairs)


def test_flat_pictures_are_not_all_alike() -> None:
    assert not len(alike(np.full((50, 3, 16, 16), 7, np.uint8)))


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for label, name in enumerate("ab"):
        (tmp_path / name).mkdir()
        for index in range(30):
            picture = blobs(100 * label + index)
            picture.save(tmp_path / name / f"{index}.png")
            if index < 15:
                picture.save(tmp_path / name / f"{index}.jpg", quality=90, subsampling=0)
    return tmp_path


def seeds(images: np.ndarray) -> set[int]:
    """Which of the blobs are there: of each the nearest."""
    known = {seed: np.asarray(blobs(seed), float) for seed in (*range(30), *range(100, 130))}
    shown = images.transpose(0, 2, 3, 1).astype(float)
    return {min(known, key=lambda seed: float(np.square(known[seed] - one).sum())) for one in shown}


def test_they_stay_in_one_part_or_it_is_said(pets: Path) -> None:
    def parts(**asked: object) -> tuple[list[set[int]], str]:
        loaded = data.load(DataChoice.model_validate({"name": str(pets), "size": 40, **asked}))
        splits = (loaded.training, loaded.validation, loaded.test)
        assert sum(len(split.labels) for split in splits) == 90
        return [seeds(split.images.numpy()) for split in splits], "\n".join(map(str, loaded.notes))

    together, said = parts()
    assert sum(map(len, together)) == len(set.union(*together)) == 60
    assert "60 pictures look like others, and such are kept in one part unless near_copies is off" in said
    apart, said = parts(near_copies=False)
    assert sum(map(len, apart)) > 60
    assert "are in different parts, as near_copies is off; switch it on" in said


def test_pictures_of_one_scene_are_no_copies(tmp_path: Path) -> None:
    """Else all parts before one camera would be one picture, and nothing to divide."""
    rng = np.random.default_rng(0)
    ground = np.asarray(blobs(0), int)
    for name in "ab":
        (tmp_path / name).mkdir()
        for index in range(20):
            shown = np.clip(ground + rng.integers(-3, 4, ground.shape), 0, 255).astype(np.uint8)
            Image.fromarray(shown).save(tmp_path / name / f"{index}.png")
    loaded = data.load(DataChoice(name=str(tmp_path), size=40))
    assert [len(split.labels) for split in (loaded.training, loaded.validation, loaded.test)] == [28, 6, 6]
    assert [str(note)[:34] for note in loaded.notes] == ["40 pictures look so much alike that"[:34]]
