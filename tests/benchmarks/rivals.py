"""What we cost against what people would otherwise use. Both figures need the extra `bench`."""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from explorer.data import load

from .bare_loop import bare_loop
from .ours import SPARE, default_experiment, stored, trained, without_evaluation
from .pairs import Measured, MissingError, Piece, alternate, compared, ratios

INSTALL = "needs an optional extra: pip install -e '.[bench]' torchvision"
ROUNDS, COCKPIT_ROUNDS = 12, 8
"""Epochs of each side in turn."""


def lightning_ratio(quick: bool) -> Measured:
    """Images/s of a run as the terminal makes it over images/s of the same run in Lightning (lightning_loop.py).

    Ours: as in bare_loop_ratio. Theirs: the same network (channels_last, too), start, optimizer, schedule and
    smoothing in a LightningModule; a DataLoader with torchvision's transforms.v2 on each image (crop, flip, to float)
    of a tensor in memory; TensorBoard with loss and learning rate at every step and L2 norms of gradients, by
    Lightning's own grad_norm, every 10 steps, as ours; its checkpoint at each epoch. Its progress bar and model
    summary are off, and neither side evaluates. An epoch of each in turn; each of theirs is a `fit` of its own. Before
    the rounds their loader is tried with 0, 1 and 2 workers, and the fastest is taken.
    """
    try:
        from .lightning_loop import lightning_speed
    except ImportError as error:
        raise MissingError(f"{INSTALL} ({error})") from error
    rounds = 1 if quick else ROUNDS
    recipe = default_experiment(rounds + SPARE, quick)
    data, one = load(recipe.data, recipe.seed), recipe.with_(epochs=1)
    tried = {workers: lightning_speed(one, data, workers) for workers in ((0,) if quick else (0, 1, 2))}
    workers = max(tried, key=tried.__getitem__)
    with TemporaryDirectory() as folder, without_evaluation() as clock:
        ours = clock.side(stored(recipe, data, Path(folder) / "run"))
        pairs = alternate(rounds, ours, lambda: Piece(1, 1 / lightning_speed(one, data, workers)))
    by_workers = ", ".join(f"{speed:,.0f} with {workers}" for workers, speed in tried.items())
    found = compared(pairs, ours="ours", theirs="Lightning")
    return Measured(found.values, f"{found.note} with {workers} workers, its best (once each: {by_workers})")


def cockpit_ratio(quick: bool) -> Measured:
    """Slowdown by Cockpit's "economy" over slowdown by all our instruments, each against the same bare loop.

    Both look at EVERY step (our default is every tenth) and keep what they saw in memory. The default experiment
    without normalization (BackPACK cannot take single gradients through BatchNorm) and with plain SGD, rate 0.01, no
    momentum, no weight decay: the case in which Cockpit is fastest. Rounds of three: bare loop (bare_loop.py), the
    bare loop under Cockpit, `train()` with instruments "all". Slowdown is the bare loop's images/s over the watched.
    """
    try:
        from .cockpit_loop import cockpit_loop
    except ImportError as error:
        raise MissingError(f"{INSTALL} ({error})") from error
    rounds = 1 if quick else COCKPIT_ROUNDS
    recipe = default_experiment(rounds + SPARE, quick).without("normalization")
    recipe = recipe.with_(lr=0.01, momentum=0.0, nesterov=False, weight_decay=0.0)
    data = load(recipe.data, recipe.seed)
    with without_evaluation() as clock:
        sides = (bare_loop(recipe, data), cockpit_loop(recipe, data), trained(recipe, data, "all"))
        found = alternate(rounds, *map(clock.side, sides))
    theirs = [bare.speed / cockpit.speed for bare, cockpit, _ours in found]
    ours = [bare.speed / own.speed for bare, _cockpit, own in found]
    note = f"slowdown by Cockpit {statistics.median(theirs):.2f}, by ours {statistics.median(ours):.2f}"
    return Measured(ratios(zip(theirs, ours, strict=True)), note)
