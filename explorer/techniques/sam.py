"""Sharpness-aware minimization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique
from explorer.techniques.slots import Compute

if TYPE_CHECKING:
    from torch import Tensor, nn


class SAM(Technique):
    """Looks for weights around which the loss is low everywhere, not only at one point. Each step first climbs to the
    worst place within a radius ρ, takes the gradient there, comes back, and steps with it.

    w′ = w + ρ · g / ‖g‖,  g = ∇L(w);  then the optimizer's step at w with ∇L(w′)

    The norm is over all weights that learn. Both gradients are of the same batch with the same dropout; batch
    normalization follows the first pass alone. A step takes two passes forward and back, so it lasts twice as long.

    A flat valley forgives a small change of the weights, and so, it is hoped, the change from training to test images.
    Compare at equal time, too: off, with twice the epochs.

    Use it where a network learns its training images by heart, on little data above all; with clipping, the gradient
    at w′ is clipped. Look at: loss and metrics (the gap between training and validation), gradient norms (they are
    those at w′).

    Papers: Foret et al. 2021, arXiv 2010.01412; Andriushchenko, Flammarion 2022, arXiv 2206.06232 (why it
    helps).
    """

    name = "sam"
    title = N_("Flat minima (SAM)")
    summary = N_("Steps with the gradient at the worst place nearby, to end in a flat valley.")
    group = Category.REGULARISE
    label = "SAM {rho:g}"
    takes = ("backward",)

    rho: float = parameter(
        0.05, N_("ρ, how far it climbs, as the L2 norm over all weights."), title=N_("ρ"), gt=0, le=2
    )

    def backward(self, compute: Compute, parameters: Sequence[nn.Parameter]) -> Tensor:
        import torch

        loss = compute()
        loss.backward()  # type: ignore[no-untyped-call]
        weights: list[Tensor] = [weight for weight in parameters if weight.grad is not None]
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        with torch.no_grad():
            start = [weight.clone() for weight in weights]
            norm = torch.stack(torch._foreach_norm(gradients)).norm()
            torch._foreach_add_(weights, list(torch._foreach_mul(gradients, self.rho / (norm + 1e-12))))
        for weight in weights:
            weight.grad = None
        compute().backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            torch._foreach_copy_(weights, start)  # exactly, which going back by subtraction is not
        return loss
