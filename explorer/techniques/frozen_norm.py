"""What batch normalization does in layers that are frozen."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from explorer.declared import parameter
from explorer.i18n import N_, Message
from explorer.techniques.base import Category, R, Technique
from explorer.techniques.slots import FrozenNorm, LayerPlace, LayerRate


class FrozenNormalization(Technique):
    """Decides what batch normalization does in frozen layers, where by itself nothing of it moves.

    Batch normalization has two kinds of numbers: γ and β, which are learned by gradient, and the running mean and
    variance, which are not. A layer counts as frozen if transfer learning or its name freezes it.

    y = (x − mean) / √(variance + ε) · γ + β,  of the batch in training, of the running statistics in evaluation

    The trap: a "frozen" layer left in training mode, as a framework leaves it, goes on updating its statistics, and
    normalises by the batch at hand (statistics: as in training). So the head learns from features that evaluation never
    gives it, the more so the smaller the batch.

    What helps instead: that running statistics follow the new images while the layer normalises with them, where these
    are brighter, noisier or otherwise unlike those it was trained on; and that γ and β go on learning, two numbers for
    each channel, which suffices for much of what all the weights could learn.

    Use it beside transfer learning or frozen layers, on images unlike those of the start weights, or to see the trap.
    Look at: normalization (training against evaluation mode), layers (bytes changed), loss and metrics.

    Papers: Li et al. 2016, arXiv 1603.04779 (statistics of the new images); Frankle, Schwab, Morcos 2020, arXiv
    2003.00152 (γ and β alone). The trap: keras issue 9522; PyTorch documentation, BatchNorm2d, track_running_stats.
    """

    name = "frozen_norm"
    title = N_("Frozen normalization")
    summary = N_("Lets batch normalization in frozen layers go on learning, or following the batches.")
    group = Category.TRANSFER
    label = N_("frozen norm: {statistics}")

    statistics: Literal["kept", "followed", "batch", "training"] = parameter(
        "kept",
        N_(
            "Frozen layers normalise with the running statistics, which stay as they are (kept) or follow the batches "
            "(followed); or by the batch at hand, and the running ones stay (batch) or follow it (as in training)."
        ),
        title=N_("Statistics"),
    )
    affine_trains: bool = parameter(True, N_("γ and β in frozen layers go on learning."), title=N_("Learn γ, β"))

    def comparison(self, recipe: R) -> tuple[tuple[Message, R], ...]:
        """Nothing of it moves, as it is here, and the trap: as training mode leaves it."""
        trap = self.model_copy(update={"statistics": "training", "affine_trains": False})
        arms = (*super().comparison(recipe), (Message("BatchNorm trap"), recipe.switched(trap)))
        return arms if self != trap else (arms[0], arms[2])

    def layer_rate(self, place: LayerPlace, epoch: int, so_far: LayerRate) -> LayerRate:
        norm = FrozenNorm(
            affine_trains=self.affine_trains,
            statistics_update=self.statistics in ("followed", "training"),
            uses_running=self.statistics in ("kept", "followed"),
        )
        return replace(so_far, norm=norm)
