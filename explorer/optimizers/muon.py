"""Muon for matrices, AdamW for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.optimizers.base import Optimizer, ParameterGroup

if TYPE_CHECKING:
    import torch


class Muon(Optimizer):
    """Takes the momentum of a weight matrix and makes it orthogonal before the step: with the singular values of
    M = U S Vᵀ set to one, the step U Vᵀ is as long in every direction. Directions that the gradient hardly shows learn
    as fast as those that dominate it.

    M ← μ M + (1 − μ) G,  W ← W − rate · scale · U Vᵀ,  U Vᵀ by a few steps of a Newton-Schulz iteration

    A convolution counts as a matrix of output channels × everything else. Biases, γ and β are no matrices: AdamW
    trains them, at the same rate. The scale, 0.2 · √(larger side), makes a step as long as AdamW's usual one (Liu et
    al.), so that a rate that suits AdamW is near one that suits Muon.

    Use it for transformers and other networks of large matrices; a step costs more than with the others. Look at:
    gradient norms (update per weight, even across the layers), loss.

    Papers: Jordan et al. 2024, kellerjordan.github.io/posts/muon; Liu et al. 2025, arXiv 2502.16982 (scale); PyTorch
    documentation, Muon.
    """

    title = N_("Muon")
    summary = N_("Makes the step of each weight matrix orthogonal; AdamW for the rest.")
    label = "Muon {momentum:g}"
    # As for AdamW: a ViT of 3 blocks 0.617 and 0.697 at 0.003 and 0.01, the small CNN 0.604, 0.728 at 0.001, 0.003.
    rate = 0.01
    rate_of_transfer = 0.001

    kind: Literal["muon"] = "muon"
    momentum: float = parameter(
        0.95, N_("μ: share of the last momentum in the next one."), title=N_("Momentum"), ge=0, lt=1
    )
    nesterov: bool = parameter(True, N_("Take the gradient where momentum leads."), title=N_("Nesterov"))
    iterations: int = parameter(
        5,
        N_("Of Newton-Schulz in each step: more make it more exactly orthogonal."),
        title=N_("Iterations"),
        ge=1,
        le=20,
    )

    def build(self, groups: Sequence[ParameterGroup], lr: float) -> torch.optim.Optimizer:
        from explorer.optimizers.matrices import MuonAndAdamW

        return MuonAndAdamW(groups, lr=lr, momentum=self.momentum, nesterov=self.nesterov, iterations=self.iterations)
