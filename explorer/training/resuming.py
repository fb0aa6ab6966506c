"""A run goes on from a checkpoint; wherever the two do not fit, it is refused or said before training."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from explorer.errors import InputError
from explorer.i18n import Message
from explorer.recipe import Recipe, in_words
from explorer.techniques import counted
from explorer.training import checkpoint
from explorer.training.checkpoint_path import BEST, LAST
from explorer.training.rates import learning_rate
from explorer.training.run import Run
from explorer.training.state import standing
from explorer.training.threads import Chosen

JUMP = 1.5
"""By this factor the learning rate changes from one step to the next in no schedule."""


def go_on(run: Run, path: Path) -> None:
    """Let `run` stand where the checkpoint at `path` was written. Raises InputError if it does not fit."""
    path, content = newest(path)
    at = standing(path, content)
    before = _recipe(content)
    if (classes := content.get("classes")) and list(classes) != list(run.images.data.classes):
        raise InputError(
            Message(
                "The checkpoint was trained on other classes ({theirs}) than the recipe has ({ours}). Choose its data, "
                "or start a new run from its weights with transfer.",
                theirs=", ".join(map(str, classes)),
                ours=", ".join(run.images.data.classes),
            )
        )
    run.chosen = Chosen(checkpoint.threads(content) or 0)
    if not run.learner.resume(content, at.epoch):
        run.notes.append(Message("The checkpoint is of another optimizer, so what that one remembered is not used."))
    if before:
        run.notes += _differences(run, before)
        at.since = counted(at.since, before.techniques, run.recipe.techniques, at.epoch)
    in_epoch = at.step - at.epoch * run.steps_per_epoch
    same = before is None or _same_batches(before, run.recipe)
    if not (same and 0 <= in_epoch <= run.steps_per_epoch):
        at.step = at.epoch * run.steps_per_epoch  # batches of other images: at the start of the epoch
    run.at = at
    spent = content.get("seconds", 0.0)
    run.spent = spent if isinstance(spent, float) and math.isfinite(spent) else 0.0
    if before and same:
        run.notes += _jump(run, before)
    at.best_weights = run.learner.weights()
    if best := checkpoint.best_beside(path, content):  # else the best is looked for anew
        at.best_weights, (at.best_epoch, at.best_loss) = best["model"], content["best"]
        if run.checkpoints:
            checkpoint.write([run.checkpoints / "best.pt"], best)


def newest(path: Path) -> tuple[Path, dict[str, Any]]:
    """The checkpoint at `path` and what it holds; of a run's last one the best beside it, where that is ahead.

    It is where the program was killed after it had written the one and before the other. Raises InputError.
    """
    beside = path.with_name(BEST)
    if path.name == LAST and beside.is_file() and not path.exists():
        return beside, checkpoint.read(beside)
    content = checkpoint.read(path)
    if path.name == LAST and beside.is_file():
        with suppress(InputError):
            best = checkpoint.read(beside)
            if _reached(best) > _reached(content):
                return beside, best
    return path, content


def _reached(content: dict[str, Any]) -> tuple[int, int]:
    epoch, step = content.get("epoch"), content.get("step")
    return (epoch, step) if isinstance(epoch, int) and isinstance(step, int) else (-1, -1)


def why_over(run: Run) -> tuple[Message, Message]:
    """Why a run that has only begun is over already, and what can be done."""
    if run.at.epoch >= run.recipe.epochs:
        return (
            Message("The run had already reached epoch {epochs}, its last.", epochs=run.recipe.epochs),
            Message("To train on, resume it with more epochs."),
        )
    return (
        Message("The run had already stopped early, in epoch {epoch}.", epoch=run.at.epoch),
        Message("To train on, resume it with more patience, or with early stopping switched off."),
    )


def _recipe(content: dict[str, Any]) -> Recipe | None:
    """That of the checkpoint; None if it has none that this version can read."""
    try:
        return Recipe.from_json(content["recipe"])
    except (KeyError, TypeError, InputError):
        return None


def _same_batches(one: Recipe, other: Recipe) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ("data", "batch_size", "drop_last", "seed"))


def _differences(run: Run, before: Recipe) -> list[Message]:
    if not (words := in_words(before, run.recipe)):
        return []
    return [
        Message("The run goes on with another recipe than that of the checkpoint: {changes}.", changes="; ".join(words))
    ]


def _jump(run: Run, before: Recipe) -> list[Message]:
    """A schedule planned anew over more epochs, which starts high again where it had come down."""
    at, now = run.moment, learning_rate(run.recipe, run.moment)
    step = min(at.step, before.epochs * at.steps_per_epoch - 1)
    was = learning_rate(before, replace(at, step=max(0, step), epochs=before.epochs))
    if run.over or not at.step or (was and now and abs(math.log(now / was)) < math.log(JUMP)):
        return []
    return [
        Message(
            "The learning rate jumps here from {was} to {now}: the recipe plans it otherwise than that of the "
            "checkpoint did. To go on smoothly, set the rate to {was} and switch the schedule off.",
            was=f"{was:.2g}",
            now=f"{now:.2g}",
        )
    ]
