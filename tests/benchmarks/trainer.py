"""What our trainer costs: against itself unwatched, and against a loop written by hand."""

from __future__ import annotations

from explorer.data import load

from .bare_loop import bare_loop_speed
from .ours import default_experiment, trainer_speed, whole_speed
from .pairs import Measured, alternate, ratios, speeds

EPOCHS = 5
"""230 steps: 23 looks of what looks every 10, 5 of what looks every 50 (4.6 in the long run), 5 ends of epochs."""


def instruments_ratio(quick: bool) -> Measured:
    """Images/s of the trainer with all default instruments over images/s with none.

    The default experiment, `train()` alone, no store, no checkpoints. Time counts from the first batch to the end,
    with everything the instruments do at steps and at ends of epochs, without evaluation.
    """
    recipe = default_experiment(EPOCHS, quick)
    data = load(recipe.data, recipe.seed)
    pairs = alternate(
        1 if quick else 9,
        lambda: trainer_speed(recipe, data, "default"),
        lambda: trainer_speed(recipe, data, "none"),
    )
    watched, unwatched = zip(*pairs, strict=True)
    return Measured(ratios(pairs), speeds(watched=watched, unwatched=unwatched))


def bare_loop_ratio(quick: bool) -> Measured:
    """Images/s of a run as the terminal makes it over images/s of a channels_last loop written by hand (bare_loop.py).

    Ours: the default experiment with default instruments, every event stored, last.pt and best.pt at every epoch.
    By hand: the same network from the same start, the same images, crop, flip, optimizer, schedule and smoothing, and
    nothing else. Evaluation is left out on our side and does not exist on the other: with an equal one on both, the
    ratio would be nearer to 1 and say less.
    """
    recipe = default_experiment(EPOCHS, quick)
    data = load(recipe.data, recipe.seed)
    pairs = alternate(1 if quick else 9, lambda: whole_speed(recipe, data), lambda: bare_loop_speed(recipe, data))
    ours, bare = zip(*pairs, strict=True)
    return Measured(ratios(pairs), speeds(ours=ours, by_hand=bare))
