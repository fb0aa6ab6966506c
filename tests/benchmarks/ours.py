"""Our side of every comparison: a run of `train()`, timed from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
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
    """The recipe that users start from, so many epochs long, on the CPU."""
    recipe = Recipe(epochs=epochs, device="cpu")
    small = {"name": recipe.data.name, "per_class": QUICK_IMAGES_PER_CLASS}
    return recipe.with_(epochs=1, data=small) if quick else recipe


def trainer_speed(recipe: Recipe, data: ImageData, instruments: str) -> float:
    """Images/s of the trainer alone."""
    return _speed(train(recipe, data=data, instruments=instruments))


def whole_speed(recipe: Recipe, data: ImageData) -> float:
    """Images/s with all that a run in the terminal does: default instruments, every event stored, checkpoints."""
    with TemporaryDirectory() as folder:
        return _speed(_recorded(recipe, data, Path(folder) / "run"))


def _recorded(recipe: Recipe, data: ImageData, folder: Path) -> Iterator[Event]:
    with RunStore(folder, recipe) as store:
        yield from store.recorded(train(recipe, data=data, checkpoints=store.checkpoints))


def _speed(events: Iterable[Event]) -> float:
    """Images/s from the first batch until the run is over and put away, less the time taken by evaluation.

    Evaluation would be the same on both sides of a comparison; counted in, it would hide a part of what differs.
    """
    images, began = 0, 0.0
    with _evaluation_timed() as evaluation:
        for event in events:
            match event:
                case RunStarted():
                    began = perf_counter()
                case StepDone():
                    images += event.images
                case RunEnded(outcome=outcome) if outcome != FINISHED:
                    raise RuntimeError(f"the run {outcome}: {event.reason} {event.details}")
        return images / (perf_counter() - began - sum(evaluation))


@contextmanager
def _evaluation_timed() -> Iterator[list[float]]:
    """Seconds of each evaluation that a run makes meanwhile."""
    seconds: list[float] = []
    evaluate = Run.evaluate

    def timed(run: Run, split: Split) -> dict[str, float]:
        began = perf_counter()
        try:
            return evaluate(run, split)
        finally:
            seconds.append(perf_counter() - began)

    with mock.patch.object(Run, "evaluate", timed):
        yield seconds
