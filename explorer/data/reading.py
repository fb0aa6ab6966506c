"""Reads the pictures that were found: all of them, on all cores, with what tells copies from other pictures."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.data.picture_file import Picture, UnreadablePicture, read_picture
from explorer.data.source import Found, listed
from explorer.data.view import View
from explorer.errors import InputError
from explorer.i18n import Message

MAX_UNREADABLE = 0.5
"""Share of files from which on something is wrong with the set, not with a file."""

Tell = Callable[[int, int], None]
"""Hears how many of how many pictures are done; what it raises ends the reading."""


class Reading(NamedTuple):
    """One picture that could be read."""

    picture: Picture
    digest: bytes
    """Of the file's bytes."""
    pixels: bytes
    """Hash of them: files of several formats may hold the same."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """What could be read, in the order of `indices` into what was found; (K,) or (K, C, H, W)."""

    indices: NDArray[np.int64]
    images: NDArray[np.uint8]
    digests: tuple[bytes, ...]
    """Of the files' bytes."""
    pixels: tuple[bytes, ...]
    """Hashes of what is seen: files of several formats may hold the same."""
    thumbs: NDArray[np.uint8]
    """(K, C, 16, 16); likeness.py compares them."""
    left_out: tuple[tuple[Path, Message], ...]
    """What could not be read, and why."""
    notes: tuple[Message, ...] = ()
    """What people should know of the reading: first of what was left out."""


def decode(found: Found, view: View, tell: Tell = lambda done, total: None) -> Decoded:
    """All pictures, on all cores. Raises InputError if MAX_UNREADABLE of them or more cannot be read."""
    answers: list[Reading | Message] = []
    with warnings.catch_warnings(), ThreadPoolExecutor(os.cpu_count()) as pool:
        warnings.simplefilter("ignore")  # of decoders, about what they make of broken notes in a file
        # Pillow decodes without holding the interpreter's lock.
        try:
            for answer in pool.map(read, found.paths, repeat(view)):
                answers.append(answer)
                tell(len(answers), len(found.paths))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    left_out = tuple((path, one) for path, one in zip(found.paths, answers, strict=True) if isinstance(one, Message))
    if len(left_out) >= MAX_UNREADABLE * len(found.paths):
        raise InputError(
            Message(
                "{broken} of {total} pictures in {folder} cannot be read: {names}. Replace them or take them out.",
                broken=len(left_out),
                total=len(found.paths),
                folder=found.root,
                names=_reasons(found, left_out),
            )
        )
    done = [(index, one) for index, one in enumerate(answers) if isinstance(one, Reading)]
    several = [found.named(found.paths[index]) for index, one in done if one.picture.more]
    return Decoded(
        indices=np.array([index for index, _one in done], np.int64),
        images=np.stack([one.picture.image for _index, one in done]),
        digests=tuple(one.digest for _index, one in done),
        pixels=tuple(one.pixels for _index, one in done),
        thumbs=np.stack([one.picture.thumb for _index, one in done]),
        left_out=left_out,
        notes=(
            *_unreadable(found, left_out),
            *_pages(several),
        ),
    )


def read(path: Path, view: View) -> Reading | Message:
    """One picture, or why it cannot be read."""
    try:
        picture = read_picture(path, view)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        return Reading(picture, digest, hashlib.sha256(picture.image.data).digest())
    except UnreadablePicture as error:
        return error.reason
    except OSError:
        return Message("damaged")


def _reasons(found: Found, left_out: tuple[tuple[Path, Message], ...]) -> tuple[str | Message, ...]:
    text = "{name} ({reason})"  # the same in every language
    return listed([Message(text, name=found.named(path), reason=reason) for path, reason in left_out])


def _unreadable(found: Found, left_out: tuple[tuple[Path, Message], ...]) -> list[Message]:
    if not left_out:
        return []
    return [
        Message.counted(
            "{n} of {total} pictures cannot be read and was left out: {names}.",
            "{n} of {total} pictures cannot be read and were left out: {names}.",
            len(left_out),
            total=len(found.paths),
            names=_reasons(found, left_out),
        )
    ]


def _pages(names: list[str]) -> list[Message]:
    if not names:
        return []
    return [
        Message.counted(
            "{n} file has several pages or frames; the first is taken: {names}.",
            "{n} files have several pages or frames; the first of each is taken: {names}.",
            len(names),
            names=listed(names),
        )
    ]
