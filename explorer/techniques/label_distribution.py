"""Label distribution learning for ordered classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.data import DataSpec
from explorer.declared import parameter
from explorer.i18n import N_, NOTHING, Message
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    from torch import Tensor


class LabelDistribution(Technique):
    """Replaces the one right class by a bell curve over the ordered classes around it:

    q(k) ∝ exp(−(k − label)² / 2σ²)

    An image labelled 40 years, or 40 on a gauge, also tells something about 39 and 41; and people who label are off by
    one now and then. The loss is the Kullback–Leibler divergence from q to the prediction. There are two answers:
    accuracy scores the most probable class; the expected class Σ k · p(k) may lie between two, and its mean absolute
    error (MAE, in classes) is reported.

    Use it where classes have an order and neighbours look alike (age, pose, gauges): σ about as large as the labels are
    uncertain. It refuses classes without an order. Look at: metrics (MAE), targets.

    Papers: Geng 2016, arXiv 1408.6027; Gao et al. 2017, arXiv 1611.01731.
    """

    name = "label_distribution"
    title = N_("Label distribution")
    summary = N_("Teaches a bell curve over ordered classes instead of one right answer.")
    group = Category.REGULARISE
    label = N_("label distribution σ={sigma:g}")

    sigma: float = parameter(
        1.0, N_("σ, the standard deviation of the bell curve."), title=N_("σ"), unit="classes", ge=0.1, le=20
    )

    def refuse(self, facts: DataSpec) -> Message:
        if facts.ordered:
            return NOTHING
        return Message(
            "Label distribution needs classes with an order, and these have none. Choose the gauges, or switch it off."
        )

    def soften(self, targets: Tensor) -> Tensor:
        import torch

        k = torch.arange(targets.shape[-1], dtype=targets.dtype, device=targets.device)
        bell = torch.softmax(-((k[:, None] - k[None, :]) ** 2) / (2 * self.sigma**2), dim=1)
        return targets @ bell
