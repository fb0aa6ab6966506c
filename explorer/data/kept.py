"""Pictures decoded once: kept in the cache as they are trained on, and mapped into memory from there.

An entry of the cache goes by the files (path, size, time of change) and by how they are brought to one shape. What is
half decoded after Cancel or a kill is gone on with; an entry that is not whole is made again.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from filelock import Timeout
from numpy.typing import NDArray

from explorer.data import cache
from explorer.data.decoding import kind_of_record, readable, reason, records, sound
from explorer.data.likeness import alike
from explorer.data.reading import Decoded, require_readable
from explorer.data.source import Found
from explorer.data.view import View
from explorer.errors import InputError
from explorer.events import Progress
from explorer.files import write, written
from explorer.i18n import Message
from explorer.resources import CACHE_VARIABLE

VERSION = 2
"""Of how pictures are decoded and kept: with another one, all are decoded anew."""
IN_MEMORY = 1_200_000_000
"""Bytes of pictures that are held in memory where the cache cannot be written."""
ROOM = 200_000_000
"""Bytes that are left free on the disk."""
BETWEEN = 0.1
"""Seconds between two words on how far it is."""
WORTH_A_WORD = 1.0
"""Seconds of waiting for another who decodes the same, from which on it is said."""
DECODING = Message("Decoding pictures")
CHUNK = 256
"""Pictures that are copied at a time."""


Arrange = Callable[[Decoded], NDArray[np.int64]]
"""The order (K,) in which the pictures should lie: what lies side by side is used where it lies."""


class _Sink(Protocol):
    def write(self, piece: bytes, /) -> object: ...


def pictures(found: Found, view: View, arrange: Arrange) -> Generator[Progress, None, Decoded]:
    """The pictures that were `found`, from the cache, or read into it. Closing the iterator cancels.

    Raises InputError if there is room for them neither there nor in memory.
    """
    entry = cache.root() / key(found, view)
    if kept := _opened(entry, found, view):
        return kept
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        return (yield from _made(entry, found, view, arrange))
    except OSError as error:
        why = error.strerror or str(error)
    return (yield from _in_memory(found, view, why))


def key(found: Found, view: View) -> str:
    """The name of the entry with these files as they are now."""
    import PIL

    digest = hashlib.sha256(repr((VERSION, PIL.__version__, view)).encode())
    for path in found.paths:
        digest.update(os.fsencode(path.absolute()))
        try:
            about = path.stat()
            digest.update(f"\0{about.st_size}\0{about.st_mtime_ns}\0".encode())
        except OSError:
            digest.update(b"\0\0")
    return digest.hexdigest()[:32]


def _opened(entry: Path, found: Found, view: View) -> Decoded | None:
    """What is kept in `entry`; None if it is not there, or not whole."""
    try:
        with np.load(io.BytesIO((entry / cache.ABOUT).read_bytes()), allow_pickle=False) as about:
            arrays = {name: about[name] for name in about.files}
        reasons = json.loads(arrays["left_out"].tobytes())
        left_out = {int(index): Message.from_plain(plain) for index, plain in reasons}
        # Written to in memory alone, if ever; torch takes none that cannot be written to.
        images = np.load(entry / cache.PIXELS, mmap_mode="c", allow_pickle=False)
        if images.shape != (len(arrays["indices"]), *view.shape) or images.dtype != np.uint8:
            return None
        columns = (arrays[name] for name in ("indices", "rows", "digest", "pixels", "pairs", "more"))
        kept = _told(found, images, left_out, *columns)
        os.utime(entry / cache.ABOUT)
    except Exception:  # not there, cut short, spoilt: whatever the formats' readers raise
        return None
    return kept


def _told(
    found: Found,
    images: NDArray[np.uint8],
    reasons: dict[int, Message],
    indices: NDArray[np.int64],
    rows: NDArray[np.int64],
    files: NDArray[np.uint8],
    pixels: NDArray[np.uint8],
    pairs: NDArray[np.int64],
    more: NDArray[np.uint8],
) -> Decoded:
    """What is known of all that was read."""
    left_out = tuple((found.named(found.paths[index]), reason) for index, reason in reasons.items())
    digests, hashes = (tuple(row.tobytes() for row in table) for table in (files, pixels))
    several = tuple(found.named(found.paths[index]) for index in indices[more.astype(bool)])
    return Decoded(indices, images, rows, digests, hashes, pairs, left_out, several)


def _made(entry: Path, found: Found, view: View, arrange: Arrange) -> Generator[Progress, None, Decoded]:
    """Read all pictures into `entry`. Raises OSError, and then nothing is left of it."""
    lock, part, since = cache.lock(entry), entry.with_suffix(cache.PART), time.monotonic()
    while not lock.is_locked:
        try:
            lock.acquire(timeout=BETWEEN)
        except Timeout:
            # A preview in this very program leaves at once when a run begins: not worth a word.
            long = time.monotonic() - since > WORTH_A_WORD
            what = Message("Another window or terminal decodes these pictures") if long else DECODING
            yield Progress(what=what, done=_begun(part, view), total=len(found.paths))
    try:
        if kept := _opened(entry, found, view):  # made by whoever held the lock
            return kept
        try:
            yield from _filled(part, found, view)
            _publish(entry, found, np.memmap(part, kind_of_record(view), "r", shape=len(found.paths)), arrange)
        except OSError:  # such as a full disk: what was taken is given back
            part.unlink(missing_ok=True)
            shutil.rmtree(entry, ignore_errors=True)
            raise
        part.unlink()
        cache.clear(cache.MOST, keep=entry)
    finally:
        lock.release()
    if (kept := _opened(entry, found, view)) is None:
        raise OSError(f"{entry} cannot be read back")
    return kept


def _begun(part: Path, view: View) -> int:
    """How many pictures somebody else has decoded."""
    try:
        return part.stat().st_size // kind_of_record(view).itemsize
    except OSError:
        return 0


def _filled(part: Path, found: Found, view: View) -> Generator[Progress, None, None]:
    """Append records to `part` until those of all pictures are there. Raises OSError."""
    kind, total = kind_of_record(view), len(found.paths)
    whole = min(total, part.stat().st_size // kind.itemsize) if part.exists() else 0
    done = sound(np.memmap(part, kind, "r", shape=whole)) if whole else 0
    lacking = kind.itemsize * (2 * total - done) + ROOM - shutil.disk_usage(part.parent).free
    if lacking > 0:
        cache.clear(max(0, cache.size() - lacking), keep=part)
    if kind.itemsize * (2 * total - done) > shutil.disk_usage(part.parent).free - ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with part.open("ab") as file:
        file.truncate(done * kind.itemsize)
        yield from _read_into(file, found, view, done)


def _read_into(sink: _Sink, found: Found, view: View, done: int = 0) -> Generator[Progress, None, None]:
    """Write the records of all pictures but the first `done`."""
    total = len(found.paths)
    began = told = time.monotonic()
    reading = records(found.paths[done:], view)
    try:
        for n, one in enumerate(reading, 1):
            sink.write(one)
            if (now := time.monotonic()) - told >= BETWEEN:
                told, left = now, total - done - n
                yield Progress(what=DECODING, done=done + n, total=total, left=left * (now - began) / n)
    finally:
        reading.close()


def _of(kept: NDArray[np.void], found: Found) -> Decoded:
    """The pictures of the records `kept`, where they lie. Raises InputError if too few could be read."""
    indices = readable(kept)
    reasons = {int(n): reason(kept[n]) for n in np.setdiff1d(np.arange(len(kept)), indices)}
    require_readable(found, tuple((found.named(found.paths[index]), reason) for index, reason in reasons.items()))
    digests, pixels, thumbs, more = (np.array(kept[name][indices]) for name in ("digest", "pixels", "thumb", "more"))
    return _told(found, kept["image"], reasons, indices, indices, digests, pixels, alike(thumbs), more)


def _publish(entry: Path, found: Found, kept: NDArray[np.void], arrange: Arrange) -> None:
    """Put the records `kept` of all pictures into `entry`. Raises OSError, and InputError if too few could be read."""
    made = _of(kept, found)
    order = arrange(made)
    entry.mkdir(exist_ok=True)
    with written(entry / cache.PIXELS) as file:
        shape = (len(order), *made.images.shape[1:])
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        for start in range(0, len(order), CHUNK):
            file.write(made.images[made.rows[order[start : start + CHUNK]]].tobytes())
    broken = np.setdiff1d(np.arange(len(kept)), made.indices)
    reasons = json.dumps([(int(n), reason(kept[n]).to_plain()) for n in broken]).encode()
    about = io.BytesIO()
    np.savez(
        about,
        indices=made.indices,
        rows=np.argsort(order),
        left_out=np.frombuffer(reasons, np.uint8),
        digest=kept["digest"][made.indices],
        pixels=kept["pixels"][made.indices],
        pairs=made.pairs,
        more=kept["more"][made.indices],
    )
    write(entry / cache.ABOUT, about.getbuffer())


def _in_memory(found: Found, view: View, why: str) -> Generator[Progress, None, Decoded]:
    """Read all pictures into memory, as the cache cannot be written. Raises InputError if they are too large."""
    kind = kind_of_record(view)
    if kind.itemsize * len(found.paths) > IN_MEMORY:
        raise InputError(
            Message(
                "The pictures of {folder} take {size:.1f} GB, and {cache} cannot keep them ({why}). Choose a smaller "
                "size, make room there, or name another folder in {variable}.",
                folder=found.root,
                size=kind.itemsize * len(found.paths) / 1e9,
                cache=cache.root(),
                why=why,
                variable=CACHE_VARIABLE,
            )
        )
    kept = np.empty(len(found.paths), kind)
    yield from _read_into(_Memory(kept), found, view)
    text = Message(
        "{cache} cannot keep the decoded pictures ({why}): they are decoded anew each time. Make room there, or name "
        "another folder in {variable}.",
        cache=cache.root(),
        why=why,
        variable=CACHE_VARIABLE,
    )
    read = _of(kept, found)
    return replace(read, notes=(text, *read.notes))


class _Memory:
    """Takes records as a file does."""

    def __init__(self, kept: NDArray[np.void]) -> None:
        self._kept, self._done = kept, 0

    def write(self, piece: bytes, /) -> None:
        self._kept[self._done] = np.frombuffer(piece, self._kept.dtype)[0]
        self._done += 1
