"""Images on their way into the cache: a file that NumPy can map, filled in any order and from many threads."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

FLUSH = 2**27
"""Bytes after which the disk begins to write: it does so while others are decoded, not when all have been."""
CHUNK = 2**24
"""Bytes that are copied at a time."""


class Images:
    """`count` images of `shape` at `path`. A new file, or one that is gone on with. Raises OSError."""

    def __init__(self, path: Path, count: int, shape: tuple[int, ...]) -> None:
        self._size = int(np.prod(shape))
        self._lock, self._unflushed = threading.Lock(), 0
        self._flusher = ThreadPoolExecutor(1, "flush")
        self._flushing: Future[None] | None = None
        self._file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        header = {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
        np.lib.format.write_array_header_1_0(self._file, header)
        self._start = self._file.tell()
        self._file.truncate(self._start + count * self._size)

    def put(self, row: int, image: memoryview | bytes) -> None:
        """Let `image` lie in `row`. Raises OSError, such as of a full disk, perhaps of an earlier one."""
        rest = memoryview(image).cast("B")
        with self._lock:
            self._file.seek(self._start + row * self._size)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
            self._unflushed += self._size
            if self._unflushed >= FLUSH and (self._flushing is None or self._flushing.done()):
                if self._flushing:
                    self._flushing.result()
                self._unflushed, self._flushing = 0, self._flusher.submit(os.fsync, self._file.fileno())

    def __enter__(self) -> Images:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flusher.shutdown()
        try:
            if kind is None:
                os.fsync(self._file.fileno())
        finally:
            self._file.close()


def mapped(path: Path, count: int, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """What lies at `path`, to be read alone; None if it is not so many images of this shape."""
    try:
        images: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return images if images.shape == (count, *shape) and images.dtype == np.uint8 else None


def reorder(path: Path, rows: NDArray[np.int64]) -> None:
    """Let only these `rows` lie at `path`, in this order. Raises OSError."""
    old = np.load(path, mmap_mode="r", allow_pickle=False)
    beside = path.with_suffix(".new")
    chunk = max(1, CHUNK // int(np.prod(old.shape[1:])))
    with Images(beside, len(rows), old.shape[1:]) as new:
        for start in range(0, len(rows), chunk):
            for n, image in enumerate(old[rows[start : start + chunk]], start):
                new.put(n, image.data)
    del old
    beside.replace(path)
