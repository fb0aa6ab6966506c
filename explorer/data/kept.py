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
from explorer.data.decoding import Keep, digests, kind_of_note, notes, readable, reason, sound
from explorer.data.likeness import alike
from explorer.data.part import Images, mapped, reorder
from explorer.data.reading import Decoded, require_readable
from explorer.data.source import Found
from explorer.data.view import View
from explorer.errors import InputError
from explorer.events import Progress
from explorer.files import write
from explorer.i18n import Message
from explorer.resources import CACHE_VARIABLE

VERSION = 3
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
READING = Message("Reading files")
NOTES = "notes"
"""Beside the images while they are being decoded."""


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
            yield from _filled(part, found, view, arrange)
            shutil.rmtree(entry, ignore_errors=True)
            part.replace(entry)
        except OSError:  # such as a full disk: what was taken is given back
            shutil.rmtree(part, ignore_errors=True)
            raise
        cache.clear(cache.MOST, keep=entry)
    finally:
        lock.release()
    if (kept := _opened(entry, found, view)) is None:
        raise OSError(f"{entry} cannot be read back")
    return kept


def _begun(part: Path, view: View) -> int:
    """How many pictures somebody else has decoded."""
    try:
        return (part / NOTES).stat().st_size // kind_of_note(view).itemsize
    except OSError:
        return 0


def _filled(part: Path, found: Found, view: View, arrange: Arrange) -> Generator[Progress, None, None]:
    """Make all of an entry in `part`, or go on with it. Raises OSError, and InputError if too few can be read."""
    total, pixels = len(found.paths), part / cache.PIXELS
    part.mkdir(exist_ok=True)
    _make_room(part, int(np.prod(view.shape)) * total)
    hashes = yield from _hashed(found)
    # They are put at once where they are to lie, as far as files tell; only copies that are no copies of the file, and
    # files that cannot be read, move others.
    rows = np.argsort(arrange(_as_if_read(hashes, view)))
    done = _sound(part, rows, view)
    with Images(pixels, total, view.shape) as images, (part / NOTES).open("ab", buffering=0) as file:
        file.truncate(done * kind_of_note(view).itemsize)

        def keep(n: int, image: memoryview | bytes) -> None:
            images.put(int(rows[n]), image)

        yield from _read_into(file, found, hashes, view, keep, done)
    lying, about = _concluded(part, rows, found, view, arrange)
    if not np.array_equal(lying, np.arange(total)):
        reorder(pixels, lying)
    write(part / cache.ABOUT, about)
    (part / NOTES).unlink()


def _make_room(part: Path, size: int) -> None:
    """Take out of the cache what keeps `size` bytes from `part`. Raises OSError if that does not do."""

    def lacking() -> int:
        there = sum(file.stat().st_size for file in part.iterdir())
        return size - there + ROOM - shutil.disk_usage(part).free

    if (lack := lacking()) > 0:
        cache.clear(max(0, cache.size() - lack), keep=part)
        if lacking() > 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _hashed(found: Found) -> Generator[Progress, None, list[bytes]]:
    """Hashes of all files."""
    hashes: list[bytes] = []
    told, going = time.monotonic(), digests(found.paths)
    try:
        for some in going:
            hashes += some
            if (now := time.monotonic()) - told >= BETWEEN:
                told = now
                yield Progress(what=READING, done=len(hashes), total=len(found.paths))
    finally:
        going.close()
    return hashes


def _as_if_read(hashes: list[bytes], view: View) -> Decoded:
    """What could be read, as far as files' hashes tell."""
    every = np.arange(len(hashes))
    none = np.empty((0, 2), np.int64)
    return Decoded(every, np.empty((0, *view.shape), np.uint8), every, tuple(hashes), tuple(hashes), none, ())


def _sound(part: Path, rows: NDArray[np.int64], view: View) -> int:
    """How many pictures in `part` were decoded by who was killed or cancelled."""
    kind, images = kind_of_note(view), mapped(part / cache.PIXELS, len(rows), view.shape)
    if images is None:
        (part / cache.PIXELS).unlink(missing_ok=True)
        return 0
    try:
        there = (part / NOTES).read_bytes()
    except FileNotFoundError:
        return 0
    whole = min(len(rows), len(there) // kind.itemsize)
    return sound(images, rows, np.frombuffer(there, kind, whole))


def _read_into(
    sink: _Sink, found: Found, hashes: list[bytes], view: View, keep: Keep, done: int = 0
) -> Generator[Progress, None, None]:
    """Decode all pictures but the first `done`, and write the notes on them."""
    total = len(found.paths)
    began = told = time.monotonic()
    reading = notes(found.paths, hashes, view, done, keep)
    try:
        for n, note in enumerate(reading, 1):
            sink.write(note)
            if (now := time.monotonic()) - told >= BETWEEN:
                told, left = now, total - done - n
                yield Progress(what=DECODING, done=done + n, total=total, left=left * (now - began) / n)
    finally:
        reading.close()


def _of(images: NDArray[np.uint8], rows: NDArray[np.int64], kept: NDArray[np.void], found: Found) -> Decoded:
    """The pictures that the notes `kept` are on, in these `rows`. Raises InputError if too few could be read."""
    indices = readable(kept)
    reasons = {int(n): reason(images[rows[n]]) for n in np.setdiff1d(np.arange(len(kept)), indices)}
    require_readable(found, tuple((found.named(found.paths[index]), reason) for index, reason in reasons.items()))
    hashes, pixels, thumbs, more = (np.array(kept[name][indices]) for name in ("digest", "pixels", "thumb", "more"))
    return _told(found, images, reasons, indices, rows[indices], hashes, pixels, alike(thumbs), more)


def _concluded(
    part: Path, rows: NDArray[np.int64], found: Found, view: View, arrange: Arrange
) -> tuple[NDArray[np.int64], memoryview]:
    """The rows of `part` in the order in which they should lie, and what is to be known of them all."""
    images = mapped(part / cache.PIXELS, len(rows), view.shape)
    if images is None:
        raise OSError(f"{part} cannot be read back")
    kept = np.fromfile(part / NOTES, kind_of_note(view))
    made = _of(images, rows, kept, found)
    order = arrange(made)
    broken = np.setdiff1d(np.arange(len(kept)), made.indices)
    reasons = json.dumps([(int(n), reason(images[rows[n]]).to_plain()) for n in broken]).encode()
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
    return made.rows[order], about.getbuffer()


def _in_memory(found: Found, view: View, why: str) -> Generator[Progress, None, Decoded]:
    """Read all pictures into memory, as the cache cannot be written. Raises InputError if they are too large."""
    size = int(np.prod(view.shape)) * len(found.paths)
    if size > IN_MEMORY:
        raise InputError(
            Message(
                "The pictures of {folder} take {size:.1f} GB, and {cache} cannot keep them ({why}). Choose a smaller "
                "size, make room there, or name another folder in {variable}.",
                folder=found.root,
                size=size / 1e9,
                cache=cache.root(),
                why=why,
                variable=CACHE_VARIABLE,
            )
        )
    images, kept = np.empty((len(found.paths), *view.shape), np.uint8), io.BytesIO()

    def keep(n: int, image: memoryview | bytes) -> None:
        images[n] = np.frombuffer(image, np.uint8).reshape(view.shape)

    hashes = yield from _hashed(found)
    yield from _read_into(kept, found, hashes, view, keep)
    every = np.arange(len(images))
    text = Message(
        "{cache} cannot keep the decoded pictures ({why}): they are decoded anew each time. Make room there, or name "
        "another folder in {variable}.",
        cache=cache.root(),
        why=why,
        variable=CACHE_VARIABLE,
    )
    read = _of(images, every, np.frombuffer(kept.getbuffer(), kind_of_note(view)), found)
    return replace(read, notes=(text, *read.notes))
