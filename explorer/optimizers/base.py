"""What an optimizer is: a frozen declaration that builds one of torch's, and the learning rates that suit it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from explorer.declared import Declared

if TYPE_CHECKING:
    import torch


ParameterGroup = dict[str, Any]
"""Parameters that learn in the same way: `params`, `factor` on the learning rate, `weight_decay`."""


class Optimizer(Declared):
    """Base of all optimizers."""

    rate: ClassVar[float]
    """The learning rate where the recipe leaves it open and the network starts from scratch."""
    rate_of_transfer: ClassVar[float]
    """The same for a network that starts from weights learned elsewhere."""

    kind: str

    def build(self, groups: Sequence[ParameterGroup], lr: float) -> torch.optim.Optimizer:
        """torch's optimizer for `groups`; each keeps its `factor` in `param_groups`."""
        raise NotImplementedError
