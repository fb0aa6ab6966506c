"""Mean and deviation of the training images, by which a network standardizes its input. Runs and previews share it."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.training.streams import stream

SAMPLE = 10_000
"""Images at most. In a folder they lie class by class: the first ones would be those of the first classes alone."""


def mean_and_std(images: Tensor) -> tuple[Tensor, Tensor]:
    """Per channel, of uint8 images (N, C, H, W), in units of [0, 1]; from a sample over all of them, if many."""
    if len(images) > SAMPLE:
        images = images[torch.randperm(len(images), generator=stream("pixels", len(images)))[:SAMPLE]]
    pixels = images.float().div_(255)
    return pixels.mean(dim=(0, 2, 3)), pixels.std(dim=(0, 2, 3)).clamp(min=1e-3)
