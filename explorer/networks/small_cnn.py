"""The small CNN, the default network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from explorer.data import DataSpec
from explorer.declared import parameter
from explorer.i18n import N_, Message
from explorer.networks.base import NEW_NETWORK, Blanks, BranchPlace, Network
from explorer.networks.catalogue import SMALL_CNN

if TYPE_CHECKING:
    from torch import Tensor, nn


class SmallCNN(Network):
    """The plain or residual network that He et al. tried on CIFAR-10: a stem, three stages of n blocks of two 3×3
    convolutions with width, 2 · width and 4 · width channels, the mean over all pixels, a linear classifier. Depth
    counts the layers with weights, 6n + 2.

    A convolution looks at 3×3 pixels and does the same everywhere in the image, so it needs few weights, and what it
    has learned in one place holds in every other. Each stage halves the image and sees twice as far.

    The stem has stride 2, which makes an epoch four times as fast and costs 0.001 of accuracy on Fashion-MNIST (0.888
    against 0.890, one seed).

    Use it for small images; start with 8 layers, and switch skip connections on from 14 layers on. Look at: gradient
    norms (how depth acts on them), layers (where the parameters are).

    Paper: He et al. 2016, arXiv 1512.03385, section 4.2.
    """

    title = N_("Small CNN")
    summary = N_("Plain or residual convolutions in three stages, for small images.")
    label = "CNN {depth} × {width}"

    kind: Literal["small_cnn"] = "small_cnn"
    depth: Literal[8, 14, 20, 26, 32, 38, 44, 50, 56] = parameter(
        8,
        N_("Layers with weights: 6n + 2, in three stages of n blocks of two convolutions."),
        title=N_("Depth"),
        next_run=NEW_NETWORK,
        unit=N_("layers"),
    )
    width: int = parameter(
        16,
        N_("Channels of the first stage; the second has twice, the third four times as many."),
        title=N_("Width"),
        next_run=NEW_NETWORK,
        unit=N_("channels"),
        ge=4,
        le=128,
    )

    def build(self, facts: DataSpec, input_layer: nn.Module, blanks: Blanks) -> nn.Module:
        from torch import nn

        from explorer.networks.blocks import STAGES, ResidualBlock, Staged

        widths, blocks = (self.width, 2 * self.width, 4 * self.width), (self.depth - 2) // 6
        stem = {
            "conv": nn.Conv2d(facts.channels, self.width, 3, stride=2, padding=1),
            "norm": blanks.norm(self.width),
            "act": blanks.activation(),
        }
        stages, c_in = [], self.width
        for number, (place, c_out) in enumerate(zip(STAGES, widths, strict=True)):
            stage = []
            for k in range(blocks):
                at = BranchPlace(f"{place}.{k}", number * blocks + k, 3 * blocks)
                stage.append(ResidualBlock(c_in, c_out, 1 if k or not number else 2, place, at, blanks))
                c_in = c_out
            stages.append(stage)
        return Staged(
            input_layer, stem, stages, nn.AdaptiveAvgPool2d(1), blanks.drop("classifier"), widths[-1], facts.classes
        )

    @property
    def has_weights(self) -> bool:
        return True

    def official(self) -> tuple[Message, dict[str, Tensor]]:
        from explorer.networks.weights import small_cnn_weights

        state = small_cnn_weights()
        head = f"{SMALL_CNN.classifier}."
        return SMALL_CNN.source, {name: tensor for name, tensor in state.items() if not name.startswith(head)}
