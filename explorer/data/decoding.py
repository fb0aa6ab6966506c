"""Decodes many picture files on all cores: each image goes where it is to lie, a note on each comes back in order."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from explorer.data.picture_file import THUMB
from explorer.data.reading import read
from explorer.data.view import View
from explorer.i18n import Message

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 8
"""Pieces of work for each core that are given out before the first of them is back: enough that no core waits for a
large picture, few enough that Cancel acts at once."""
DIGEST = 32
FILES = 32
"""Files that a core hashes at a time."""
SOUND = 4
"""Bytes of the last field of a note: CRC-32 of the image and of all other fields. A hash would tell no more of what a
kill or a power cut has spoilt."""

Keep = Callable[[int, memoryview | bytes], None]
"""Takes the bytes of the image of file n, from any thread."""


def kind_of_note(view: View) -> np.dtype[np.void]:
    """What is kept of a file beside its image. Of one that cannot be read all is zero, and the reason lies, as JSON, in
    the image's place.
    """
    thumb = ("thumb", np.uint8, (view.shape[0], *THUMB))
    digests = [("digest", np.uint8, DIGEST), ("pixels", np.uint8, DIGEST)]
    return np.dtype([thumb, ("more", np.uint8), *digests, ("sound", "<u4")])


def digests(paths: Sequence[Path]) -> Generator[list[bytes], None, None]:
    """Hashes of the bytes of some of `paths`, in order; zeros for one that cannot be read."""
    pieces = (paths[start : start + FILES] for start in range(0, len(paths), FILES))
    yield from _on_all_cores(lambda piece: [_digest(path) for path in piece], pieces)


def notes(
    paths: Sequence[Path], digests: Sequence[bytes], view: View, first: int, keep: Keep
) -> Generator[bytes, None, None]:
    """The note on each of `paths` from the `first` on, in order, once `keep` has its image."""
    yield from _on_all_cores(lambda n: _note_of(n, paths[n], digests[n], view, keep), range(first, len(paths)))


def _on_all_cores(work: Callable[[T], R], pieces: Iterable[T]) -> Generator[R, None, None]:
    """Closing the iterator ends the work on what is not wanted any more.

    In threads: Pillow decodes, hashes are taken and files are written without the interpreter's lock.
    """
    cores = os.cpu_count() or 1
    waiting: deque[Future[R]] = deque()
    with warnings.catch_warnings(), ThreadPoolExecutor(cores, "pictures") as pool:
        warnings.simplefilter("ignore")  # of decoders, about what they make of broken notes in a file
        try:
            for piece in pieces:
                waiting.append(pool.submit(work, piece))
                if len(waiting) >= AHEAD * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def sound(images: NDArray[np.uint8], rows: NDArray[np.int64], kept: NDArray[np.void]) -> int:
    """How many notes at the start of `kept` are as they were made, and their images, in `rows` of `images`, too."""
    for n, one in enumerate(kept):
        if zlib.crc32(one.tobytes()[:-SOUND], zlib.crc32(images[rows[n]].data)) != one["sound"]:
            return n
    return len(kept)


def readable(kept: NDArray[np.void]) -> NDArray[np.int64]:
    """Rising indices into notes `kept` of files that could be read."""
    return np.flatnonzero(kept["digest"].any(axis=1))


def reason(image: NDArray[np.uint8]) -> Message:
    """Why a file could not be read, from what lies in its image's place."""
    return Message.from_plain(json.loads(image.tobytes()))


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return bytes(DIGEST)


def _note_of(n: int, path: Path, digest: bytes, view: View, keep: Keep) -> bytes:
    one = read(path, view) if any(digest) else _why(path, view)
    if isinstance(one, Message):
        image: memoryview | bytes = _words(one, view)
        code, note = zlib.crc32(image), bytes(kind_of_note(view).itemsize - SOUND)
    else:
        image = one.image.data
        code, thumb = zlib.crc32(image), one.thumb.tobytes()
        pixels = hashlib.sha256(thumb + code.to_bytes(SOUND, "little")).digest()
        note = b"".join((thumb, bytes([one.more]), digest, pixels))
    keep(n, image)
    return note + zlib.crc32(note, code).to_bytes(SOUND, "little")


def _why(path: Path, view: View) -> Message:
    """Why a file that could not be hashed cannot be read."""
    one = read(path, view)
    return one if isinstance(one, Message) else Message("damaged")


def _words(reason: Message, view: View) -> bytes:
    """`reason` as JSON, as long as an image; one that is longer becomes the shortest."""
    size = int(np.prod(view.shape))
    words = json.dumps(reason.to_plain()).encode()
    return (words if len(words) <= size else b'"damaged"').ljust(size)
