"""People's own pictures, as odd as people have them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from explorer import data
from explorer.data import DataChoice
from explorer.data.names import natural
from explorer.data.picture_file import UnreadablePicture
from explorer.data.picture_file import read_picture as read_file
from explorer.data.view import View
from explorer.errors import InputError


def fill(root: Path, classes: dict[str, int], suffix: str = ".png") -> Path:
    """Small noisy pictures, all different; the first pixel's red tells the class."""
    rng = np.random.default_rng(0)
    for label, (name, count) in enumerate(classes.items()):
        (root / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
            pixels[..., 0] = 40 * label
            Image.fromarray(pixels).save(root / name / f"{index}{suffix}")
    return root


def read_picture(path: Path, view: View) -> NDArray[np.uint8]:
    return read_file(path, view).image


def load(root: Path, seed: int = 0, **asked: object) -> data.ImageData:
    return data.load(DataChoice.model_validate({"name": str(root), **asked}), seed)


def test_loads_splits_and_keeps_labels_with_their_pictures(tmp_path: Path) -> None:
    loaded = load(fill(tmp_path, {"cat": 20, "dog": 40}))
    assert loaded.classes == ("cat", "dog")
    assert not loaded.ordered
    assert loaded.notes == ()
    counts = [split.labels.bincount().tolist() for split in (loaded.training, loaded.validation, loaded.test)]
    assert counts == [[14, 28], [3, 6], [3, 6]]
    seen: set[bytes] = set()
    for split in (loaded.training, loaded.validation, loaded.test):
        assert split.images.shape[1:] == (3, 64, 64)
        assert split.images.dtype == torch.uint8
        assert torch.equal(split.images[:, 0, 0, 0].long() // 40, split.labels)
        seen |= {image.numpy().tobytes() for image in split.images}
    assert len(seen) == 60  # disjoint and complete


def test_the_split_outlives_seeds_and_renaming_but_the_subset_follows_the_seed(tmp_path: Path) -> None:
    root = fill(tmp_path, {"a": 30, "b": 30})
    first, second = load(root, 1, per_class=5), load(root, 2, per_class=5)
    assert torch.equal(first.test.images, second.test.images)
    assert first.training.labels.tolist() == [0] * 5 + [1] * 5
    assert not torch.equal(first.training.images, second.training.images)
    for file in sorted((root / "a").iterdir()):
        file.rename(file.with_stem(f"renamed{file.stem}"))
    assert torch.equal(load(root).test.images, first.test.images)
    with pytest.raises(InputError, match=r"21 training images.*only 20 of the class “a”"):
        load(root, per_class=21)


def test_natural_order_and_ordered_classes(tmp_path: Path) -> None:
    assert sorted(["img10", "Img2", "10", "9", "-1", "2.5", "b"], key=natural) == [
        *("-1", "2.5", "9", "10", "b", "Img2", "img10"),
    ]
    loaded = load(fill(tmp_path, {"10": 10, "9": 10, "-0.5": 10}))
    assert loaded.classes == ("-0.5", "9", "10")
    assert loaded.ordered
    fill(tmp_path, {"nan": 10})
    assert not load(tmp_path).ordered


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".png", ".webp", ".bmp"])
def test_each_kind_of_file(tmp_path: Path, suffix: str) -> None:
    assert len(load(fill(tmp_path, {"a": 10, "b": 10}, suffix)).training.labels) == 12


def test_what_is_no_picture_is_passed_over(tmp_path: Path) -> None:
    root = fill(tmp_path, {"a": 10, "b": 10, ".hidden": 10, "a/deeper": 10})
    (root / "notes.txt").write_text("x")
    (root / "empty").mkdir()
    (root / "a" / "._0.png").write_bytes(b"what macOS leaves")
    (root / "a" / "Thumbs.db").write_bytes(b"what Windows leaves")
    loaded = load(root)
    assert loaded.classes == ("a", "b")
    assert loaded.training.labels.bincount().tolist() == [14, 6]


def test_few_broken_pictures_are_left_out_and_named(tmp_path: Path) -> None:
    root = fill(tmp_path, {"a": 30, "b": 30})
    (root / "a" / "7.png").write_bytes(b"not a picture")
    whole = (root / "b" / "3.png").read_bytes()
    (root / "b" / "3.png").write_bytes(whole[: len(whole) // 2])
    loaded = load(root)
    names = "a/7.png (not a picture), b/3.png (the file is cut short)"
    assert [str(note) for note in loaded.notes] == [f"2 of 60 pictures cannot be read and were left out: {names}."]
    assert sum(len(split.labels) for split in (loaded.training, loaded.validation, loaded.test)) == 58


def test_a_set_of_broken_pictures_is_refused_and_five_named(tmp_path: Path) -> None:
    root = fill(tmp_path, {"a": 30, "b": 30})
    for index in range(30):
        (root / "a" / f"{index}.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"30 of 60.*a/0\.png \(an empty file\), .*a/4\.png .*, …\. Replace") as caught:
        load(root)
    assert "a/5.png" not in str(caught.value)


def test_too_little_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="0 sub-folders with pictures"):
        load(tmp_path)
    fill(tmp_path, {"a": 10})
    with pytest.raises(InputError, match="1 sub-folder with pictures"):
        load(tmp_path)
    fill(tmp_path / "few", {"a": 2, "b": 2})
    with pytest.raises(InputError, match="some class needs at least 3 of them"):
        load(tmp_path / "few")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    root = fill(tmp_path, {"a": 10, "b": 10})
    (root / "b").chmod(0)
    try:
        with pytest.raises(InputError, match="Check its permissions"):
            load(root)
    finally:
        (root / "b").chmod(0o700)


def test_crops_the_middle_square(tmp_path: Path) -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = (10, 200, 30)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    picture = read_picture(tmp_path / "wide.png", View(16))
    assert picture.shape == (3, 16, 16)
    inner = picture[:, :, 2:-2]  # Pillow's filter looks a pixel or two beyond the crop
    assert (inner == np.array([10, 200, 30])[:, None, None]).all()


def test_turns_as_the_camera_says(tmp_path: Path) -> None:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[:, :16] = 255  # left half white
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned clockwise by 90 degrees: left goes up
    Image.fromarray(pixels).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    picture = read_picture(tmp_path / "turned.jpg", View(16))
    assert picture[:, :6].min() > 240
    assert picture[:, 10:].max() < 15


def test_modes_that_people_have(tmp_path: Path) -> None:
    """Transparent is white, 16-bit grey keeps its range, palette and CMYK become RGB."""
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (read_picture(tmp_path / "clear.png", View(4)) == 255).all()
    Image.fromarray(np.full((8, 8), 32896, np.uint16)).save(tmp_path / "deep.png")
    assert (read_picture(tmp_path / "deep.png", View(4)) == 128).all()
    Image.new("P", (8, 8), 0).save(tmp_path / "palette.png", transparency=0)
    assert (read_picture(tmp_path / "palette.png", View(4)) == 255).all()
    Image.new("1", (8, 8), 1).save(tmp_path / "bits.png")
    assert (read_picture(tmp_path / "bits.png", View(4)) == 255).all()
    Image.new("CMYK", (8, 8), (0, 0, 0, 0)).save(tmp_path / "print.jpg")
    assert read_picture(tmp_path / "print.jpg", View(4)).min() > 250
    Image.new("RGB", (1, 500), "red").save(tmp_path / "thin.png")
    assert (read_picture(tmp_path / "thin.png", View(4))[0] == 255).all()


def test_garbage_is_unreadable_whatever_the_decoder_raises(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "x.png"
    Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(path)
    whole = path.read_bytes()
    for _ in range(200):
        damaged = bytearray(whole)
        for place in rng.integers(8, len(whole), 3):
            damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            assert read_picture(path, View(8)).shape == (3, 8, 8)
        except UnreadablePicture:
            continue


def test_a_scarce_class_left_out_limits_nobody(tmp_path: Path) -> None:
    root = fill(tmp_path, {"a": 40, "b": 40, "scarce": 10})
    loaded = load(root, classes=("a", "b"), per_class=20)
    assert loaded.classes == ("a", "b")
    assert loaded.training.labels.bincount().tolist() == [20, 20]
    with pytest.raises(InputError, match="only 6 of the class “scarce”"):
        load(root, per_class=20)


def test_size_shape_and_colour_are_choices(tmp_path: Path) -> None:
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, :20], pixels[:, 20:40], pixels[:, 40:] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    crop, pad, stretch = (read_picture(tmp_path / "wide.png", View(48, fit)) for fit in ("crop", "pad", "stretch"))
    assert crop[1, :, 5:-5].min() > 200  # the green middle alone
    assert pad[:, :14].max() == pad[:, -14:].max() == 0  # bars above and below
    assert (pad[0, 24, 4], pad[1, 24, 24], pad[2, 24, -4]) == (250, 250, 250)
    assert (stretch[0, 2, 4], stretch[1, 24, 24], stretch[2, -2, -4]) == (250, 250, 250)
    grey = read_picture(tmp_path / "wide.png", View(48, "stretch", colour=False))
    assert grey.shape == (1, 48, 48)
    assert grey[0, 24, 24] == pytest.approx(0.587 * 250, abs=2)


def test_a_recipe_chooses_them(tmp_path: Path) -> None:
    root = fill(tmp_path, {"a": 12, "b": 12})
    assert load(root).training.images.shape[1:] == (3, 64, 64)
    loaded = load(root, size=96, fit="pad", colour=False)
    assert loaded.training.images.shape[1:] == (1, 96, 96)
    assert (loaded.spec.channels, loaded.spec.size) == (1, 96)
    (note,) = data.load(DataChoice(name="gauges", size=96, per_class=2)).notes
    assert "keeps its own" in str(note)
