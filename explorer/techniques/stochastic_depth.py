"""Stochastic depth: residual blocks are left out at random."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_, NOTHING, Message
from explorer.networks import BranchPlace
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    import torch
    from torch import nn


class StochasticDepth(Technique):
    """In training, leaves whole residual blocks out at random, so that only their skip connection is left: each step
    trains a network of another, smaller depth. In evaluation all blocks are there.

    y = φ(x + f(x) · m / (1 − p_l)),  m ~ Bernoulli(1 − p_l),  p_l = p · l / L

    φ is what follows the sum: the activation, in a transformer nothing. The l-th of L blocks is left out with
    probability p_l, which rises in a straight line from the images to the head (linear decay of survival): the first
    blocks, on which all others build, hardly ever, the last one with p. The paper scales in evaluation instead, by 1
    − p_l; here, as with dropout, the rest is scaled up in training, which is the same but for the scale of f. batch:
    one draw for all images of a step, as in the paper; row: one for each image.

    It regularises deep networks: the gradient has shorter ways, and no block can rely on the one before it. Blocks left
    out are computed all the same, so it saves no time here.

    Use it in deep networks (from about 26 layers on) that overfit; it needs skip connections. Shallow networks on few
    images lose more than they gain. A short run loses, too: in 12 epochs on 50 images per class (26 layers, p = 0.5)
    the gap more than halved, but test accuracy fell from 0.775 to 0.729; the paper trains for 500 epochs.
    Look at: loss and metrics (the gap), gradient norms (they jump from step to step).

    Papers: Huang et al. 2016, arXiv 1603.09382; Touvron et al. 2021, arXiv 2012.12877 (per image).
    """

    name = "stochastic_depth"
    title = N_("Stochastic depth")
    summary = N_("Leaves whole residual blocks out at random in training.")
    group = Category.REGULARISE
    label = N_("stochastic depth {p:g}")

    p: float = parameter(
        0.2, N_("Probability with which the last block is left out."), title=N_("Probability p"), ge=0, le=0.95
    )
    kind: Literal["batch", "row"] = parameter(
        "row", N_("One draw for all images of a step, or one for each image."), title=N_("Kind")
    )

    def lacks(self, on: Collection[Technique]) -> Message:
        if any(technique.acts_in("shortcut") for technique in on):
            return NOTHING
        return Message(
            "Without skip connections nothing would be left of a block that is left out. Switch skip connections on."
        )

    def branch(self, place: BranchPlace, module: nn.Module, rng: torch.Generator) -> nn.Module:
        from explorer.techniques.layers import SeededStochasticDepth, stacked

        p = self.p * (place.index + 1) / place.count
        return stacked(module, SeededStochasticDepth(p, rng, rows=self.kind == "row"))
