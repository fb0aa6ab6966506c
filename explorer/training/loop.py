"""The training loop: a recipe goes in, events come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

from torch import Tensor

from explorer.data import ImageData
from explorer.events import EpochDone, Event
from explorer.i18n import NOTHING, Message
from explorer.recipe import Recipe
from explorer.training.beginning import begun, opening
from explorer.training.control import Control
from explorer.training.ending import finished, to_its_end
from explorer.training.instruments import Instrument, Watch, choose
from explorer.training.keeping import keep_epoch, keep_in_between
from explorer.training.metrics import cross_entropy
from explorer.training.planning import begin_epoch, compute_features, take_recipe
from explorer.training.rates import learning_rate
from explorer.training.resuming import why_over
from explorer.training.run import Run
from explorer.training.step import Forward, backward


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
    run = yield from begun(recipe, data, watch, control, checkpoints, resume)
    if run is not None:
        yield from whole_run(run)


def whole_run(run: Run) -> Iterator[Event]:
    """Everything that happens in `run`, to its end, whichever that is."""
    return to_its_end(run, epochs(run))


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
            yield from keep_in_between(run)
        yield from run.reports.rest()
        yield from end_epoch(run, perf_counter() - began)
    yield finished(run, reason, remedy)


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
    train, validation, said = run.measured_epoch()
    best = run.at.measured(validation["loss"], run.learner.weights)
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
    yield from keep_epoch(run, best)
