"""What a batch is: which images, in which order, their targets softened, augmented. Runs and previews share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from explorer.data import ImageData, Split
from explorer.recipe import Recipe
from explorer.techniques import Batch
from explorer.training.metrics import to_float
from explorer.training.streams import number, stream


@dataclass(frozen=True)
class Taken:
    """The images of one step: where they lie in the data, as they lie there (uint8), and as the network sees them."""

    indices: Tensor
    raw: Tensor
    labels: Tensor
    batch: Batch
    unmixed: Tensor | None
    """(B,) bool: which images show one class alone; None if all do."""


def order(recipe: Recipe, labels: Tensor, epoch: int) -> Tensor:
    """Indices into the images with these `labels` (N,), in the order in which `epoch`, counted from 0, takes them.

    Each image once, unless a technique draws; batches are its pieces.
    """
    indices = torch.randperm(len(labels), generator=stream(recipe.seed, "order", epoch))
    for technique in recipe.techniques:
        if technique.acts_in("draw"):
            indices = technique.draw(indices, labels.cpu(), stream(recipe.seed, technique.name, epoch))
    return indices


def steps_per_epoch(recipe: Recipe, images: int) -> int:
    """Batches in an epoch over so many `images`."""
    return images // recipe.batch_size + bool(left_over(recipe, images) and not recipe.drop_last)


def left_over(recipe: Recipe, images: int) -> int:
    """How many of so many `images` fill no whole batch."""
    return images % recipe.batch_size


def batches(recipe: Recipe, labels: Tensor, epoch: int, done: int = 0) -> Iterator[Tensor]:
    """Indices (batch,) of each batch of `epoch` after the first `done`; each epoch has an order of its own.

    They lie where the `labels` do: one transfer an epoch, as one in each step would make the host wait.
    """
    indices = order(recipe, labels, epoch).to(labels.device)
    for step in range(done, steps_per_epoch(recipe, len(labels))):
        yield indices[step * recipe.batch_size :][: recipe.batch_size]


def take(recipe: Recipe, data: ImageData, split: Split, indices: Tensor, step: int, device: torch.device) -> Taken:
    """The images of `split` at `indices` as the network meets them after `step` steps: softened, augmented."""
    raw, labels = (tensor[indices.to(tensor.device)].to(device) for tensor in split)
    targets = softened(recipe, torch.eye(len(data.classes), device=device)[labels])
    batch = _augmented(recipe, step, Batch(to_float(raw), targets, mirrors=data.mirrors))
    if (weights := class_weights(recipe, split.labels, len(data.classes))) is not None:
        batch = replace(batch, weights=batch.targets @ weights.to(device))
    # An image whose target came out of augmentation as another one shows several classes.
    unmixed = None if batch.targets is targets else (batch.targets == targets).all(dim=1)
    return Taken(indices, raw, labels, batch, unmixed)


def class_weights(recipe: Recipe, labels: Tensor, classes: int) -> Tensor | None:
    """How much each class counts in the loss, (classes,), by the `labels` of all training images; None: alike."""
    weights: Tensor | None = None
    for technique in recipe.techniques:
        if technique.acts_in("weigh"):
            own = technique.weigh(torch.bincount(labels.cpu(), minlength=classes))
            weights = own if weights is None or own is None else weights * own
    return weights


def softened(recipe: Recipe, targets: Tensor) -> Tensor:
    """`targets` (B, classes) as the loss compares with them, before images are mixed."""
    for technique in recipe.techniques:
        targets = technique.soften(targets)
    return targets


def _augmented(recipe: Recipe, step: int, batch: Batch) -> Batch:
    """`batch` after `step` steps; each technique draws from a stream of its own, which lives where the images do."""
    rng = torch.Generator(batch.images.device)
    for technique in recipe.techniques:
        if technique.acts_in("augment"):
            rng.manual_seed(number(recipe.seed, technique.name, step))
            batch = technique.augment(batch, rng)
    return batch
