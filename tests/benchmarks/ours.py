"""Our side of every comparison, an epoch at a time: runs of `train()`, timed from outside."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from unittest import mock

from explorer.data import ImageData
from explorer.events import FINISHED, Event, RunEnded, StepDone
from explorer.recipe import Recipe
from explorer.runs import RunStore
from explorer.training import loop, metrics

from .pairs import Piece

QUICK_IMAGES_PER_CLASS = 64
"""640 images, 5 steps an epoch: enough to see that a figure can be taken."""
SPARE = 2
"""Epochs that a run goes beyond its counted ones: one to warm up, one so that it is not over before it is dropped."""


def default_experiment(epochs: int, quick: bool) -> Recipe:
    """The recipe that users start from, so many epochs long, on the CPU."""
    recipe = Recipe(epochs=epochs, device="cpu")
    small = {"name": recipe.data.name, "per_class": QUICK_IMAGES_PER_CLASS}
    return recipe.with_(data=small) if quick else recipe


def trained(recipe: Recipe, data: ImageData, instruments: str) -> Iterator[int]:
    """Images of each epoch of the trainer alone, with what instruments do at its end."""
    return _epochs(loop.train(recipe, data=data, instruments=instruments))


def stored(recipe: Recipe, data: ImageData, folder: Path) -> Iterator[int]:
    """The same with all that a run in the terminal does: default instruments, every event stored, checkpoints."""
    with RunStore(folder, recipe) as store:
        yield from _epochs(store.recorded(loop.train(recipe, data=data, checkpoints=store.checkpoints)))


def _epochs(events: Iterator[Event]) -> Iterator[int]:
    """Up to the first step of the next epoch each, so that whatever is done at the end of one belongs to it."""
    images, epoch = 0, None
    for event in events:
        match event:
            case StepDone():
                if epoch not in (None, event.epoch):
                    yield images
                    images = 0
                images, epoch = images + event.images, event.epoch
            case RunEnded(outcome=outcome) if outcome != FINISHED:
                raise RuntimeError(f"the run {outcome}: {event.reason} {event.details}")


@dataclass
class Clock:
    """Times pieces of work less what the trainer's evaluation took of them, which would be the same on both sides of a
    comparison and hide a part of what differs.
    """

    seconds: float = 0.0
    """Of evaluation so far, by the wall and by the processor."""
    cpu: float = 0.0
    calls: int = 0
    _depth: int = field(default=0, repr=False)

    def piece(self, work: Iterator[int]) -> Piece:
        """The next piece of `work`, whose values are units done. Raises RuntimeError if there is none left."""
        seconds, cpu, began, began_cpu = self.seconds, self.cpu, perf_counter(), process_time()
        units = next(work, 0)
        if not units:
            raise RuntimeError("the work was over too soon")
        ended, ended_cpu = perf_counter(), process_time()
        return Piece(units, ended - began - (self.seconds - seconds), ended_cpu - began_cpu - (self.cpu - cpu))

    def side(self, work: Iterator[int]) -> Callable[[], Piece]:
        """What `alternate` calls for each piece."""
        return lambda: self.piece(work)

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            began, began_cpu = perf_counter(), process_time()
            try:
                return function(*arguments, **options)
            finally:
                self.calls += 1
                self.seconds, self.cpu = self.seconds + perf_counter() - began, self.cpu + process_time() - began_cpu

        return call


@contextmanager
def without_evaluation() -> Iterator[Clock]:
    """A clock that leaves evaluation out: the functions that measure metrics, wherever the trainer calls them.

    Instruments' own passes count. Raises RuntimeError if nothing was evaluated: then the trainer does it elsewhere now.
    """
    clock = Clock()
    with ExitStack() as stack:
        for name in ("predict", "measure"):
            function = getattr(metrics, name)
            timed = clock._timed(function)
            for title, module in list(sys.modules.items()):
                within = title.startswith("explorer.training") and "instruments" not in title and module is not metrics
                if within and getattr(module, name, None) is function:
                    stack.enter_context(mock.patch.object(module, name, timed))
        yield clock
    if not clock.calls:
        raise RuntimeError("the trainer evaluates elsewhere now: bring without_evaluation up to date")
