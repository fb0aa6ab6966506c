"""What an optimizer is: a frozen declaration that builds one of torch's, and the learning rates that suit it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import torch


Group = dict[str, Any]
"""Parameters that learn in the same way: `params`, `factor` on the learning rate, `weight_decay`."""


class Optimizer(BaseModel):
    """Base of all optimizers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    title: ClassVar[str]
    summary: ClassVar[str]
    """One line: what it does."""
    label: ClassVar[str]
    """Legend text, a format string over the fields."""
    rate: ClassVar[float]
    """The learning rate where the recipe leaves it open and the network starts from scratch."""
    rate_of_transfer: ClassVar[float]
    """The same for a network that starts from weights learned elsewhere."""

    kind: str

    def __str__(self) -> str:
        return self.label.format(**dict(self))

    @classmethod
    def key(cls) -> str:
        """The value of `kind`: its key in a recipe and on the command line."""
        return str(cls.model_fields["kind"].default)

    @classmethod
    def manual(cls) -> str:
        """The docstring: what it does, formula, paper, when to use it."""
        return inspect.cleandoc(cls.__doc__ or "")

    def build(self, groups: Sequence[Group], lr: float) -> torch.optim.Optimizer:
        """torch's optimizer for `groups`; each keeps its `factor` in `param_groups`."""
        raise NotImplementedError


def parameter(default: Any, title: str, description: str, **bounds: Any) -> Any:
    """A field of an optimizer: default, title, description, bounds (ge, gt, le, lt)."""
    return Field(default, title=title, description=description, **bounds)
