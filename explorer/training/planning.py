"""What acts from here on: a new recipe, how the layers learn, whether features are reused."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import numpy as np

from explorer.errors import InputError, said
from explorer.events import Event, LayerPlan, Note, Progress, RecipeChanged
from explorer.i18n import NOTHING, Message
from explorer.recipe import live
from explorer.techniques import counted
from explorer.training.feature_cache import reused
from explorer.training.freezing import Plan
from explorer.training.preflight import refusal
from explorer.training.run import Run

SECONDS_PER_REPORT = 0.5


def begin_epoch(run: Run) -> Iterator[Event]:
    """Layers freeze and thaw as the recipe plans for this epoch."""
    if run.learner.begin_epoch(run.at.epoch):
        yield from say_plan(run)


def take_recipe(run: Run) -> Iterator[Event]:
    """Train on with a new recipe, if one has come; one that cannot act is refused, and the run goes on as before."""
    wanted = run.control.take()
    if wanted is None:
        return
    new = live(run.recipe, wanted)
    try:
        if reason := refusal(new, run.images.data.spec):
            raise InputError(reason)
        changed = run.learner.change(new, run.at.epoch, run.images.training)
    except InputError as error:
        yield Note(text=said(error))
        return
    run.at.since = counted(run.at.since, run.recipe.techniques, new.techniques, run.at.epoch)
    run.recipe = new
    if changed.anew:
        run.at.start_anew()
    yield RecipeChanged(
        step=run.at.step,
        recipe=new.model_dump(mode="json"),
        kept=changed.kept,
        fresh=changed.fresh,
        anew=changed.anew,
    )
    yield from say_plan(run)


def say_plan(run: Run) -> Iterator[Event]:
    """How the layers learn from now on, and whether features are reused."""
    layer_rates = run.learner.layer_rates
    run.features, reason = reused(run.features, run.recipe, run.learner.model, layer_rates)
    yield layer_plan(layer_rates, run.at.step, run.at.epoch, cached=run.features is not None, why_not=reason)
    if reason:
        yield Note(text=Message("Features are not reused: {reason}.", reason=reason))


def layer_plan(
    layer_rates: Plan, step: int, epoch: int, *, cached: bool = False, why_not: Message = NOTHING
) -> LayerPlan:
    """How the layers learn from the batch after `step` on."""
    factors = [0 if layer_rate.frozen else layer_rate.factor for layer_rate in layer_rates.values()]
    return LayerPlan(
        step=step,
        epoch=epoch,
        names=tuple(layer_rates),
        factors=np.array(factors, np.float32),
        cached=cached,
        why_not=why_not,
    )


def compute_features(run: Run) -> Iterator[Event]:
    """Those of the training images, if they are to be reused and are not there yet."""
    images = run.images.training.images
    if run.features is None or run.features.there(images):
        return
    what = Message("Features are computed once: all below the head stands still.")
    yield Note(text=what)
    yield Progress(what=what)
    told = perf_counter()
    for done in run.features.compute(images):
        if run.control.stopping:
            return
        if perf_counter() - told > SECONDS_PER_REPORT:
            told = perf_counter()
            yield Progress(what=what, done=done, total=len(images))
