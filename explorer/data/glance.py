"""What becomes of a few pictures of a set when they are brought to one shape, before all are decoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.data.picture_file import UnreadablePicture, header, read_picture, read_whole
from explorer.data.view import Loss, View, loss

SHOWN = 3
WHOLE = 192
"""Pixels along the longer side of a picture that is shown whole."""


class Shot(NamedTuple):
    """One picture."""

    whole: NDArray[np.uint8]
    """(H, W, 3)"""
    seen: NDArray[np.uint8]
    """(size, size, 3): as the network will get it."""


class Glance(NamedTuple):
    """A few pictures, and what is lost of all that were looked at."""

    view: View
    shots: tuple[Shot, ...]
    loss: Loss
    """On average."""
    enlarged: float
    """Share of the pictures that are smaller than the view."""


def glance(files: Sequence[Path], view: View, seen: Callable[[int], None]) -> Glance | None:
    """What `view` makes of `files`; None if none of them can be read. `seen` hears how many have been looked at."""
    sizes = []
    for n, path in enumerate(files):
        seen(n)
        if about := header(path):
            sizes.append((about.width, about.height))
    if not sizes:
        return None
    shots: list[Shot] = []
    for path in files[:: max(1, len(files) // SHOWN)][:SHOWN]:
        seen(len(files))
        try:
            image = read_picture(path, view).image
            shots.append(
                Shot(read_whole(path, WHOLE), np.broadcast_to(image, (3, *image.shape[1:])).transpose(1, 2, 0))
            )
        except UnreadablePicture:
            continue
    losses = np.array([loss(width, height, view) for width, height in sizes])
    enlarged = float(np.mean([min(size) < view.size for size in sizes]))
    return Glance(view, tuple(shots), Loss(*losses.mean(axis=0).tolist()), enlarged)
