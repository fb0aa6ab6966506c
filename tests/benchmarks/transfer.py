"""What freezing saves: feature extraction against full fine-tuning of the same network on the same images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from unittest import mock

from explorer.data import ImageData, Split, load
from explorer.events import FINISHED, EpochDone, RunEnded
from explorer.i18n import NOTHING
from explorer.networks import Pretrained
from explorer.recipe import Recipe
from explorer.techniques import LabelSmoothing, Transfer
from explorer.training import planning
from explorer.training.loop import train

from .pairs import Measured, alternate, ratios, speeds

PER_CLASS, BATCH, PIXELS, EPOCHS = 32, 32, 96, 3
"""10 steps an epoch; the first is left out, as memory is still being laid out, and features are computed in it."""


def frozen_speedup(quick: bool) -> Measured:
    """Images/s of feature extraction over those of full fine-tuning, EfficientNet-Lite0 at 96 pixels.

    `train()` alone with default instruments, no store. An epoch counts from its first batch to its last, with what the
    instruments do at steps, without evaluation, from the second epoch on. Features are not reused.
    """
    return _speedup(quick, cached=False)


def cached_speedup(quick: bool) -> Measured:
    """The same with features that are computed once, in the first epoch."""
    return _speedup(quick, cached=True)


def _speedup(quick: bool, cached: bool) -> Measured:
    recipe = Recipe(
        data={"name": "fashion-mini", "per_class": PER_CLASS},  # type: ignore[arg-type]
        batch_size=BATCH,
        epochs=2 if quick else EPOCHS,
        lr=0.01,
        device="cpu",
        techniques=(LabelSmoothing(),),  # type: ignore[arg-type]
    )
    data = load(recipe.data, recipe.seed)
    data = replace(data, validation=_some(data.validation), test=_some(data.test))  # evaluation is not what is timed
    recipe = recipe.with_(network=Pretrained(size=32 if quick else PIXELS))
    frozen = recipe.switched(Transfer(train="head"))
    whole = recipe.switched(Transfer(train="all"))
    anew = nullcontext() if cached else mock.patch.object(planning, "reused", return_value=(None, NOTHING))
    with anew:
        pairs = alternate(1 if quick else 6, lambda: _speed(frozen, data), lambda: _speed(whole, data))
    extraction, tuning = zip(*pairs, strict=True)
    return Measured(ratios(pairs), speeds(feature_extraction=extraction, fine_tuning=tuning))


def _some(split: Split) -> Split:
    return Split(split.images[:BATCH], split.labels[:BATCH])


def _speed(recipe: Recipe, data: ImageData) -> float:
    """Images/s from the second epoch on."""
    later = list(_epochs(recipe, data))[1:]
    return sum(epoch.images_per_second * epoch.seconds for epoch in later) / sum(epoch.seconds for epoch in later)


def _epochs(recipe: Recipe, data: ImageData) -> Iterator[EpochDone]:
    for event in train(recipe, data=data):
        if isinstance(event, EpochDone):
            yield event
        if isinstance(event, RunEnded) and event.outcome != FINISHED:
            raise RuntimeError(f"the run {event.outcome}: {event.reason} {event.details}")
