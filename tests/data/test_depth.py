"""Pictures with 16 bits a pixel keep their contrast where they use fewer; HEIC is read where its package is."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import data
from explorer.data import DataChoice, find, picture_file
from explorer.data.depth import used
from explorer.data.picture_file import UnreadablePicture, read_picture, suffixes
from explorer.data.view import View
from explorer.recipe import parse
from explorer.training.loop import train
from explorer.training.trained import load_trained


def deep(root: Path, bits: int, suffix: str = ".png") -> Path:
    """Twelve noisy grey pictures in each of two classes; only the brightest pixel of two has all of the bits."""
    rng = np.random.default_rng(0)
    for name in "ab":
        (root / name).mkdir(parents=True)
        for index in range(12):
            pixels = rng.integers(0, 2 ** (bits - 1), (16, 16), np.uint16)
            pixels[0, 0] = 2**bits - 1 if index == 5 else 0
            Image.fromarray(pixels).save(root / name / f"{index}{suffix}")
    return root


@pytest.mark.parametrize(("bits", "suffix"), [(10, ".png"), (12, ".tiff"), (16, ".png"), (8, ".tif")])
def test_the_range_is_that_of_the_set(bits: int, suffix: str, tmp_path: Path) -> None:
    root = deep(tmp_path, bits, suffix)
    assert used(find(DataChoice(name=str(root)))) == bits
    loaded = data.load(DataChoice(name=str(root), size=16, colour=False))
    brightest = max(int(split.images.max()) for split in (loaded.training, loaded.validation, loaded.test))
    assert brightest > 250
    said = [str(note) for note in loaded.notes if "16 bits a pixel" in str(note)]
    assert said == ([f"Pictures with 16 bits a pixel use {bits} of them: {2**bits - 1} is taken for white. Choose "
                     "another number with bits."] if bits < 16 else [])  # fmt: skip


def test_a_chosen_number_of_bits_is_not_estimated(tmp_path: Path) -> None:
    root = deep(tmp_path, 12)
    dark = data.load(DataChoice(name=str(root), size=16, bits=16))
    assert max(int(split.images.max()) for split in (dark.training, dark.validation, dark.test)) == 15  # 4095 / 257
    assert not [note for note in dark.notes if "bits" in str(note)]
    old = parse({"version": 2, "data": {"name": str(root)}})
    assert old.data.bits == 16


def test_pictures_of_8_bits_have_none_to_estimate(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.fromarray(np.full((8, 8), 100, np.uint8)).save(tmp_path / name / "1.png")
    assert used(find(DataChoice(name=str(tmp_path)))) == 16


@pytest.mark.slow
def test_what_was_trained_sees_new_pictures_as_its_own(tmp_path: Path) -> None:
    root = deep(tmp_path / "set", 12)
    recipe = parse({
        "data": {"name": str(root), "size": 16, "colour": False}, "epochs": 1, "batch_size": 8, "threads": 1,
        "network": {"kind": "small_cnn", "width": 4, "depth": 8}, "techniques": {},
    })  # fmt: skip
    (tmp_path / "run").mkdir()
    list(train(recipe, checkpoints=tmp_path / "run"))
    view = load_trained(tmp_path / "run" / "last.pt").view
    assert view == View(16, "crop", False, 12)
    assert read_picture(root / "a" / "5.png", view).image.max() == 255


def test_heic_is_read_with_its_package_and_explained_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heif = pytest.importorskip("pillow_heif")
    for name, colour in {"a": (200, 0, 0), "b": (0, 0, 200)}.items():
        (tmp_path / name).mkdir()
        Image.new("RGB", (64, 32), colour).save(tmp_path / name / "1.png")
        heif.from_pillow(Image.new("RGB", (64, 32), colour)).save(tmp_path / name / "2.heic")
    suffixes()
    red = read_picture(tmp_path / "a" / "2.heic", View(16)).image.mean(axis=(1, 2))
    assert red[0] > 150
    assert red[2] < 60
    assert len(find(DataChoice(name=str(tmp_path))).paths) == 4
    without = frozenset(suffixes() - {".heic"})
    monkeypatch.setattr("explorer.data.tree.suffixes", lambda: without)
    found = find(DataChoice(name=str(tmp_path)))
    assert len(found.paths) == 2
    assert str(found.remarks[0]) == (
        "Files that are not read (photographs in HEIC are, with the package pillow-heif): 2 × .heic."
    )
    picture_file.suffixes.cache_clear()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    try:
        assert ".png" in suffixes()
    finally:
        picture_file.suffixes.cache_clear()


def test_a_palette_with_alpha_and_grey_with_alpha(tmp_path: Path) -> None:
    Image.new("LA", (8, 8), (0, 0)).save(tmp_path / "la.png")
    assert (read_picture(tmp_path / "la.png", View(4)).image == 255).all()
    Image.new("1", (8, 8), 1).save(tmp_path / "bits.tif", compression="group4")
    assert (read_picture(tmp_path / "bits.tif", View(4)).image == 255).all()
    (tmp_path / "no.heic").write_bytes(b"no picture")
    with pytest.raises(UnreadablePicture):
        read_picture(tmp_path / "no.heic", View(4))
