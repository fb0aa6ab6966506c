"""What our trainer costs: against itself unwatched and a loop written by hand; and what it makes of the processor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch.utils.flop_counter import FlopCounterMode

from explorer.data import load
from explorer.recipe import Recipe
from explorer.training.learner import Learner

from .bare_loop import bare_loop
from .ours import SPARE, default_experiment, stored, trained, without_evaluation
from .pairs import Measured, alternate, compared, ratios, speeds

ROUNDS, ROUNDS_QUICK = 20, 1
"""Pairs of epochs."""
MATRIX, PRODUCTS = 1024, 24
"""Size and number of the products that are held against an epoch: half a second of two cores with AVX2."""


def instruments_ratio(quick: bool) -> Measured:
    """Images/s of the trainer with all default instruments over images/s with none, an epoch of each in turn.

    The default experiment, `train()` alone, no store, no checkpoints. An epoch counts from its first step to the first
    of the next, with everything the instruments do at steps and at its end, without evaluation. Its mean step is
    compared, not its median one: what looks at every tenth step would vanish in that.
    """
    rounds = ROUNDS_QUICK if quick else ROUNDS
    recipe = default_experiment(rounds + SPARE, quick)
    data = load(recipe.data, recipe.seed)
    with without_evaluation() as clock:
        sides = (clock.side(trained(recipe, data, which)) for which in ("default", "none"))
        return compared(alternate(rounds, *sides), ours="watched", theirs="unwatched")


def bare_loop_ratio(quick: bool) -> Measured:
    """Images/s of a run as the terminal makes it over images/s of a channels_last loop written by hand (bare_loop.py).

    Ours: the default experiment with default instruments, every event stored, last.pt and best.pt at every epoch.
    By hand: the same network from the same start, the same images, crop, flip, optimizer, schedule and smoothing, and
    nothing else. Evaluation is left out on our side and does not exist on the other: with an equal one on both, the
    ratio would be nearer to 1 and say less.
    """
    rounds = ROUNDS_QUICK if quick else ROUNDS
    recipe = default_experiment(rounds + SPARE, quick)
    data = load(recipe.data, recipe.seed)
    with TemporaryDirectory() as folder, without_evaluation() as clock:
        ours, by_hand = stored(recipe, data, Path(folder) / "run"), bare_loop(recipe, data)
        return compared(alternate(rounds, clock.side(ours), clock.side(by_hand)), ours="ours", theirs="by_hand")


def peak_share(quick: bool) -> Measured:
    """Arithmetic of a run as the terminal makes it over that of large matrix products, both by the second, in turn.

    torch's products of 1024 × 1024 floats stand for what the processor can do at most: a peak from its data sheet would
    need its clock under load. Of the network only multiplications count, forward and backward, as torch counts them.
    """
    rounds = ROUNDS_QUICK if quick else ROUNDS // 2
    recipe = default_experiment(rounds + SPARE, quick)
    data = load(recipe.data, recipe.seed)
    per_image = operations(recipe)
    with TemporaryDirectory() as folder, without_evaluation() as clock:
        sides = (clock.side(stored(recipe, data, Path(folder) / "run")), clock.side(_products()))
        pairs = alternate(rounds, *sides)
    ours, peak = zip(*pairs, strict=True)
    best = max(piece.speed for piece in peak)
    note = f"{speeds(ours=[piece.speed for piece in ours])}, {per_image / 1e6:.1f} MFLOP each; "
    note += f"products {2 * MATRIX**3 * best / 1e9:.0f} GFLOP/s"
    return Measured(ratios([(a.speed * per_image, b.speed * 2 * MATRIX**3) for a, b in pairs]), note)


def operations(recipe: Recipe) -> float:
    """Multiplications and additions of one image's step."""
    data = load(recipe.data, recipe.seed)
    learner = Learner(recipe, data, torch.device("cpu"))
    images = data.training.images[: recipe.batch_size].float().div(255)
    with FlopCounterMode(display=False) as counter:
        learner.model(images).sum().backward()
    return counter.get_total_flops() / len(images)


def _products() -> Iterator[int]:
    one, other = torch.rand(MATRIX, MATRIX), torch.rand(MATRIX, MATRIX)
    while True:
        for _product in range(PRODUCTS):
            torch.mm(one, other)
        yield PRODUCTS
