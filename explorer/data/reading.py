"""Reads a picture that was found, and says what came of reading all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.data.picture_file import Picture, UnreadablePicture, read_picture
from explorer.data.source import Found, listed
from explorer.data.view import View
from explorer.errors import InputError
from explorer.i18n import Message

MAX_UNREADABLE = 0.5
"""Share of files from which on something is wrong with the set, not with a file."""

Unread = tuple[tuple[str, Message], ...]
"""What could not be read, and why; names as people know them."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """What could be read, in the order of `indices`, rising, into what was found; the others are (K, …)."""

    indices: NDArray[np.int64]
    images: NDArray[np.uint8]
    """(…, C, H, W), in an order of its own: mapped into memory, where it is not held there."""
    rows: NDArray[np.int64]
    """Where in `images` each picture lies."""
    digests: tuple[bytes, ...]
    """Of the files' bytes."""
    pixels: tuple[bytes, ...]
    """Hashes of what is seen: files of several formats may hold the same."""
    pairs: NDArray[np.int64]
    """(P, 2), indices below K of two that look the same."""
    left_out: Unread
    several: tuple[str, ...] = ()
    """Names of files with more pages or frames than the first, which is taken."""
    notes: tuple[Message, ...] = ()
    """What people should know of where the pictures are kept."""


def require_readable(found: Found, left_out: Unread) -> None:
    """Raises InputError if MAX_UNREADABLE of what was `found`, or more, cannot be read."""
    if len(left_out) >= MAX_UNREADABLE * len(found.paths):
        raise InputError(
            Message(
                "{broken} of {total} pictures in {folder} cannot be read: {names}. Replace them or take them out.",
                broken=len(left_out),
                total=len(found.paths),
                folder=found.root,
                names=reasons(left_out),
            )
        )


def read(path: Path, view: View) -> Picture | Message:
    """One picture, or why it cannot be read."""
    try:
        return read_picture(path, view)
    except UnreadablePicture as error:
        return error.reason


def reasons(left_out: Unread) -> tuple[str | Message, ...]:
    """The first few of what could not be read, each with its reason."""
    text = "{name} ({reason})"  # the same in every language
    return listed([Message(text, name=name, reason=reason) for name, reason in left_out])
