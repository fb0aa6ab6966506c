"""Skip (residual) connections around each block."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    import torch
    from torch import nn

SAFE_CHANNELS = 8
"""From so many on, torch's strided 1×1 convolution is right on every processor; see StridedProjection."""


class Skip(Technique):
    """Adds the input of each block of two convolutions to its output: y = φ(f(x) + x), where φ is the activation.

    The gradient then has a way back that passes through no weights, ∂y/∂x = φ′ · (∂f/∂x + 1), and hardly vanishes in
    deep networks. φ′ of ReLU is 1 or 0; of sigmoid it is at most 1/4, and the way back fades with each block. Where a
    block changes the shape, identity means: every second pixel, and zeros for the new channels (the paper's option A,
    no parameters); projection means a 1×1 convolution there (option B).

    zero_start sets the last scale of each block to zero, so that every block starts as the identity: γ of its last
    normalization, or without normalization the weights of its last convolution.

    Use it from about 14 layers on; from 20 a plain network trains worse than a shallow one. Look at: gradient norms,
    first against last layer.

    Papers: He et al. 2016, arXiv 1512.03385; Goyal et al. 2017, arXiv 1706.02677 (zero start); Zhang et al. 2019,
    arXiv 1901.09321 (without normalization).
    """

    name = "skip"
    title = N_("Skip connections")
    summary = N_("Adds the input of each block to its output, a way back for the gradient.")
    group = Category.STABILISE
    takes = ("shortcut",)
    label = N_("skip")

    kind: Literal["projection", "identity"] = parameter(
        "projection", N_("Where the shape changes: a 1×1 convolution, or zeros for the new channels."), title=N_("Kind")
    )
    zero_start: bool = parameter(False, N_("Start every block as the identity."), title=N_("Start as identity"))

    def shortcut(self, c_in: int, c_out: int, stride: int, made: nn.Module | None = None) -> nn.Module:
        from torch import nn

        from explorer.techniques.layers import PadChannels, StridedProjection

        if c_in == c_out and stride == 1:
            return nn.Identity()
        if self.kind == "projection":
            return (nn.Conv2d if c_in >= SAFE_CHANNELS else StridedProjection)(c_in, c_out, 1, stride)
        return PadChannels(c_out - c_in, stride)

    def initialise(self, model: nn.Module, rng: Callable[[str], torch.Generator]) -> None:
        from torch import nn

        if not self.zero_start:
            return
        for block in model.modules():
            for end in getattr(block, "ends", ()):
                for weights in end.parameters():
                    nn.init.zeros_(weights)
