"""What we cost against what people would otherwise use. Both figures need the extra `bench`."""

from __future__ import annotations

import statistics

from explorer.data import load

from .bare_loop import bare_loop_speed
from .ours import default_experiment, trainer_speed, whole_speed
from .pairs import Measured, MissingError, alternate, ratios, speeds

INSTALL = "needs an optional extra: pip install -e '.[bench]' torchvision"
LIGHTNING_EPOCHS = 3
COCKPIT_EPOCHS = 1


def lightning_ratio(quick: bool) -> Measured:
    """Images/s of a run as the terminal makes it over images/s of the same run in Lightning (lightning_loop.py).

    Ours: as in bare_loop_ratio. Theirs: the same network (channels_last, too), start, optimizer, schedule and
    smoothing in a LightningModule; a DataLoader with torchvision's transforms.v2 on each image (crop, flip, to float)
    of a tensor in memory; TensorBoard with loss and learning rate at every step and L2 norms of gradients, by
    Lightning's own grad_norm, every 10 steps, as ours; its checkpoint at each epoch. Its progress bar and model
    summary are off, and neither side evaluates. Before the rounds their loader is tried with 0, 1 and 2 workers, and
    the fastest is taken.
    """
    try:
        from .lightning_loop import lightning_speed
    except ImportError as error:
        raise MissingError(f"{INSTALL} ({error})") from error
    recipe = default_experiment(LIGHTNING_EPOCHS, quick)
    data = load(recipe.data, recipe.seed)
    tried = {workers: lightning_speed(recipe, data, workers) for workers in ((0,) if quick else (0, 1, 2))}
    workers = max(tried, key=tried.__getitem__)
    pairs = alternate(
        1 if quick else 7, lambda: whole_speed(recipe, data), lambda: lightning_speed(recipe, data, workers)
    )
    ours, theirs = zip(*pairs, strict=True)
    by_workers = ", ".join(f"{speed:,.0f} with {workers}" for workers, speed in tried.items())
    note = f"{speeds(ours=ours, Lightning=theirs)} with {workers} workers, its best (once each: {by_workers})"
    return Measured(ratios(pairs), note)


def cockpit_ratio(quick: bool) -> Measured:
    """Slowdown by Cockpit's "economy" over slowdown by all our instruments, each against the same bare loop.

    Both look at EVERY step (our default is every tenth) and keep what they saw in memory. The default experiment
    without normalization (BackPACK cannot take single gradients through BatchNorm) and with plain SGD, rate 0.01, no
    momentum, no weight decay: the case in which Cockpit is fastest. Rounds of three: bare loop (bare_loop.py), the
    bare loop under Cockpit, `train()` with instruments "all". Slowdown is the bare loop's images/s over the watched.
    """
    try:
        from .cockpit_loop import cockpit_speed
    except ImportError as error:
        raise MissingError(f"{INSTALL} ({error})") from error
    recipe = default_experiment(COCKPIT_EPOCHS, quick).without("normalization")
    recipe = recipe.with_(lr=0.01, momentum=0.0, nesterov=False, weight_decay=0.0)
    data = load(recipe.data, recipe.seed)
    rounds = alternate(
        1 if quick else 5,
        lambda: bare_loop_speed(recipe, data),
        lambda: cockpit_speed(recipe, data),
        lambda: trainer_speed(recipe, data, "all"),
    )
    theirs = [bare / cockpit for bare, cockpit, _ours in rounds]
    ours = [bare / own for bare, _cockpit, own in rounds]
    note = f"slowdown by Cockpit {statistics.median(theirs):.2f}, by ours {statistics.median(ours):.2f}"
    return Measured(ratios(zip(theirs, ours, strict=True)), note)
