"""A heat map laid over a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ANCHORS = np.array([(0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)], np.float32)
"""Of the colour map inferno, which those who cannot tell red from green read as well: evenly from 0 to 1."""
STRENGTH = 0.75
"""How much of a picture its hottest place hides."""


def overlaid(picture: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """uint8 (H, W, 3): `picture` (1 or 3, H, W), hidden the more the higher `heat` (H, W), from 0 to 1, is there."""
    colours = np.stack([np.interp(heat, np.linspace(0, 1, len(ANCHORS)), anchors) for anchors in ANCHORS.T], axis=2)
    base = np.broadcast_to(picture, (3, *picture.shape[1:])).transpose(1, 2, 0)
    share = STRENGTH * heat[:, :, None]
    mixed: NDArray[np.uint8] = np.round(base * (1 - share) + colours * share).astype(np.uint8)
    return mixed


def enlarged(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(H, W, 3) as often as it takes to reach `side` pixels; each pixel stays a square."""
    factor = max(1, -(-side // picture.shape[0]))
    return picture.repeat(factor, 0).repeat(factor, 1)
