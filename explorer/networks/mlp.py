"""A multilayer perceptron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from explorer.data import DataSpec
from explorer.declared import parameter
from explorer.i18n import N_
from explorer.networks.base import BLANKS, NEW_NETWORK, Blanks, Network

if TYPE_CHECKING:
    from torch import nn


class MLP(Network):
    """Linear layers one after the other, with an activation between: h ← a(W · h + b), where the first h is the image
    as one long vector of all its pixels.

    It does not know which pixels are neighbours: shuffle them, the same way in every image, and it learns as well. A
    shifted picture is another vector to it. So it needs more images than a convolution for the same accuracy, and most
    of its weights are in the first layer.

    Normalization acts over the features of a layer, dropout on single features, skip connections around each hidden
    layer that keeps the width. Of dropout's stages, each is a third of the hidden layers.

    Use it to see what convolutions are good for, and for fast experiments on everything else. Look at: gradient norms
    (with sigmoid and some depth), layers (where the parameters are).

    Paper: Rumelhart, Hinton, Williams 1986, Nature 323 (learning by back-propagation).
    """

    title = N_("MLP")
    summary = N_("Linear layers with activations between; it does not know which pixels are neighbours.")
    label = "MLP {depth} × {width}"
    images = False
    blanks = tuple(blank for blank in BLANKS if blank != "convolution")

    kind: Literal["mlp"] = "mlp"
    depth: int = parameter(
        3,
        N_("Hidden layers; the classifier comes after them."),
        title=N_("Depth"),
        next_run=NEW_NETWORK,
        unit=N_("layers"),
        ge=1,
        le=30,
    )
    width: int = parameter(
        128,
        N_("Features of each hidden layer."),
        title=N_("Width"),
        next_run=NEW_NETWORK,
        unit=N_("features"),
        ge=4,
        le=2048,
    )

    def build(self, facts: DataSpec, input_layer: nn.Module, blanks: Blanks) -> nn.Module:
        from torch import nn

        from explorer.networks.blocks import STAGES, DenseBlock, Staged, in_stages

        pixels = facts.channels * facts.size**2
        stages = [
            [DenseBlock(self.width if k else pixels, self.width, place, k, self.depth, blanks) for k in numbers]
            for place, numbers in zip(STAGES, in_stages(self.depth), strict=True)
        ]
        drop = blanks.drop("classifier")
        return Staged(input_layer, {"flat": nn.Flatten()}, stages, nn.Identity(), drop, self.width, facts.classes)
