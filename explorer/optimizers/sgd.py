"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.optimizers.base import Optimizer, ParameterGroup

if TYPE_CHECKING:
    import torch


class SGD(Optimizer):
    """A step against the gradient g of the batch, with momentum: v ← μ · v + g, w ← w − rate · v. Nesterov takes
    g + μ · v in place of v: the gradient is looked up where momentum is about to lead.

    With momentum μ a steady gradient acts 1/(1 − μ) times as strongly, at 0.9 ten times; what changes sign from step to
    step cancels out. Weight decay λ adds λ · w to the gradient.

    All weights share one rate, so it must suit the layer with the largest gradients. Use it with a schedule and for
    convolutional networks; the best accuracy on images is often reached with it. Look at: loss, gradient norms.

    Papers: Sutskever et al. 2013, ICML (momentum, Nesterov); PyTorch documentation, SGD.
    """

    title = N_("SGD")
    summary = N_("Steps against the gradient, with momentum.")
    label = "SGD {momentum:g}"
    rate = 0.2
    rate_of_transfer = 0.01

    kind: Literal["sgd"] = "sgd"
    momentum: float = parameter(0.9, N_("Share of the last step in the next one."), title=N_("Momentum"), ge=0, lt=1)
    nesterov: bool = parameter(
        True, N_("Take the gradient where momentum leads (needs momentum)."), title=N_("Nesterov")
    )

    def build(self, groups: Sequence[ParameterGroup], lr: float) -> torch.optim.Optimizer:
        import torch

        nesterov = self.nesterov and self.momentum > 0
        return torch.optim.SGD(groups, lr=lr, momentum=self.momentum, nesterov=nesterov, foreach=True)
