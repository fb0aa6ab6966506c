"""Decodes many picture files on all cores, in their order, into records of one size."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.data.picture_file import THUMB
from explorer.data.reading import Reading, read
from explorer.data.view import View
from explorer.i18n import Message

AHEAD = 8
"""Files for each core that are given out before the first of them is back: enough that no core waits for a large one,
few enough that Cancel acts at once."""
DIGEST = 32
SOUND = "sound"
"""Last field of a record: SHA-256 of all others."""


def kind_of_record(view: View) -> np.dtype[np.void]:
    """What is kept of a file, as `read` says it.

    Of one that cannot be read: the reason as JSON instead of the image, zeros elsewhere.
    """
    thumb = (view.shape[0], *THUMB)
    digests = [("digest", np.uint8, DIGEST), ("pixels", np.uint8, DIGEST)]
    rest = [("thumb", np.uint8, thumb), ("more", np.uint8), *digests, (SOUND, np.uint8, DIGEST)]
    return np.dtype([("image", np.uint8, view.shape), *rest])


def records(paths: Sequence[Path], view: View) -> Generator[bytes, None, None]:
    """The record of each of `paths`, in order. Closing the iterator ends the work on what is not wanted any more.

    In threads: Pillow decodes without holding the interpreter's lock.
    """
    cores = os.cpu_count() or 1
    waiting: deque[Future[bytes]] = deque()
    with warnings.catch_warnings(), ThreadPoolExecutor(cores, "pictures") as pool:
        warnings.simplefilter("ignore")  # of decoders, about what they make of broken notes in a file
        try:
            for path in paths:
                waiting.append(pool.submit(_record_of, path, view))
                if len(waiting) >= AHEAD * cores:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def sound(kept: NDArray[np.void]) -> int:
    """How many records at the start of `kept` are as they were made: a kill or a power cut may have spoilt one."""
    for n, one in enumerate(kept):
        if hashlib.sha256(one.tobytes()[:-DIGEST]).digest() != one[SOUND].tobytes():
            return n
    return len(kept)


def readable(kept: NDArray[np.void]) -> NDArray[np.int64]:
    """Rising indices into records `kept` of files that could be read."""
    return np.flatnonzero(kept["digest"].any(axis=1))


def reason(one: np.void) -> Message:
    """Why a file could not be read, from its record."""
    return Message.from_plain(json.loads(one["image"].tobytes()))


def _record_of(path: Path, view: View) -> bytes:
    one = read(path, view)
    content = _content(one) if isinstance(one, Reading) else _words(one, view)
    return content + hashlib.sha256(content).digest()


def _content(one: Reading) -> bytes:
    picture = one.picture
    return b"".join((picture.image.tobytes(), picture.thumb.tobytes(), bytes([picture.more]), one.digest, one.pixels))


def _words(reason: Message, view: View) -> bytes:
    """`reason` as JSON, as long as an image, then zeros; one that is longer becomes the shortest."""
    size = int(np.prod(view.shape))
    words = json.dumps(reason.to_plain()).encode()
    text = (words if len(words) <= size else b'"damaged"').ljust(size)
    return text.ljust(kind_of_record(view).itemsize - DIGEST, b"\0")
