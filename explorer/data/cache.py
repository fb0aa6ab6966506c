"""The user's folder of decoded pictures: how large it is, what leaves it first, and who is at work in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from explorer.resources import cache_folder

MOST = 20_000_000_000
"""Bytes that all of it may take."""
PIXELS, ABOUT = "pixels.npy", "about.npz"
"""Files of an entry, which is a folder; the second is written last, and touched when the entry is used."""
PART, LOCK = ".part", ".lock"
"""Beside an entry: what is half decoded, and the lock of who decodes."""


def root() -> Path:
    """The folder of all entries."""
    return cache_folder() / "pictures"


def lock(entry: Path) -> FileLock:
    """To be held by who makes or removes `entry`; it is released when its process dies."""
    return FileLock(entry.with_suffix(LOCK), thread_local=False)


def size() -> int:
    """Bytes of all that is there."""
    return sum(map(_bytes, _entries()))


def clear(most: int = 0, keep: Path | None = None) -> None:
    """Take out what was unused for longest until all take `most` bytes at most; never `keep`, or what is being made."""
    taken = size()
    for entry in sorted(_entries(), key=_used):
        if taken <= most:
            return
        if keep is not None and entry.stem == keep.stem:
            continue
        held = lock(entry)
        try:
            with held.acquire(blocking=False):
                taken -= _bytes(entry)
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
        except (Timeout, OSError):
            continue
        Path(held.lock_file).unlink(missing_ok=True)


def _entries() -> Iterator[Path]:
    """Folders of pictures, and files of what is half decoded."""
    there = root()
    if there.is_dir():
        yield from (path for path in there.iterdir() if path.suffix != LOCK)


def _bytes(entry: Path) -> int:
    files = entry.iterdir() if entry.is_dir() else (entry,)
    return sum(file.stat().st_size for file in files)


def _used(entry: Path) -> float:
    about = entry / ABOUT
    return (about if about.is_file() else entry).stat().st_mtime
