"""What a network is: a frozen declaration that builds one, and what it must know for that.

A network is declared once, in a file of its own: its fields carry title, default, bounds, unit and description, its
docstring is its manual. Form, flags, JSON schema, lists and contract tests follow from it. torch is imported when a
network is built, so that the window can offer every one before torch is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from explorer.data import DataSpec
from explorer.declared import Declared
from explorer.errors import InputError
from explorer.i18n import N_, NOTHING, Message

if TYPE_CHECKING:
    from torch import Tensor, nn

NEW_NETWORK = N_("It decides the layers and the size of their weights.")
BLANKS = ("norm", "activation", "drop", "shortcut", "branch", "convolution")
"""The places in a network that techniques fill."""
WITH_WEIGHTS = ("norm", "activation", "shortcut")
"""Those of which a technique may bring layers with weights of their own."""


@dataclass(frozen=True)
class BranchPlace:
    """A residual branch as a technique sees it: the `index`-th of `count`, counted from 0 at the images."""

    name: str
    index: int
    count: int


class Blanks(Protocol):
    """What fills the blanks of a network; the techniques of a recipe do, by way of the trainer."""

    def norm(self, channels: int) -> nn.Module:
        """Layer (B, channels, H, W) → the same shape, after each convolution or linear layer."""

    def activation(self) -> nn.Module:
        """Elementwise nonlinearity."""

    def drop(self, place: str) -> nn.Module:
        """Layer after the blocks of `place` ("stage1" …), or before the "classifier"; (B, C, …) → the same shape."""

    def shortcut(self, c_in: int, c_out: int, stride: int) -> nn.Module | None:
        """Layer (B, c_in, H, W) → (B, c_out, ⌈H/stride⌉, ⌈W/stride⌉), added to the output of a block."""

    def branch(self, place: BranchPlace) -> nn.Module:
        """Layer (B, …) → the same shape, through which a residual branch goes before it is added to its shortcut."""


class Network(Declared):
    """Base of all networks. What `build` gives is a module with `features`, `head`, `stages`, `head_layers` and
    `map_layer`.

    `features(images)`: (B, C, H, W) in [0, 1] → (B, D), what the head decides by. `head(features)` → logits
    (B, classes). `stages`: groups of layer-name prefixes from the input to the head, which is the last; each parameter
    is under exactly one. `head_layers`: names of the layers that `head` runs. `map_layer`: what puts out the last map
    of the image, and how many tokens of that lead and are no places. A residual block has `ends`: the layers that scale
    what it adds.
    """

    blanks: ClassVar[tuple[str, ...]] = BLANKS
    """Those of BLANKS that it has."""
    images: ClassVar[bool] = True
    """Whether its layers see images (B, C, H, W) with C ≥ 1 and more than one pixel, not vectors."""

    kind: str

    @property
    def proper_name(self) -> Message:
        """What it is called in a sentence."""
        return Message(self.title)

    def refuse(self, facts: DataSpec) -> Message:
        """Why it cannot be built for such images, with the remedy; NOTHING if it can."""
        return NOTHING

    def build(self, facts: DataSpec, input_layer: nn.Module, blanks: Blanks) -> nn.Module:
        """The network with any start weights. `input_layer` standardizes images in [0, 1]. May raise InputError."""
        raise NotImplementedError

    def resized(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) in [0, 1] of the size in which the network takes them, for a preview."""
        return images

    # Weights learned by others.

    def fetch(self) -> Iterator[tuple[int, int]]:
        """Bring the official weights, if this machine lacks them: (bytes done, bytes in all)."""
        return iter(())

    @property
    def has_weights(self) -> bool:
        """Whether there are official weights for it."""
        return False

    def official(self) -> tuple[Message, dict[str, Tensor]]:
        """Where the official weights come from, and the weights without the head. Raises InputError."""
        text = N_("There are no official weights for {network}. Name a file in transfer.weights, or choose {others}.")
        raise InputError(Message(text, network=self.proper_name, others="small_cnn, pretrained"))
