"""Batch, layer, group and instance normalization."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from explorer.declared import parameter
from explorer.i18n import N_, NOTHING, Message
from explorer.networks import Network
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    from torch import nn


class Normalization(Technique):
    """Shifts and scales values to mean 0 and variance 1 over one of four sets, then each channel by learned γ and β.

    y = (x − E[x]) / √(Var[x] + ε) · γ + β

    batch: mean and variance over the batch and all positions, per channel. The forward pass uses the biased variance,
    the running average the unbiased one: running ← (1 − momentum) · running + momentum · batch. Evaluation uses the
    running statistics, or those of the batch if track_running_stats is off. layer: over all channels and positions of
    one image. group: over a group of channels of one image, and all positions. instance: over one channel of one image.
    The last three do the same in training and in evaluation, and do not depend on the batch size; after layer and group
    a single channel need not have mean 0 and variance 1.

    Values stay in one range from layer to layer, so gradients vanish or explode less, and a higher learning rate works.

    Use batch with 16 images a batch or more, group with fewer. Look at: normalization (batch against running
    statistics), gradient norms (even over the layers).

    Papers: Ioffe, Szegedy 2015, arXiv 1502.03167; Ba et al. 2016, arXiv 1607.06450; Wu, He 2018, arXiv 1803.08494;
    Ulyanov et al. 2016, arXiv 1607.08022.
    """

    name = "normalization"
    title = N_("Normalization")
    summary = N_("Keeps the values of every layer in one range.")
    group = Category.STABILISE
    takes = ("norm",)
    label = N_("{kind} norm")

    kind: Literal["batch", "layer", "group", "instance"] = parameter(
        "batch", N_("Over what mean and variance are taken."), title=N_("Kind")
    )
    eps: float = parameter(1e-5, N_("ε, added to the variance."), title=N_("ε"), gt=0, le=1)
    momentum: float = parameter(
        0.1,
        N_("Share of the new batch in the running statistics."),
        title=N_("Momentum"),
        gt=0,
        le=1,
        when={"kind": ("batch",)},
    )
    affine: bool = parameter(True, N_("Learn γ and β for each channel."), title=N_("Learn γ and β"))
    track_running_stats: bool = parameter(
        True,
        N_("Keep running statistics and evaluate with them."),
        title=N_("Running statistics"),
        when={"kind": ("batch",)},
    )
    groups: int = parameter(
        4,
        N_("Groups of channels; where it does not divide them, the largest common divisor is used."),
        title=N_("Groups"),
        ge=1,
        le=64,
        when={"kind": ("group",)},
    )

    def refuse_network(self, network: Network) -> Message:
        if self.kind == "instance" and not network.images:
            return Message(
                "{network} has no images inside to normalise one by one. Choose another kind, such as layer.",
                network=network.proper_name,
            )
        return NOTHING

    def norm(self, channels: int, made: nn.Module | None = None) -> nn.Module:
        from torch import nn

        if self.kind == "batch":
            return nn.BatchNorm2d(channels, self.eps, self.momentum, self.affine, self.track_running_stats)
        # Layer and instance normalization of images are group normalization with one group, or one channel a group.
        groups = {"layer": 1, "instance": channels, "group": math.gcd(self.groups, channels)}[self.kind]
        layer = nn.GroupNorm(groups, channels, self.eps, self.affine)
        layer.register_forward_pre_hook(_avoid_crash)
        return layer


def _avoid_crash(_layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Above frozen layers, where images (B, C, H, W) need no gradient but γ and β do, copy them to the usual layout.

    In channels_last, the backward pass of torch 2.13 uses the gradient of the images all the same, and Python dies.
    """
    import torch

    (images,) = inputs
    return None if images.requires_grad or not torch.is_grad_enabled() else (images.contiguous(),)
