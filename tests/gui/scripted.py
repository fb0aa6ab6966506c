"""A run without training: says at once what a trainer would say, and obeys its control as a trainer does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from explorer.errors import InputError
from explorer.events import (
    DIVERGED,
    FINISHED,
    STOPPED,
    EpochDone,
    Event,
    GradientNorms,
    InstrumentCost,
    Layer,
    RecipeChanged,
    RunEnded,
    RunStarted,
    StepDone,
)
from explorer.i18n import Message
from explorer.recipe import Recipe, live
from explorer.training.control import Control

PER_EPOCH = 4
METRICS = {"loss": 0.5, "accuracy": 0.8, "f1": 0.8, "ece": 0.1, "confidence": 0.7}


class Script:
    """Makes the events of a run; at step `fail_at` it does what `how` says: crash, diverge, or refuse the input."""

    def __init__(self, fail_at: int = -1, how: str = "crash", seconds: float = 0.0) -> None:
        self.fail_at, self.how, self.seconds = fail_at, how, seconds
        self.recipes: list[Recipe] = []
        self.folders: list[Path] = []

    def __call__(self, recipe: Recipe, control: Control, folder: Path) -> Iterator[Event]:
        self.recipes.append(recipe)
        self.folders.append(folder)
        if self.how == "refuse":
            raise InputError("batch_size is 9; there are 8 images. Choose 8 or less.")
        yield RunStarted(
            recipe=recipe.model_dump(mode="json"),
            layers=(Layer("conv", "Conv2d", 9), Layer("classifier", "Linear", 4)),
            classes=("a", "b"),
            ordered=False,
            images={"train": 8, "validation": 8, "test": 8},
            steps_per_epoch=PER_EPOCH,
            device="cpu",
            time=0.0,
        )
        step = epoch = 0
        while epoch < recipe.epochs:
            for _batch in range(PER_EPOCH):
                control.wait()
                if control.stopping:
                    yield ended(STOPPED, "Stopped.", "", step, epoch)
                    return
                if wanted := control.take():
                    recipe = live(recipe, wanted)
                    self.recipes.append(recipe)
                    yield RecipeChanged(
                        step=step,
                        recipe=recipe.model_dump(mode="json"),
                        kept=("conv",),
                        fresh=("classifier",),
                    )
                step += 1
                if step == self.fail_at:
                    if self.how == "crash":
                        raise RuntimeError("out of luck")
                    yield ended(
                        DIVERGED, "The loss is no longer a finite number.", "Lower the learning rate.", step, epoch
                    )
                    return
                time.sleep(self.seconds)
                yield StepDone(step=step, epoch=epoch, loss=1 / step, lr=(0.1,), seconds=0.01, images=2)
                yield norms(step)
            epoch += 1
            yield EpochDone(
                epoch=epoch,
                step=step,
                train=METRICS,
                validation=METRICS,
                best=True,
                seconds=0.1,
                images_per_second=80.0,
            )
            yield InstrumentCost(
                step=step, seconds={"gradients": 0.01}, calls={"gradients": step}, training_seconds=1.0
            )
        yield ended(FINISHED, "Finished.", "", step, epoch, METRICS)


def norms(step: int) -> GradientNorms:
    one = np.array([0.1, 0.2], np.float32)
    sizes = np.array([9, 4])
    return GradientNorms(
        step=step, names=("conv", "classifier"), sizes=sizes, before=one, after=one, weights=one, updates=one
    )


def ended(
    outcome: str, reason: str, remedy: str, step: int, epoch: int, test: dict[str, float] | None = None
) -> RunEnded:
    return RunEnded(
        outcome=outcome,
        reason=Message(reason),
        remedy=Message(remedy),
        step=step,
        epoch=epoch,
        best_epoch=epoch,
        test=test or {},
        seconds=1.0,
    )


def until(true: Callable[[], object], meanwhile: Callable[[], object] = lambda: None, seconds: float = 10.0) -> None:
    """Do `meanwhile` until `true`; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        meanwhile()
        time.sleep(0.002)
