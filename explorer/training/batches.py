"""What a batch is: which images, in which order, their targets softened, augmented. Runs and previews share it."""

from __future__ import annotations

import torch
from torch import Tensor

from explorer.recipe import Recipe
from explorer.techniques import Batch
from explorer.training.metrics import to_float
from explorer.training.streams import number, stream


def order(recipe: Recipe, images: int, epoch: int) -> Tensor:
    """Indices (images,) in the order in which `epoch`, counted from 0, takes them; batches are its pieces."""
    return torch.randperm(images, generator=stream(recipe.seed, "order", epoch))


def softened(recipe: Recipe, targets: Tensor) -> Tensor:
    """`targets` (B, classes) as the loss compares with them, before images are mixed."""
    for technique in recipe.techniques:
        targets = technique.soften(targets)
    return targets


def prepared(recipe: Recipe, step: int, raw: Tensor, targets: Tensor, mirrors: bool, rng: torch.Generator) -> Batch:
    """Uint8 images `raw` (B, C, H, W) with softened `targets` (B, classes), augmented as after `step` steps.

    `rng` lives where the images do; each technique restarts it as a stream of its own.
    """
    batch = Batch(to_float(raw), targets, mirrors=mirrors)
    for technique in recipe.techniques:
        if technique.acts_in("augment"):
            rng.manual_seed(number(recipe.seed, technique.name, step))
            batch = technique.augment(batch, rng)
    return batch
