"""What a set of pictures holds, looked at before anybody trains on it: first names, then headers, then pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np

from explorer.data.choice import DataChoice
from explorer.data.findings import Finding, Kind
from explorer.data.own import decoded, divided
from explorer.data.picture_file import header
from explorer.data.source import Found
from explorer.data.view import Loss, View, loss
from explorer.events import Progress
from explorer.i18n import Message

HEADERS = 1000
"""Files whose size is looked at, from all over the set."""
SMALL = 0.5
"""Share of the files from which on it is said that they are smaller than they are to become."""


class Sizes(NamedTuple):
    """Width and height of pictures as their files' headers say."""

    looked_at: int
    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    """By area."""
    formats: dict[str, int]
    modes: dict[str, int]
    """Of pixels, as Pillow calls them."""
    enlarged: float
    """Share of the pictures that the view makes larger than they are."""
    loss: Loss
    """What the view costs on average."""


def sizes(found: Found, view: View) -> Sizes | None:
    """What the headers of up to HEADERS files say; None if none can be read."""
    known = [about for path in sample(found, HEADERS).paths if (about := header(path))]
    if not known:
        return None
    ordered = sorted(((about.width, about.height) for about in known), key=lambda size: size[0] * size[1])
    losses = np.array([loss(width, height, view) for width, height in ordered])
    return Sizes(
        looked_at=len(known),
        smallest=ordered[0],
        median=ordered[len(ordered) // 2],
        largest=ordered[-1],
        formats=dict(Counter(about.format for about in known).most_common()),
        modes=dict(Counter(about.mode for about in known).most_common()),
        enlarged=float(np.mean([min(size) < view.size for size in ordered])),
        loss=Loss(*losses.mean(axis=0).tolist()),
    )


def sample(found: Found, most: int) -> Found:
    """At most so many of the pictures, from all over the set."""
    total = len(found.paths)
    return found if total <= most else found.take(np.linspace(0, total - 1, most).round().astype(np.intp))


def examined(
    found: Found, choice: DataChoice
) -> Generator[Progress, None, tuple[dict[str, int], tuple[Finding, ...], tuple[Message, ...]]]:
    """How the pictures that were `found` would be divided, all that is odd about them, and notes. Decodes them all."""
    read, _bits = yield from decoded(found, choice)
    division = divided(found, read, choice)
    counts = np.bincount(division.parts[division.parts >= 0], minlength=3).tolist()
    return dict(zip(("training", "validation", "test"), counts, strict=True)), division.findings, read.notes


def small(about: Sizes, view: View) -> Iterator[Finding]:
    """Whether many pictures are smaller than they are to become."""
    if about.enlarged >= SMALL:
        text = Message(
            "{percent} % of the pictures are smaller than {size} pixels, and making them larger shows nothing new: "
            "choose a smaller size.",
            percent=round(100 * about.enlarged),
            size=view.size,
        )
        yield Finding(Kind.SMALL, text, (), loading=False)
