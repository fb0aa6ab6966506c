"""Our side of every comparison: a run of `train()`, timed from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from unittest import mock

from explorer.data import ImageData
from explorer.events import FINISHED, EpochDone, Event, RunEnded, RunStarted, StepDone
from explorer.recipe import Recipe
from explorer.runs import RunStore
from explorer.training import loop

QUICK_IMAGES_PER_CLASS = 64
"""640 images, 5 steps an epoch: enough to see that a figure can be taken."""
EVALUATION = ("predict", "measure")
"""The names by which the trainer measures: on validation and training images after each epoch, on test images once."""


def default_experiment(epochs: int, quick: bool) -> Recipe:
    """The recipe that users start from, so many epochs long, on the CPU."""
    recipe = Recipe(epochs=epochs, device="cpu")
    small = {"name": recipe.data.name, "per_class": QUICK_IMAGES_PER_CLASS}
    return recipe.with_(epochs=1, data=small) if quick else recipe


def trainer_speed(recipe: Recipe, data: ImageData, instruments: str) -> float:
    """Images/s of the trainer alone."""
    return _speed(loop.train(recipe, data=data, instruments=instruments))


def whole_speed(recipe: Recipe, data: ImageData) -> float:
    """Images/s with all that a run in the terminal does: default instruments, every event stored, checkpoints."""
    with TemporaryDirectory() as folder:
        return _speed(_recorded(recipe, data, Path(folder) / "run"))


def _recorded(recipe: Recipe, data: ImageData, folder: Path) -> Iterator[Event]:
    with RunStore(folder, recipe) as store:
        yield from store.recorded(loop.train(recipe, data=data, checkpoints=store.checkpoints))


def _speed(events: Iterable[Event]) -> float:
    """Images/s from the first batch until the run is over and put away, less the time taken by evaluation.

    Evaluation would be the same on both sides of a comparison; counted in, it would hide a part of what differs.
    """
    images, epochs, began = 0, 0, 0.0
    with _evaluation_timed() as passes:
        for event in events:
            match event:
                case RunStarted():
                    began = perf_counter()
                case StepDone():
                    images += event.images
                case EpochDone():
                    epochs += 1
                case RunEnded(outcome=outcome) if outcome != FINISHED:
                    raise RuntimeError(f"the run {outcome}: {event.reason} {event.details}")
        seconds = perf_counter() - began - sum(sum(spent) for spent in passes.values())
    if len(passes["predict"]) != 2 * epochs + 1:
        raise RuntimeError("the trainer evaluates elsewhere now: bring EVALUATION up to date")
    return images / seconds


@contextmanager
def _evaluation_timed() -> Iterator[dict[str, list[float]]]:
    """Seconds of each call that the trainer meanwhile makes to what measures metrics."""
    passes: dict[str, list[float]] = {name: [] for name in EVALUATION}

    def timed(name: str) -> Callable[..., Any]:
        function = getattr(loop, name)

        def call(*arguments: Any, **options: Any) -> Any:
            began = perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                passes[name].append(perf_counter() - began)

        return call

    with ExitStack() as stack:
        for name in EVALUATION:
            stack.enter_context(mock.patch.object(loop, name, timed(name)))
        yield passes
