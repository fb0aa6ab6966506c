"""The loop that we are held against: what a good programmer writes who wants speed and no tool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import OneCycleLR

from explorer import optimizers as choice
from explorer.data import ImageData
from explorer.recipe import Recipe
from explorer.techniques import Augmentation, DataSpec, LabelSmoothing, Schedule
from explorer.training.model import build

Backward: TypeAlias = Callable[[nn.Module, Tensor, Tensor, int], None]
"""(model, images, labels, step): forward and backward pass."""


def bare_loop(
    recipe: Recipe, data: ImageData, watched: Callable[[nn.Module, Optimizer], Backward] | None = None
) -> Iterator[int]:
    """Images of each epoch of training as `recipe` says, by hand: the same network, start, optimizer and schedule.

    Images lie in memory as floats, standardized and padded before the first epoch; crop and flip are one indexing;
    nothing is logged, measured, kept or evaluated. `watched` gives another forward and backward pass.
    """
    augmentation = recipe.technique(Augmentation)
    assert augmentation is not None
    pixels, labels = data.training.images.float().div_(255), data.training.labels
    size = pixels.shape[-1]
    margin = augmentation.margin(size)
    images = (functional.pad(pixels, (margin,) * 4) - pixels.mean()) / pixels.std()

    torch.manual_seed(recipe.seed)
    facts = DataSpec(len(data.classes), data.ordered, pixels.shape[1], size)
    model = build(recipe, facts, nn.Identity(), torch.Generator()).to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    steps = len(labels) // recipe.batch_size
    optimizer = _optimizer(recipe, model)
    rate = one_cycle(recipe, optimizer, recipe.epochs * steps)
    backward = watched(model, optimizer) if watched else plain(recipe)

    for epoch in range(recipe.epochs):
        order = torch.randperm(len(labels))[: steps * recipe.batch_size]
        for step, batch in enumerate(torch.split(order, recipe.batch_size), epoch * steps):
            optimizer.zero_grad()
            backward(model, cropped_and_flipped(images, batch, size, margin), labels[batch], step)
            optimizer.step()
            rate.step()
        yield steps * recipe.batch_size


def plain(recipe: Recipe) -> Backward:
    """Cross-entropy and nothing else."""
    epsilon = smoothing(recipe)

    def backward(model: nn.Module, images: Tensor, labels: Tensor, _step: int) -> None:
        functional.cross_entropy(model(images), labels, label_smoothing=epsilon).backward()  # type: ignore[no-untyped-call]

    return backward


def smoothing(recipe: Recipe) -> float:
    """Share ε of label smoothing, 0 if it is off."""
    technique = recipe.technique(LabelSmoothing)
    return technique.epsilon if technique else 0.0


def one_cycle(recipe: Recipe, optimizer: Optimizer, steps: int) -> OneCycleLR:
    """torch's own form of the recipe's schedule, to be stepped after each of `steps` batches."""
    schedule = recipe.technique(Schedule)
    assert schedule is not None
    rise, div = schedule.rise, schedule.div
    return OneCycleLR(optimizer, recipe.rate, steps, pct_start=rise, div_factor=div, cycle_momentum=False)


def cropped_and_flipped(images: Tensor, batch: Tensor, size: int, margin: int) -> Tensor:
    """(B, C, size, size), channels last, of padded `images` (N, C, H, W): each moved and mirrored on its own."""
    across = torch.arange(size).expand(len(batch), size)
    columns = torch.where(torch.rand(len(batch), 1) < 0.5, across, across.flip(1))
    rows = across + torch.randint(0, 2 * margin + 1, (len(batch), 1))
    columns = columns + torch.randint(0, 2 * margin + 1, (len(batch), 1))
    return images[batch[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _optimizer(recipe: Recipe, model: nn.Module) -> SGD:
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]
    sgd = recipe.optimizer
    assert isinstance(sgd, choice.SGD)
    nesterov = sgd.nesterov and sgd.momentum > 0
    return SGD(groups, recipe.rate, sgd.momentum, nesterov=nesterov, foreach=True)
