"""Filters that are brought to mean 0 and a fixed spread at each pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    from torch import nn


class WeightStandardization(Technique):
    """Brings each filter w of a convolution, its n = c_in · k · k weights, to mean 0 and a fixed standard deviation at
    each pass; what is learned and stored is w itself:

    ŵ = √(c/n) · (w − mean(w)) / (std(w) + 0.00001),  c = 2 / (1 − 1/π) ≈ 2.93

    Batch normalization does this to the values that flow; here it is done to the weights, and no other image of the
    batch matters, so it holds for batches of one, too. The gradient loses what would only move or stretch a filter,
    which makes the loss smoother. The first paper leaves √(c/n) out, as a normalization layer behind it takes any
    factor away; without such a layer the factor of the second keeps the spread of the signal through ReLU during the
    whole training: a filter of mean 0 does not see the mean that ReLU gives its inputs. Where only the spread is set
    (divide), it does see it, and c is 2, as in He initialization.

    Use it with group normalization where batches are small: together they reach what batch normalization does with
    large ones. Beside batch normalization it changes little. Look at: activations (they keep their spread), gradient
    norms, loss.

    Papers: Qiao et al. 2019, arXiv 1903.10520; Brock et al. 2021, arXiv 2101.08692 (with the factor, in place of
    normalization layers).
    """

    name = "weight_standardization"
    title = N_("Weight standardization")
    summary = N_("Brings every filter to mean 0 and a fixed spread at each pass.")
    group = Category.STABILISE
    label = N_("weight standardization")

    kind: Literal["both", "centre", "divide"] = parameter(
        "both", N_("Subtract the mean of each filter, divide by its standard deviation, or both."), title=N_("Kind")
    )

    def convolution(self, made: nn.Conv2d) -> nn.Conv2d:
        from explorer.techniques.layers import StandardizedConv2d

        return StandardizedConv2d(made, centre=self.kind != "divide", divide=self.kind != "centre")
