"""Our side of every comparison: a run of `train()`, timed from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from unittest import mock

from explorer.data import ImageData, Split
from explorer.events import FINISHED, Event, RunEnded, RunStarted, StepDone
from explorer.recipe import Recipe
from explorer.runs import RunStore
from explorer.training.trainer import Run, train

QUICK_IMAGES_PER_CLASS = 64
"""640 images, 5 steps an epoch: enough to see that a figure can be taken."""


def default_experiment(epochs: int, quick: bool) -> Recipe:
    """The recipe that users start from, on the CPU, so many epochs long."""
    recipe = Recipe(epochs=epochs, device="cpu")
    if quick:
        return recipe.with_(epochs=1, data={"name": recipe.data.name, "per_class": QUICK_IMAGES_PER_CLASS})
    return recipe


def trainer_speed(recipe: Recipe, data: ImageData, instruments: str) -> float:
    """Images/s of the trainer alone."""
    return _speed(lambda: train(recipe, data=data, instruments=instruments))


def whole_speed(recipe: Recipe, data: ImageData, folder: Path) -> float:
    """Images/s with all that a run in the terminal does: default instruments, every event stored, checkpoints."""

    def events() -> Iterator[Event]:
        with RunStore(folder, recipe) as store:
            yield from store.recorded(train(recipe, data=data, checkpoints=store.checkpoints))

    return _speed(events)


def _speed(start: object) -> float:
    """Images/s from the first batch to the end of the run, less the time in which the network is evaluated.

    Evaluation is the same on both sides of a comparison; counted in, it would hide a part of what differs.
    """
    assert callable(start)
    with _evaluation_timed() as evaluation:
        return _images(start()) / (_elapsed - sum(evaluation))
