"""Files are written whole or not at all, whatever fails and whatever they are called."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from explorer import files

LONG = "ж" * 127  # 254 bytes, and a name may have 255


@pytest.mark.parametrize("name", ["a.txt", LONG, "#?%41.txt", "🙂", "a b "])
def test_a_file_is_written_and_replaced_and_nothing_else_is_left(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert files.write(path, "старое") == path
    assert path.read_text(encoding="utf-8") == "старое"
    files.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert files.copy(path, tmp_path / "copy").read_bytes() == b"new"
    assert {one.name for one in tmp_path.iterdir()} == {name, "copy"}


@pytest.mark.parametrize("failing", ["fsync", "replace", "chmod"])
def test_what_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "file"
    files.write(path, "old")

    def fail(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if failing == "fsync" else Path, failing, fail)
    with pytest.raises(OSError, match="No space"):
        files.write(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_who_writes_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, "old")

    def interrupted() -> None:
        with files.written(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_no_new_name_is_seen_before_the_file_is_whole(tmp_path: Path) -> None:
    with files.written(tmp_path / "file") as file:
        file.write(b"half")
        assert not (tmp_path / "file").exists()
    assert (tmp_path / "file").read_bytes() == b"half"


def test_two_who_write_at_once_leave_the_whole_file_of_one(tmp_path: Path) -> None:
    path, texts = tmp_path / "file", ["a" * 100_000, "b" * 100_000]
    threads = [threading.Thread(target=files.write, args=(path, text)) for text in texts for _time in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_are_those_of_the_file_before_or_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    files.write(tmp_path / "new", "")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
    (tmp_path / "new").chmod(0o640)
    files.write(tmp_path / "new", "again")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        files.write(tmp_path, "x")
    assert list(tmp_path.iterdir()) == []
