"""What is checked before a run begins, and how its end is explained."""

from __future__ import annotations

import traceback

import torch

from explorer.data import ImageData, Split
from explorer.errors import InputError
from explorer.events import FAILED, RunEnded
from explorer.i18n import _
from explorer.recipe import Recipe
from explorer.techniques import Facts
from explorer.training.streams import stream


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
    shape = data.training.images.shape
    if reason := refusal(recipe, Facts(len(data.classes), data.ordered, shape[1], shape[2])):
        raise InputError(reason)


def refusal(recipe: Recipe, facts: Facts) -> str:
    """Why a technique of `recipe` cannot act on such data; empty if all can."""
    return next(filter(None, (technique.refuse(facts) for technique in recipe.techniques)), "")


def fixed_sample(split: Split, size: int) -> Split:
    """At most `size` images, the same in every run on these data, spread evenly over the set."""
    n = len(split.labels)
    chosen = torch.randperm(n, generator=stream("sample", n))[:size].to(split.labels.device)
    return Split(split.images[chosen], split.labels[chosen])


def never_began(error: Exception) -> RunEnded:
    """The end of a run that failed before its first step; call it while `error` is being handled."""
    reason, remedy = explain(error)
    return RunEnded(outcome=FAILED, reason=reason, remedy=remedy, details=traceback.format_exc())


def explain(error: Exception) -> tuple[str, str]:
    """Reason and remedy for what ended a run."""
    text = str(error)
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or ("alloc" in text and "memory" in text):
        return _("Out of memory."), _("Use a smaller batch, width or depth.")
    if isinstance(error, OSError):
        return (
            _("The run could not be written: {error}.").format(error=text),
            _("Free some space, or choose another folder; the last whole checkpoint is kept."),
        )
    return f"{type(error).__name__}: {text}", _("Please report this, with its details.")
