"""Soft targets against over-confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    from torch import Tensor


class LabelSmoothing(Technique):
    """Takes a share ε of each target away from the right class and spreads it evenly over all K classes:

    q = (1 − ε) · one-hot + ε / K

    A hard target is reached only by an infinite logit, so the network grows ever more confident, also where it is
    wrong. A soft target is reached at a finite one.

    The loss is the Kullback–Leibler divergence from these targets, that is cross-entropy less the entropy of the
    targets: the gradient is the same, and 0 still means "fits perfectly".

    Use ε = 0.1 for most classifiers. Look at: metrics (calibration error, mean confidence), targets.

    Papers: Szegedy et al. 2016, arXiv 1512.00567; Müller et al. 2019, arXiv 1906.02629.
    """

    name = "label_smoothing"
    title = N_("Label smoothing")
    summary = N_("Softens the targets, so that the network does not grow over-confident.")
    group = Category.REGULARISE
    label = N_("label smoothing {epsilon:g}")

    epsilon: float = parameter(0.1, N_("ε, the share that is spread over all classes."), title=N_("ε"), ge=0, lt=1)

    def soften(self, targets: Tensor) -> Tensor:
        return targets * (1 - self.epsilon) + self.epsilon / targets.shape[-1]
