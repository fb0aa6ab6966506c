"""A small vision transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from explorer.data import DataSpec
from explorer.declared import parameter
from explorer.i18n import N_, NOTHING, Message
from explorer.networks.base import NEW_NETWORK, Blanks, Network

if TYPE_CHECKING:
    from torch import nn

MOST_PATCHES = 1024
"""Attention compares each with each: from here on, a step of a small batch takes seconds and gigabytes on a CPU."""


class ViT(Network):
    """Cuts the image into patches and treats them as a sentence treats its words: each patch becomes a vector (a
    token), and in each block every token takes from all others what it needs, however far away they are.

    attention(Q, K, V) = softmax(Q Kᵀ / √d) · V,  with queries Q, keys K and values V, three linear maps of the tokens

    A block is attention, then two linear layers on each token (four times as wide inside); a normalization stands
    before each of the two, and with skip connections its input is added to its output. The mean of all tokens goes to
    the classifier. Places are told by sines and cosines of row and column, which are not learned.

    Nothing in it knows about neighbours or shifts, so it needs many images or strong augmentation: on few, the small
    CNN is far ahead. Of dropout's stages, each is a third of the blocks.

    Use it with skip connections, normalization of kind layer, AdamW or Muon, and a warm-up. Look at: loss and metrics
    (against the small CNN), gradient norms (with skip connections off).

    Papers: Dosovitskiy et al. 2021, arXiv 2010.11929; Beyer et al. 2022, arXiv 2205.01580 (mean of tokens, fixed
    places); Xiong et al. 2020, arXiv 2002.04745 (normalization before).
    """

    title = N_("Vision transformer")
    summary = N_("Patches of the image that attend to each other.")
    label = "ViT {depth} × {width}"
    images = False

    kind: Literal["vit"] = "vit"
    patch: Literal[2, 4, 7, 8, 14, 16, 32] = parameter(
        4,
        N_("Side of a patch; half of it means four times as many patches."),
        title=N_("Patch size"),
        next_run=NEW_NETWORK,
        unit=N_("pixels"),
    )
    width: Literal[16, 32, 48, 64, 96, 128, 192, 256] = parameter(
        64, N_("Features of each token."), title=N_("Width"), next_run=NEW_NETWORK, unit=N_("features")
    )
    depth: int = parameter(
        4,
        N_("Blocks of attention and two linear layers."),
        title=N_("Depth"),
        next_run=NEW_NETWORK,
        unit=N_("blocks"),
        ge=1,
        le=24,
    )
    heads: Literal[1, 2, 4, 8] = parameter(
        4,
        N_("Attentions side by side, each on its own share of the features."),
        title=N_("Heads"),
        next_run=NEW_NETWORK,
        unit=N_("heads"),
    )

    def refuse(self, facts: DataSpec) -> Message:
        patches = (-(-facts.size // self.patch)) ** 2
        if patches > MOST_PATCHES:
            return Message(
                "{n} patches of {patch} pixels are too many, for each attends to each. Choose larger patches.",
                n=patches,
                patch=self.patch,
            )
        return NOTHING

    def build(self, facts: DataSpec, input_layer: nn.Module, blanks: Blanks) -> nn.Module:
        from explorer.networks.blocks import STAGES, PatchEmbedding, Staged, TokenBlock, TokenPool, in_stages

        stem = {"patches": PatchEmbedding(facts.channels, self.width, self.patch)}
        stages = [
            [TokenBlock(self.width, self.heads, place, k, self.depth, blanks) for k in numbers]
            for place, numbers in zip(STAGES, in_stages(self.depth), strict=True)
        ]
        pool, drop = TokenPool(self.width, blanks), blanks.drop("classifier")
        return Staged(input_layer, stem, stages, pool, drop, self.width, facts.classes)
