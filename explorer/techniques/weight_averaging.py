"""Exponential moving average of the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    from torch import Tensor


class WeightAveraging(Technique):
    """Keeps a second set of weights that follows the trained ones slowly, and evaluates with it (EMA):

    shadow ← d · shadow + (1 − d) · weights,  d = min(decay, (1 + step) / (10 + step))

    Single steps are noisy; their average lies nearer to the bottom of the valley. The smaller d at the start lets the
    average leave the start weights behind.

    The running mean and variance of batch normalization are averaged like the weights: approximately those of the
    averaged network, and no images have to be passed through it again. A live change that builds another network, and
    switching averaging on, start the average anew from the weights as they are then; d goes on with the run's steps.

    Use it with a constant rate, where it does part of what a schedule does. Look at: metrics on validation (smoother).

    Papers: Polyak, Juditsky 1992; Tarvainen, Valpola 2017, arXiv 1703.01780.
    """

    name = "weight_averaging"
    title = N_("Weight averaging")
    summary = N_("Evaluates with a moving average of the weights.")
    group = Category.SCHEDULE
    label = N_("EMA {decay:g}")

    decay: float = parameter(0.99, N_("d, the share of the old average in the new one."), title=N_("Decay"), ge=0, lt=1)

    def average(self, shadow: list[Tensor], weights: list[Tensor], step: int) -> None:
        import torch

        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(shadow, weights, 1 - decay)
