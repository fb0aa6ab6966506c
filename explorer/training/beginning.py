"""How a run begins: its images and weights are brought, it is checked and built, and it says what it starts from."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path

import msgspec
import torch
from torch import nn

from explorer.data import ImageData, loading
from explorer.errors import InputError
from explorer.events import STOPPED, Event, Layer, Note, Progress, RunEnded, RunStarted
from explorer.i18n import Message
from explorer.recipe import Recipe
from explorer.training.control import Control
from explorer.training.ending import never_began
from explorer.training.instruments import Watch
from explorer.training.model import layers
from explorer.training.planning import say_plan
from explorer.training.preflight import idle, left_out
from explorer.training.resuming import go_on
from explorer.training.run import Run
from explorer.training.threads import Chosen


def begun(
    recipe: Recipe,
    data: ImageData | None,
    watch: Watch,
    control: Control,
    checkpoints: Path | None,
    resume: Path | None,
) -> Generator[Event, None, Run | None]:
    """A run that stands before its first step, or where the checkpoint `resume` left it; None if it never begins.

    Raises InputError.
    """
    try:
        data = yield from fetched(recipe, data, control, weights=resume is None)
        if data is None or control.stopping:
            yield RunEnded(outcome=STOPPED, reason=Message("Stopped."))
            return None
        run = Run(recipe, data, watch, control, checkpoints, started=resume is None)
        if resume:
            go_on(run, resume)
    except InputError:
        raise
    except Exception as error:  # such as no memory for the images or the network
        yield never_began(error)
        return None
    return run


def fetched(
    recipe: Recipe, data: ImageData | None, control: Control, weights: bool
) -> Generator[Progress | Note, None, ImageData | None]:
    """Bring the images, and the `weights` to start from, saying how far it is; None where the run is stopped."""
    yield Progress(what=Message("Loading images"))
    if data is None:
        data = yield from _until_stopped(loading(recipe.data, recipe.seed), control)
    if data is None:
        return None
    for note in data.notes:
        yield Note(text=note)
    for technique in recipe.techniques if weights else ():
        for done, total in technique.fetch(recipe.network):
            if control.stopping:
                return None
            yield Progress(what=Message("Downloading weights"), done=done, total=total)
    return data


def _until_stopped(
    steps: Generator[Progress, None, ImageData], control: Control
) -> Generator[Progress, None, ImageData | None]:
    """What comes of `steps`; None, and they are closed, once the run is stopped."""
    while not control.stopping:
        try:
            yield next(steps)
        except StopIteration as end:
            data: ImageData = end.value
            return data
    steps.close()
    return None


def opening(run: Run) -> Iterator[Event]:
    """What the run starts from."""
    model, images = run.learner.model, run.images
    first = started(run.recipe, images.data, model, run.steps_per_epoch, images.device, run.chosen)
    yield msgspec.structs.replace(first, step=run.at.step, epoch=run.at.epoch)
    if loaded := getattr(model, "loaded", None):
        yield loaded
    for note in (idle(run.recipe), left_out(run.recipe, len(images)), *run.notes):
        if note:
            yield Note(text=note)
    yield from say_plan(run)


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
