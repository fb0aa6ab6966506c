"""The bundled Fashion-MNIST, and the full one where it may lie, whole or damaged."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import re
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from explorer import data
from explorer.data import DataChoice, fashion
from explorer.data.idx import read_idx
from explorer.errors import InputError

needs_full = pytest.mark.skipif(not fashion.DEBIAN_FOLDER.is_dir(), reason="apt install dataset-fashion-mnist")


def rows(images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


def test_bundled_file_is_the_one_described() -> None:
    path = fashion.mini_path()
    text = path.with_suffix(".md").read_text("utf-8")
    stated = re.search(r"SHA-256 of the file +(\w{64})", text)
    assert stated is not None
    assert stated[1] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.stat().st_size <= 6_000_000
    assert "MIT" in text
    assert "Zalando SE" in text


def test_mini_has_what_it_says() -> None:
    loaded = data.load(DataChoice())
    assert len(loaded.classes) == 10
    for split, count in ((loaded.training, 6000), (loaded.validation, 2000), (loaded.test, 2000)):
        assert split.images.shape == (count, 1, 28, 28)
        assert split.images.dtype == torch.uint8
        assert split.labels.dtype == torch.int64
        assert split.labels.bincount().tolist() == [count // 10] * 10
    # Fashion-MNIST itself has very few pictures twice; index-wise the splits are disjoint.
    assert len(rows(loaded.training.images) & rows(loaded.validation.images)) < 3
    assert len(rows(loaded.training.images) & rows(loaded.test.images)) < 3


def test_subsets_leave_validation_and_test_alone_and_too_many_is_refused() -> None:
    whole, few = data.load(DataChoice()), data.load(DataChoice(per_class=10), seed=3)
    more = data.load(DataChoice(per_class=20), seed=3)
    assert few.training.labels.bincount().tolist() == [10] * 10
    assert rows(few.training.images) < rows(more.training.images) < rows(whole.training.images)
    for one, other in ((few.validation, whole.validation), (few.test, whole.test)):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
    with pytest.raises(InputError, match=r"601.*only 600"):
        data.load(DataChoice(per_class=601))


@pytest.mark.parametrize("damage", ["missing", "cut", "empty", "byte", "directory", "text"])
def test_a_damaged_bundle_says_reinstall(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = bytearray(fashion.mini_path().read_bytes())
    path = tmp_path / "fashion-mini.npz"
    if damage == "byte":
        raw[len(raw) // 2] ^= 1
    contents = {"cut": raw[: len(raw) // 2], "empty": b"", "byte": raw, "text": b"hello" * 999}
    if damage == "directory":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes(bytes(contents[damage]))
    monkeypatch.setattr(fashion, "mini_path", lambda: path)
    with pytest.raises(InputError, match=r"fashion-mini\.npz.*Install Training Explorer again"):
        data.load(DataChoice())


def test_no_flipped_byte_goes_unnoticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any flip gives an InputError or, in a time stamp and the like, the very same images."""
    raw = fashion.mini_path().read_bytes()
    path = tmp_path / "flipped.npz"
    monkeypatch.setattr(fashion, "mini_path", lambda: path)
    expected = None
    directory = raw.rindex(b"training_images.npy") - 46  # the list at the end, where each byte has a meaning
    for place in [0, 4, 8, 26, *range(directory, directory + 60, 4), len(raw) - 20, len(raw) - 3]:
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 0x41]) + raw[place + 1 :])
        try:
            loaded = data.load(DataChoice(per_class=1))
        except InputError:
            continue
        expected = expected or loaded
        assert torch.equal(loaded.training.images, expected.training.images)


def write_idx(path: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    raw = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)


def test_idx_reads_both_forms_and_refuses_damage(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    for name in ("a.gz", "a"):
        path = tmp_path / name
        write_idx(path, array)
        assert np.array_equal(read_idx(path, 3), array)
        good = path.read_bytes()
        for bad in (good[:-3], good + b"x", b"", good[:5], b"<html>404</html>", bytes(40), b"\xff" * 40):
            path.write_bytes(bad)
            with pytest.raises(InputError, match=r"is damaged.*download it again"):
                read_idx(path, 3)
        path.write_bytes(good)
        with pytest.raises(InputError):
            read_idx(path, 1)
    (tmp_path / "huge").write_bytes(bytes((0, 0, 8, 3)) + b"\xff" * 12)
    with pytest.raises(InputError):
        read_idx(tmp_path / "huge", 3)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without the full set: an empty folder, where the user's own root is."""
    monkeypatch.setattr(fashion, "DEBIAN_FOLDER", tmp_path / "debian")
    monkeypatch.setattr(fashion, "user_cache_path", lambda *_: tmp_path / "cache")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv(fashion.ROOT_VARIABLE, str(tmp_path / "own"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_the_full_set_the_remedy_is_named(nowhere: Path) -> None:
    source = next(source for source in data.sources() if source.name == "fashion-mnist")
    assert not source.available
    for part in ("apt install dataset-fashion-mnist", "FashionMNIST(", str(nowhere / "own"), "_DATA"):
        assert part in source.remedy
    with pytest.raises(InputError, match="apt install"):
        data.load(DataChoice(name="fashion-mnist"))


@pytest.mark.parametrize("place", ["own", "own/FashionMNIST/raw", "debian", "cache/data/FashionMNIST/raw", "data"])
def test_the_full_set_is_found_in_each_place(nowhere: Path, place: str) -> None:
    folder = nowhere / place
    folder.mkdir(parents=True)
    names = [name for pair in fashion._FILES.values() for name in pair]
    for name in names[:3]:
        (folder / f"{name}.gz").touch()
    assert fashion.find_full() is None  # a download that broke off
    (folder / names[3]).touch()
    found = fashion.find_full()
    assert found is not None
    assert found.resolve() == folder.resolve()


def test_another_set_in_its_place_is_refused(nowhere: Path) -> None:
    folder = nowhere / "own"
    folder.mkdir()
    for images, labels in fashion._FILES.values():
        write_idx(folder / images, np.zeros((5, 28, 28), np.uint8))
        write_idx(folder / labels, np.zeros(5, np.uint8))
    with pytest.raises(InputError, match=r"train-images-idx3-ubyte is not Fashion-MNIST's"):
        data.load(DataChoice(name="fashion-mnist"))


@needs_full
def test_the_full_set_and_its_relation_to_the_bundled_one(nowhere: Path) -> None:
    shutil.copytree(Path("/usr/share/datasets/fashion-mnist"), nowhere / "own")
    full, mini = data.load(DataChoice(name="fashion-mnist")), data.load(DataChoice())
    sizes = [len(split.labels) for split in (full.training, full.validation, full.test)]
    assert sizes == [55_000, 5_000, 10_000]
    assert full.validation.labels.bincount().tolist() == [500] * 10
    assert full.training.images.shape[1:] == (1, 28, 28)
    # A network trained on the bundled set may go on with the full one: what it saw must stay in training
    # there.
    assert rows(mini.training.images) <= rows(full.training.images)
    assert rows(mini.validation.images) <= rows(full.validation.images)
    assert rows(mini.test.images) <= rows(full.test.images)
    damaged = nowhere / "own" / "t10k-images-idx3-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:100_000])
    with pytest.raises(InputError, match="t10k-images"):
        data.load(DataChoice(name="fashion-mnist"))


@needs_full
def test_the_bundle_can_be_rebuilt() -> None:
    script = Path(__file__).parents[2] / "packaging" / "build_fashion_mini.py"
    spec = importlib.util.spec_from_file_location("build_fashion_mini", script)
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    arrays = build.select(fashion.DEBIAN_FOLDER)
    with np.load(fashion.mini_path(), allow_pickle=False) as bundled:
        assert list(bundled) == list(arrays)
        assert all(np.array_equal(bundled[name], arrays[name]) for name in arrays)
    # Compression depends on zlib's version, so the whole file is not compared; packing is deterministic.
    few = {name: array[:10] for name, array in arrays.items()}
    assert build.pack(few) == build.pack(few)
