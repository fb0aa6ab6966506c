"""What feeding, logging and recording cost against the framework that most people would use. Needs the extra `bench`."""

from __future__ import annotations

from explorer.data import load

from .ours import default_experiment, whole_speed
from .pairs import Measured, alternate, ratios, speeds

EPOCHS = 3
LOG_EVERY = 10
"""Steps between looks at gradients: ours by default, so theirs, too."""


def lightning_ratio(quick: bool) -> Measured:
    """Images/s of a run as the terminal makes it over images/s of the same in Lightning.

    Ours: as in bare_loop_ratio. Theirs: the same network (channels_last, too), start, optimizer, schedule and
    smoothing in a LightningModule; DataLoader with torchvision's transforms.v2 on each image (crop, flip, to float);
    TensorBoard with the loss and learning rate of every step and, every 10 steps as ours, L2 norms of gradients by
    `lightning.pytorch.utilities.grad_norm`; its checkpoint at each epoch. Progress bar and validation are off.
    Before the rounds their loader is tried with 0, 1 and 2 workers, and the fastest is taken.
    """
    pieces = _rival()
    recipe = default_experiment(EPOCHS, quick)
    data = load(recipe.data, recipe.seed)
    tried = {workers: lightning_speed(pieces, recipe, data, workers) for workers in ((0,) if quick else (0, 1, 2))}
    workers = max(tried, key=tried.__getitem__)
    pairs = alternate(
        1 if quick else 7,
        lambda: whole_speed(recipe, data),
        lambda: lightning_speed(pieces, recipe, data, workers),
    )
    ours, theirs = zip(*pairs, strict=True)
    return Measured(ratios(pairs), speeds(ours=ours, Lightning=theirs) + f" (best of its loaders: {workers} workers)")
