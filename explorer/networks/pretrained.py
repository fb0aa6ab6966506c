"""Networks whose weights others have learned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from explorer.data import DataSpec
from explorer.declared import parameter
from explorer.i18n import N_, Message, _, ngettext
from explorer.networks.base import NEW_NETWORK, Blanks, Network
from explorer.networks.catalogue import MIN_SIZE, Backbone, find
from explorer.networks.download import fetch

if TYPE_CHECKING:
    from torch import Tensor, nn

BackboneName = Literal[
    "efficientnet_lite0", "resnet18", "resnet34", "resnet50", "resnet101", "mobilenet_v2", "mobilenet_v3_small",
    "mobilenet_v3_large", "efficientnet_b0", "efficientnet_b1", "efficientnet_v2_s", "convnext_tiny", "convnext_small",
    "vit_b_16", "vit_b_32", "swin_t", "densenet121", "regnet_y_400mf", "regnet_y_1_6gf",
]  # fmt: skip
NORM_MOMENTUM = 0.1
"""At least. Some networks come with 0.01, made for 100,000 steps: after 100 of fine-tuning on ten images per class the
statistics still belong to the old images, and EfficientNet-Lite0 gets 14 % of the test images right instead of 62 %."""


class Pretrained(Network):
    """A network that others designed and trained on ImageNet, 1.28 million photographs of 1,000 classes, with a new
    head for the classes at hand. Switch transfer learning on to start from its weights; without, it starts from
    scratch.

    It is built of its own layers: techniques that choose a normalization, an activation, dropout or skip connections
    have no place in it. Where its batch normalization follows the images with a momentum below 0.1, as
    EfficientNet-Lite0's with 0.01, it is raised to 0.1: a short training would end before the statistics arrive.

    Images are resized to what it expects; small ones gain no detail from that. efficientnet_lite0 works without a
    download; the others are fetched once.

    Use it for photographs, and whenever you have few images. Look at: layers (what is frozen), loss and metrics.

    Source: torchvision.models, and the papers named there; Tan, Le 2019, arXiv 1905.11946 (EfficientNet).
    """

    title = N_("Pretrained network")
    summary = N_("A network that others designed and trained on photographs.")
    label = "{name} {size}"
    blanks = ()

    kind: Literal["pretrained"] = "pretrained"
    name: BackboneName = parameter(
        "efficientnet_lite0",
        N_("Which one; efficientnet_lite0 works without a download."),
        title=N_("Name"),
        next_run=NEW_NETWORK,
    )
    size: int = parameter(
        96,
        N_(
            "To which images are resized; 0 takes the size that the weights were trained with, often 224: better, and "
            "five times as slow as 96. Networks with a fixed size keep theirs."
        ),
        title=N_("Image size"),
        next_run=NEW_NETWORK,
        unit=N_("pixels"),
        ge=0,
        le=512,
    )

    @field_validator("size")
    @classmethod
    def _large_enough(cls, size: int) -> int:
        if 0 < size < MIN_SIZE:
            text = _(
                "network.size is {size}; it must be 0, or {least} and more: these networks halve the image five times."
            )
            raise ValueError(text.format(size=size, least=MIN_SIZE))
        return size

    def __str__(self) -> str:
        said = ngettext("{network}, {n} pixel", "{network}, {n} pixels", self.pixels)
        return said.format(network=self.proper_name, n=self.pixels)

    @property
    def backbone(self) -> Backbone:
        """What is known of it."""
        return find(self.name)

    @property
    def pixels(self) -> int:
        """To which images are resized."""
        backbone = self.backbone
        return backbone.size if backbone.fixed_size else self.size or backbone.size

    @property
    def proper_name(self) -> Message:
        return Message(self.backbone.title)

    def build(self, facts: DataSpec, input_layer: nn.Module, blanks: Blanks) -> nn.Module:
        from torch import nn

        from explorer.networks.adapted import build

        model = build(self.name, facts.classes, self.pixels)
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = max(layer.momentum or 0.0, NORM_MOMENTUM)
        return model

    def resized(self, images: Tensor) -> Tensor:
        from explorer.networks.adapted import Adapt

        return Adapt(self.pixels, self.backbone.mean, self.backbone.std).resize(images)

    def fetch(self) -> Iterator[tuple[int, int]]:
        yield from fetch(self.name)

    @property
    def has_weights(self) -> bool:
        return True

    def official(self) -> tuple[Message, dict[str, Tensor]]:
        from explorer.networks.weights import official

        return self.backbone.source, official(self.name)
