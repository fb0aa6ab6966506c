"""How a run ends, whichever way, and how that is explained."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from explorer.errors import InputError, said, unforeseen
from explorer.events import DIVERGED, FAILED, FINISHED, STOPPED, Event, RunEnded
from explorer.i18n import NOTHING, Message
from explorer.training.checkpoint_path import LAST
from explorer.training.control import Diverged, Stopped
from explorer.training.keeping import keep
from explorer.training.preflight import TOO_FEW
from explorer.training.run import Run
from explorer.training.threads import fitting, used


def to_its_end(run: Run, events: Iterator[Event]) -> Iterator[Event]:
    """The `events` of `run`, and how it ended where they break off."""
    try:
        with denormals_as_zero(), used(run.recipe.threads or run.chosen.threads) as run.chosen:
            yield from fitting(_until_stopped(run, events), run.chosen, run.recipe.threads)
    except Diverged as error:
        yield run.ended(*explain(error))
    except Exception as error:  # whoever watches hears of it as an event, and can show it
        yield run.ended(*explain(error), details=traceback.format_exc())


def _until_stopped(run: Run, events: Iterator[Event]) -> Iterator[Event]:
    try:
        yield from events
    except Stopped:
        yield from run.reports.rest()
        yield from keep(run, LAST)
        yield run.ended(STOPPED, Message("Stopped."))


def finished(run: Run, reason: Message, remedy: Message) -> RunEnded:
    """The end of a run that nobody stopped: the last checkpoint, and the images for testing. Raises Stopped.

    Where a technique may end it early, the best weights are taken for both.
    """
    takes_best = any(technique.acts_in("stop") for technique in run.recipe.techniques)
    run.save(LAST, best=takes_best)
    if takes_best:
        run.learner.restore(run.at.best_weights)
    with run.learner.evaluated():
        _logits, test = run.measured(run.images.test)
    return run.ended(FINISHED, reason, remedy, test=test)


def never_began(error: Exception) -> RunEnded:
    """The end of a run that failed before its first step; call it while `error` is being handled."""
    outcome, reason, remedy = explain(error)
    return RunEnded(outcome=outcome, reason=reason, remedy=remedy, details=traceback.format_exc())


def explain(error: Exception) -> tuple[str, Message, Message]:
    """Outcome, reason and remedy for what ended a run."""
    if isinstance(error, Diverged):
        return (
            DIVERGED,
            Message("The loss is no longer a finite number: training has diverged."),
            Message("Lower the learning rate, clip gradients, switch normalization on, or choose He initialization."),
        )
    if isinstance(error, InputError):
        return FAILED, said(error), NOTHING
    return (FAILED, *_failure(error))


def _failure(error: Exception) -> tuple[Message, Message]:
    text = str(error)
    if isinstance(error, ValueError) and "more than 1" in text and "when training" in text:
        return TOO_FEW
    if isinstance(error, torch.OutOfMemoryError | MemoryError) or ("alloc" in text and "memory" in text):
        return Message("Out of memory."), Message("Use a smaller batch, width or depth.")
    if isinstance(error, OSError):
        return (
            Message("The run could not be written: {error}.", error=text),
            Message("Free some space, or choose another folder; the last whole checkpoint is kept."),
        )
    return unforeseen(error), Message("Please report this, with its details.")


@contextmanager
def denormals_as_zero() -> Iterator[None]:
    """Numbers below 1e-38 make a step on a CPU up to 16 times as slow, as in deep sigmoid networks, and add nothing."""
    before = sys.float_info.min / 2 == 0  # torch does not tell; half the smallest normal number does
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
