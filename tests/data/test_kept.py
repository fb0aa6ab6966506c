"""Pictures are decoded once; what is cut off, spoilt or too large for the disk is noticed, and nothing else is lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator
from pathlib import Path

import pytest
import torch

from explorer.data import DataChoice, ImageData, cache, kept, loading, reading
from explorer.data.picture_file import read_picture
from explorer.errors import InputError
from explorer.events import Progress
from explorer.resources import CACHE_VARIABLE
from tests.data.test_folder import fill, load

SETS = {"a": 12, "b": 14}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of pictures, one of them broken, and a cache with nothing in it."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    folder = fill(tmp_path / "pictures", SETS)
    (folder / "a" / "3.png").write_bytes(b"no picture")
    return folder


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are decoded."""
    names: list[str] = []

    def noted(path: Path, view: object) -> object:
        names.append(path.name)
        return read_picture(path, view)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "read_picture", noted)
    return names


def same(one: ImageData, other: ImageData) -> bool:
    splits = [(getattr(one, name), getattr(other, name)) for name in ("training", "validation", "test")]
    return one.notes == other.notes and all(torch.equal(a, b) for pair in splits for a, b in zip(*pair, strict=True))


def begun(root: Path, steps: int) -> Generator[Progress, None, ImageData]:
    """Loading, when it has said so often how far decoding is."""
    going = loading(DataChoice(name=str(root)))
    while steps:
        steps -= str(next(going).what) == "Decoding pictures"
    return going


def test_the_second_load_decodes_nothing_and_copies_nothing(root: Path, decoded: list[str]) -> None:
    first = load(root)
    assert len(decoded) == sum(SETS.values())
    second = load(root)
    assert len(decoded) == sum(SETS.values())
    assert same(first, second)
    assert "not a picture" in str(second.notes[0])
    end = second.training.images.data_ptr() + second.training.images.nbytes
    assert end == second.validation.images.data_ptr()  # side by side in the map
    second.training.images[:] = 0  # stays in memory
    assert same(first, load(root))


def test_other_files_or_choices_are_decoded_anew(root: Path, decoded: list[str]) -> None:
    load(root)
    load(root, size=32)
    load(root, fit="pad")
    load(root, colour=False)
    assert len(decoded) == 4 * sum(SETS.values())
    changed = root / "a" / "0.png"
    os.utime(changed, ns=(1, 1))
    load(root)
    assert len(decoded) == 5 * sum(SETS.values())


def test_how_far_it_is_and_how_long_it_takes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "BETWEEN", 0.0)
    steps = [step for step in loading(DataChoice(name=str(root))) if str(step.what) == "Decoding pictures"]
    assert [step.done for step in steps] == list(range(1, 27))
    assert {step.total for step in steps} == {26}
    assert steps[0].left is not None
    assert steps[0].left > 0
    assert steps[-1].left == 0


def test_what_was_decoded_before_cancel_is_not_decoded_again(
    root: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = load(root)
    cache.clear()
    assert cache.size() == 0
    monkeypatch.setattr(kept, "BETWEEN", 0.0)
    begun(root, 10).close()
    decoded.clear()
    assert same(load(root), whole)
    assert len(decoded) == sum(SETS.values()) - 10
    assert not list(cache.root().glob(f"*{cache.PART}"))


@pytest.mark.parametrize("name", [cache.PIXELS, kept.NOTES])
@pytest.mark.parametrize("spoil", ["cut", "flipped", "gone"])
def test_what_a_kill_left_half_written_is_made_again(
    root: Path, spoil: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = load(root)
    cache.clear()
    monkeypatch.setattr(kept, "BETWEEN", 0.0)
    begun(root, 10).close()
    (part,) = cache.root().glob(f"*{cache.PART}/{name}")
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    if spoil == "gone":
        part.unlink()
    else:
        part.write_bytes(content[: len(content) // 2] if spoil == "cut" else content)
    assert same(load(root), whole)


@pytest.mark.parametrize("name", [cache.ABOUT, cache.PIXELS])
@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY\x01\x00v\x00{", 0.5])
def test_an_entry_that_is_not_whole_is_made_again(
    root: Path, name: str, content: bytes | float | None, decoded: list[str]
) -> None:
    whole = load(root)
    (file,) = cache.root().glob(f"*/{name}")
    before = file.read_bytes()
    file.unlink()
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else before[: int(content * len(before))])
    assert same(load(root), whole)
    assert len(decoded) == 2 * sum(SETS.values())
    assert file.read_bytes() == before


def test_on_a_full_disk_they_stay_in_memory_and_it_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load(root)
    cache.clear()
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fails(*_arguments: object) -> None:
        raise full

    monkeypatch.setattr(kept, "write", fails)
    loaded = load(root)
    assert "they are decoded anew each time" in str(loaded.notes[0])
    assert torch.equal(loaded.test.images, whole.test.images)
    assert torch.equal(loaded.training.labels, whole.training.labels)
    assert cache.size() == 0
    monkeypatch.setattr(kept, "IN_MEMORY", 1000)
    with pytest.raises(InputError, match=f"No space left.*smaller size.*{CACHE_VARIABLE}"):
        load(root)
    monkeypatch.undo()


def test_what_was_unused_for_longest_makes_room(
    root: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for age, size in enumerate((16, 17, 18)):
        load(root, size=size)
        (newest,) = (entry for entry in cache.root().glob("*") if entry.is_dir() and not (entry / "seen").exists())
        os.utime(newest / cache.ABOUT, (age, age))
        (newest / "seen").touch()
    load(root, size=16)  # used now
    cache.clear(cache.size() - 1)
    decoded.clear()
    load(root, size=16)
    load(root, size=18)
    assert not decoded
    load(root, size=17)
    assert decoded
    monkeypatch.setattr(cache, "MOST", 1)
    load(root, size=19)  # stays, and is alone
    assert len([entry for entry in cache.root().glob("*") if entry.is_dir()]) == 1


def test_who_comes_second_waits_and_decodes_nothing(
    root: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "BETWEEN", 0.01)
    (waiting, first) = (loading(DataChoice(name=str(root))) for _ in range(2))
    monkeypatch.setattr(kept, "BETWEEN", 0.0)
    while str(next(first).what) != "Decoding pictures":
        pass
    monkeypatch.setattr(kept, "BETWEEN", 0.01)
    at_first = next(waiting)
    assert (str(at_first.what), at_first.done, at_first.total) == ("Decoding pictures", 1, 26)
    monkeypatch.setattr(kept, "WORTH_A_WORD", 0.0)
    assert "Another window or terminal" in str(next(waiting).what)
    cache.clear()  # leaves alone what is being made
    for _step in first:
        pass
    for _step in waiting:
        pass
    assert len(decoded) == sum(SETS.values())
