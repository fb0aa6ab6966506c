"""What is checked before a run begins, and how its end is explained."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from explorer.data import DataSpec, ImageData, Split, load
from explorer.errors import InputError, unforeseen
from explorer.events import DIVERGED, FAILED, Layer, Note, Progress, RunEnded, RunStarted
from explorer.i18n import NOTHING, Message, _
from explorer.recipe import Recipe
from explorer.techniques import conflict, without_place
from explorer.training.batches import left_over
from explorer.training.control import Control, Diverged
from explorer.training.metrics import to_float
from explorer.training.model import layers
from explorer.training.streams import stream
from explorer.training.threads import Chosen

TOO_FEW = (
    Message("Batch normalization cannot train on one image whose feature map is a single pixel: it has no variance."),
    Message("Use batches (and pieces of them) of 2 images or more, larger images, or another normalization."),
)


def fetched(
    recipe: Recipe, data: ImageData | None, control: Control, weights: bool
) -> Generator[Progress | Note, None, ImageData]:
    """Bring the images, and the `weights` to start from, saying how far it is; gives up where the run is stopped."""
    yield Progress(what=Message("Loading images"))
    data = data or load(recipe.data, recipe.seed)
    for note in data.notes:
        yield Note(text=note)
    for technique in recipe.techniques if weights else ():
        for done, total in technique.fetch(recipe.network):
            if control.stopping:
                return data
            yield Progress(what=Message("Downloading weights"), done=done, total=total)
    return data


def started(
    recipe: Recipe,
    data: ImageData,
    model: nn.Module,
    steps_per_epoch: int,
    device: torch.device,
    chosen: Chosen,
) -> RunStarted:
    """What a run starts from."""
    return RunStarted(
        recipe=recipe.model_dump(mode="json"),
        layers=tuple(
            Layer(name, type(module).__name__, sum(parameter.numel() for parameter in own))
            for name, module, own in layers(model)
        ),
        classes=data.classes,
        ordered=data.ordered,
        images={
            "train": len(data.training.labels),
            "validation": len(data.validation.labels),
            "test": len(data.test.labels),
        },
        steps_per_epoch=steps_per_epoch,
        device=str(device),
        time=time.time(),
        threads=chosen.threads,
        others=chosen.others,
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
            _("This machine has no {device} device that torch can use. Choose auto or cpu.").format(device=wanted)
        )
    return torch.device(wanted)


def check(recipe: Recipe, data: ImageData) -> None:
    """Raises InputError if recipe and data do not fit together."""
    images = len(data.training.labels)
    if recipe.batch_size > images:
        raise InputError(
            _("batch_size is {size}, but there are only {images} training images. Choose {images} or less.").format(
                size=recipe.batch_size, images=images
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


def never_began(error: Exception) -> RunEnded:
    """The end of a run that failed before its first step; call it while `error` is being handled."""
    outcome, reason, remedy = explain(error)
    return RunEnded(outcome=outcome, reason=reason, remedy=remedy, details=traceback.format_exc())


def explain(error: Exception) -> tuple[str, Message, Message]:
    """Outcome, reason and remedy for what ended a run."""
    if isinstance(error, Diverged):
        return (
            DIVERGED,
            Message("The loss is no longer a finite number: training has diverged."),
            Message("Lower the learning rate, clip gradients, switch normalization on, or choose He initialization."),
        )
    return (FAILED, *_failure(error))


def _failure(error: Exception) -> tuple[Message, Message]:
    text = str(error)
    if isinstance(error, ValueError) and "more than 1" in text and "when training" in text:
        return TOO_FEW
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or ("alloc" in text and "memory" in text):
        return Message("Out of memory."), Message("Use a smaller batch, width or depth.")
    if isinstance(error, OSError):
        return (
            Message("The run could not be written: {error}.", error=text),
            Message("Free some space, or choose another folder; the last whole checkpoint is kept."),
        )
    return unforeseen(error), Message("Please report this, with its details.")


@contextmanager
def denormals_as_zero() -> Iterator[None]:
    """Numbers below 1e-38 make a step on a CPU up to 16 times as slow, as in deep sigmoid networks, and add nothing."""
    before = sys.float_info.min / 2 == 0  # torch does not tell; half the smallest normal number does
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


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
