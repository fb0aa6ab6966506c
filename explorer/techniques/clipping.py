"""Gradient clipping by norm or by value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    from torch import nn


class Clipping(Technique):
    """Limits the gradient before the optimizer takes its step.

    norm: if the L2 norm of all gradients together is over the threshold, all are scaled down to it. The direction
    stays: g ← g · min(1, threshold / ‖g‖). value: each element is cut to ±threshold. The direction changes.

    One exploding gradient can throw a network to where it never returns from; clipping makes that step short.

    Use it when the loss jumps or becomes NaN; set the threshold a little above the norms of healthy steps. Look at:
    gradient norms, before and after, and the share of clipped steps (a share near 1 is a lower learning rate in
    disguise).

    Paper: Pascanu et al. 2013, arXiv 1211.5063.
    """

    name = "clipping"
    title = N_("Gradient clipping")
    summary = N_("Limits the gradient before each step.")
    group = Category.STABILISE
    label = N_("clip {threshold:g}")

    kind: Literal["norm", "value"] = parameter(
        "norm", N_("Limit the norm of the whole gradient, or each element."), title=N_("Kind")
    )
    threshold: float = parameter(
        1.0, N_("The largest norm, or the largest absolute value."), title=N_("Threshold"), gt=0, le=1000
    )

    @property
    def norm_limit(self) -> float:
        return self.threshold if self.kind == "norm" else math.inf

    def on_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        from torch.nn import utils

        if self.kind == "norm":
            utils.clip_grad_norm_(parameters, self.threshold)
        else:
            utils.clip_grad_value_(parameters, self.threshold)
