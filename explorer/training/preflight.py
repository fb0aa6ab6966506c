"""What is checked before a run begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from explorer.data import DataSpec, ImageData, Split
from explorer.errors import InputError
from explorer.i18n import NOTHING, Message
from explorer.recipe import Recipe
from explorer.techniques import conflict, without_place
from explorer.training.batches import left_over
from explorer.training.control import Control
from explorer.training.metrics import to_float
from explorer.training.streams import stream

TOO_FEW = (
    Message("Batch normalization cannot train on one image whose feature map is a single pixel: it has no variance."),
    Message("Use batches (and pieces of them) of 2 images or more, larger images, or another normalization."),
)


def idle(recipe: Recipe) -> Message:
    """Which techniques of `recipe` have no place in its network, and why; empty if all have one."""
    techniques = recipe.techniques
    titles = tuple(Message(technique.title) for technique in techniques if without_place(technique, recipe.network))
    if not titles:
        return NOTHING
    return Message(
        "{network} is built of its own layers: without effect in it are {techniques}.",
        network=recipe.network.proper_name,
        techniques=titles,
    )


def pick_device(wanted: str) -> torch.device:
    """The device named `wanted`, or for "auto" the best there is. Raises InputError where there is none."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return torch.device(next(name for name, available in there.items() if available))
    if not there[wanted]:
        raise InputError(
            Message("This machine has no {device} device that torch can use. Choose auto or cpu.", device=wanted)
        )
    return torch.device(wanted)


def check(recipe: Recipe, data: ImageData) -> None:
    """Raises InputError if recipe and data do not fit together."""
    images = len(data.training.labels)
    if recipe.batch_size > images:
        raise InputError(
            Message(
                "batch_size is {size}, but there are only {images} training images. Choose {images} or less.",
                size=recipe.batch_size,
                images=images,
            )
        )
    if reason := refusal(recipe, data.spec):
        raise InputError(reason)


def refusal(recipe: Recipe, facts: DataSpec) -> Message:
    """Why `recipe` cannot be trained on such data: its network or a technique refuses; NOTHING if none does."""
    techniques, network = recipe.techniques, recipe.network
    reasons = [
        technique.refuse(facts) or technique.refuse_length(recipe.epochs) or conflict(technique, techniques, network)
        for technique in techniques
    ]
    reasons.insert(0, network.refuse(facts))
    return next((reason for reason in reasons if reason), NOTHING)


def left_out(recipe: Recipe, images: int) -> Message:
    """How many of so many `images` an epoch leaves out, and the switch; NOTHING if none."""
    rest = left_over(recipe, images)
    if not rest or not recipe.drop_last:
        return NOTHING
    return Message(
        "Each epoch leaves {rest} of {images} images out, others each time: they fill no whole batch of {size}. To "
        "train on them, too, switch drop_last off.",
        rest=rest,
        images=images,
        size=recipe.batch_size,
    )


def check_smallest_pass(recipe: Recipe, model: nn.Module, split: Split) -> None:
    """Raises InputError if what the smallest training pass has is too little to normalise by, in some layer."""
    alone = [m for m in model.modules() if isinstance(m, nn.GroupNorm) and m.num_groups == m.num_channels]
    if alone and _sees_one_value(alone, model, split):
        raise InputError(
            Message(
                "Normalization has a single value in some layer, the only one of its group, and always makes 0 of it: "
                "the network could not tell images apart. Use fewer groups, another kind of normalization, or larger "
                "images."
            )
        )
    rest = left_over(recipe, len(split.labels))
    smallest = min([recipe.batch_size] + [rest] * bool(rest and not recipe.drop_last))
    for technique in recipe.techniques:
        smallest = technique.smallest_pass(smallest)
    if smallest > 1:
        return
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        with torch.no_grad():
            model(to_float(split.images[:1]))
    except ValueError as error:
        if "more than 1" in str(error):
            text, (reason, remedy) = "{reason} {remedy}", TOO_FEW
            raise InputError(Message(text, reason=reason, remedy=remedy)) from None
        raise
    finally:
        for buffer, value in buffers:
            buffer.copy_(value)


def _sees_one_value(norms: list[nn.GroupNorm], model: nn.Module, split: Split) -> bool:
    """Whether one of the `norms` in `model`, which have a group for each channel, gets images of a single pixel."""
    found = []

    def look(_layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found.append(inputs[0][0, 0].numel() == 1)

    hooks = [norm.register_forward_pre_hook(look) for norm in norms]
    try:
        with torch.no_grad():
            model(to_float(split.images[:1].expand(2, -1, -1, -1)))  # of a single image torch says it itself
    finally:
        for hook in hooks:
            hook.remove()
    return any(found)


def fixed_sample(split: Split, size: int) -> Split:
    """At most `size` images, the same in every run on these data, spread evenly over the set."""
    n = len(split.labels)
    chosen = torch.randperm(n, generator=stream("sample", n))[:size].to(split.labels.device)
    return Split(split.images[chosen], split.labels[chosen])


@contextmanager
def stoppable(model: nn.Module, control: Control) -> Iterator[None]:
    """Passes through `model` end within a layer when the run has been asked to end: an evaluation can take minutes."""

    def guard(*_arguments: object) -> None:
        control.check()

    hooks = [layer.register_forward_pre_hook(guard) for layer in model.modules()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
