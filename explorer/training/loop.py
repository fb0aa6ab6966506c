"""The training loop: a recipe goes in, events come out."""

from __future__ import annotations

import math
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from torch import Tensor

from explorer.data import ImageData
from explorer.errors import InputError
from explorer.events import FINISHED, STOPPED, EpochDone, Event, RunEnded
from explorer.i18n import NOTHING, Message
from explorer.recipe import Recipe
from explorer.training.control import Control, Diverged, Stopped
from explorer.training.instruments import Instrument, Watch, choose
from explorer.training.metrics import cross_entropy
from explorer.training.planning import begin_epoch, compute_features, opening, take_recipe
from explorer.training.preflight import denormals_as_zero, explain, fetched, never_began
from explorer.training.rates import learning_rate
from explorer.training.resuming import go_on, why_over
from explorer.training.run import Run
from explorer.training.step import Forward, backward
from explorer.training.threads import noticed, used


def train(
    recipe: Recipe,
    *,
    instruments: str | Sequence[Instrument] = "default",
    control: Control | None = None,
    checkpoints: Path | None = None,
    data: ImageData | None = None,
    resume: Path | None = None,
) -> Iterator[Event]:
    """Train as `recipe` says and yield what happens; the last event is RunEnded, whatever happens.

    `instruments`: "default", "none", "all", or your own. `control` steers the run from another thread; whoever pulls
    the events can also simply stop pulling. `checkpoints`: an existing folder for last.pt and best.pt. `data` replaces
    the images that the recipe names. `resume`: a checkpoint to go on from, with weights and optimizer as they were;
    what follows is what the run would have done. Weights depend on the recipe alone, not on who watches.

    Raises InputError before the first step if recipe, data and machine do not fit together.
    """
    control = control or Control()
    watch = Watch(choose(instruments) if isinstance(instruments, str) else instruments)
    try:
        data = yield from fetched(recipe, data, control, weights=resume is None)
        if control.stopping:
            yield RunEnded(outcome=STOPPED, reason=Message("Stopped."))
            return
        run = Run(recipe, data, watch, control, checkpoints, started=resume is None)
        if resume:
            go_on(run, resume)
    except InputError:
        raise
    except Exception as error:  # such as no memory for the images or the network
        yield never_began(error)
        return
    yield from whole_run(run)


def whole_run(run: Run) -> Iterator[Event]:
    """Everything that happens in `run`, to its end, whichever that is."""
    try:
        with denormals_as_zero(), used(run.recipe.threads or run.chosen.threads) as run.chosen:
            yield from noticed(until_stopped(run), run.chosen.threads)
    except Diverged as error:
        yield run.ended(*explain(error))
    except Exception as error:  # whoever watches hears of it as an event, and can show it
        yield run.ended(*explain(error), details=traceback.format_exc())


def until_stopped(run: Run) -> Iterator[Event]:
    """From the first batch to the end, or to where somebody stops it."""
    try:
        yield from epochs(run)
    except Stopped:
        yield from run.reports.rest()
        run.save("last.pt")
        yield run.ended(STOPPED, Message("Stopped."))


def epochs(run: Run) -> Iterator[Event]:
    """The run as it goes if nobody stops it. Raises Stopped and Diverged."""
    yield from opening(run)
    reason, remedy = why_over(run) if run.over else (Message("Finished."), NOTHING)
    while not run.over:
        began = perf_counter()
        yield from begin_epoch(run)
        for indices in run.batches():
            run.control.wait()
            yield from take_recipe(run)
            yield from compute_features(run)
            run.control.check()
            yield from one_step(run, indices)
        yield from run.reports.rest()
        yield from end_epoch(run, perf_counter() - began)
    takes_best = any(technique.acts_in("stop") for technique in run.recipe.techniques)
    run.save("last.pt", best=takes_best)
    if takes_best:
        run.learner.restore(run.at.best_weights)
    with run.learner.evaluated():
        _logits, test = run.measured(run.images.test)
    yield run.ended(FINISHED, reason, remedy, test=test)


def one_step(run: Run, indices: Tensor) -> Iterator[Event]:
    """Forward, backward, clip, step; the instruments look in between."""
    began, learner = perf_counter(), run.learner
    context = run.context = run.next_context(indices)
    run.watch.look("before_forward", context)

    learner.optimizer.zero_grad()
    forward = Forward(learner, context, run.watch, run.reused_features(indices))
    loss = backward(run.recipe.techniques, forward, learner.parameters)

    run.watch.look("before_clipping", context)
    for technique in run.recipe.techniques:
        technique.on_gradients(learner.parameters)
    run.watch.look("after_clipping", context)

    rates = learner.set_rate(learning_rate(run.recipe, run.moment))
    learner.optimizer.step()
    run.at.step += 1
    learner.average(run.at.step)

    true = cross_entropy(forward.logits, context.labels, context.unmixed)
    values = {"step": run.at.step, "epoch": run.at.epoch, "images": len(indices), "lr": rates}
    yield from run.reports.step(loss, true, run.control.paused, seconds=perf_counter() - began, **values)
    yield from run.watch.look("after_step", context)


def end_epoch(run: Run, seconds: float) -> Iterator[Event]:
    """Measure, keep the best, write checkpoints."""
    began = perf_counter()
    context = run.context or run.next_context()  # resumed from just before here
    with run.learner.evaluated():
        sample_logits, train = run.measured(run.images.sample)
        validation_logits, validation = run.measured(run.images.validation)
        context = replace(context, epoch=context.epoch + 1)
        context.sample_logits, context.validation_logits = sample_logits, validation_logits
        said = run.watch.look("after_epoch", context)
    if not (math.isfinite(train["loss"]) and math.isfinite(validation["loss"])):
        raise Diverged
    best = run.at.measured(validation["loss"], run.learner.weights)
    run.save("last.pt", *["best.pt"] * best)
    yield EpochDone(
        epoch=run.at.epoch,
        step=run.at.step,
        train=train,
        validation=validation,
        best=best,
        seconds=seconds,
        images_per_second=run.images_per_epoch / seconds,
        measuring_seconds=perf_counter() - began,
    )
    yield from said
    yield run.watch.cost(run.at.step)
