"""How pictures of any shape are brought to one, and what that costs."""

from __future__ import annotations

from typing import Literal, NamedTuple

Fit = Literal["crop", "pad", "stretch"]


class View(NamedTuple):
    """How a picture of any shape becomes an array."""

    size: int = 64
    """Pixels along each side."""
    fit: Fit = "crop"
    """Cut out the middle, show all of it between bars, or stretch it."""
    colour: bool = True
    """Red, green and blue; else grey."""
    bits: int = 16
    """Of grey pictures with 16 bits a pixel, how many are used: the largest number of so many bits becomes white."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)"""
        return (3 if self.colour else 1), self.size, self.size


class Loss(NamedTuple):
    """What a view makes of a picture; shares from 0 to 1."""

    cut: float
    """Of the picture's area, what is not shown."""
    detail: float
    """Of the pixels of what is shown, those that are kept: 1 if it is not made smaller."""
    bars: float
    """Of the view, what is black bars."""
    stretched: float
    """How many times wider or taller than it was, at least 1."""

    @property
    def lost(self) -> float:
        """Of the picture's pixels, those that nothing is seen of."""
        return 1 - (1 - self.cut) * self.detail


def loss(width: int, height: int, view: View) -> Loss:
    """What `view` makes of a picture of `width` × `height` pixels."""
    short, long = min(width, height), max(width, height)
    if view.fit == "stretch":
        return Loss(0.0, min(1.0, view.size**2 / (width * height)), 0.0, long / short)
    side = short if view.fit == "crop" else long
    unequal = 1 - short / long
    detail = min(1.0, (view.size / side) ** 2)
    return Loss(unequal, detail, 0.0, 1.0) if view.fit == "crop" else Loss(0.0, detail, unequal, 1.0)
