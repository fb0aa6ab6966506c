"""Files are written whole or not at all: the one place that writes what must not be lost."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

LONGEST_PREFIX = 40
"""Bytes of the name that are seen in that of the part: with what is added, it must be no longer than a name may be."""

PART = ".part"
"""Ends the name of what is not whole yet."""


@contextmanager
def written(path: Path | str) -> Iterator[BinaryIO]:
    """A file to write into; at the end of the block it is at `path`, flushed to the disk. Raises OSError.

    It is written under a name of its own beside `path` and then renamed: whoever reads, after a kill or a power cut
    too, finds the old file or the new one. If anything fails, the old one stays and nothing is left beside it.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    prefix = os.fsencode(path.name)[:LONGEST_PREFIX].decode("utf-8", "ignore")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{prefix}.", suffix=PART)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # else a power cut may leave the new name with nothing in it
        part.chmod(_permissions(path))
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def write(path: Path | str, data: bytes | memoryview | str) -> Path:
    """Put `data` (text as UTF-8) at `path`, whole or not at all. Raises OSError."""
    with written(path) as file:
        file.write(data.encode("utf-8") if isinstance(data, str) else data)
    return Path(path)


def sweep(folder: Path) -> None:
    """Take away what a program left in `folder` that was killed while it wrote; for whoever alone writes there."""
    for part in folder.glob(f".*{PART}"):
        with suppress(OSError):
            part.unlink()


def copy(source: Path | str, path: Path | str) -> Path:
    """Put the content of `source` at `path`, whole or not at all. Raises OSError."""
    with Path(source).open("rb") as old, written(path) as new:
        while piece := old.read(1 << 20):
            new.write(piece)
    return Path(path)


def _permissions(path: Path) -> int:
    """Those of the file that is replaced, or of any new file here: mkstemp lets nobody else read."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _flush_folder(folder: Path) -> None:
    """Let the new name survive a power cut, where the system can: only Windows cannot open a folder."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
