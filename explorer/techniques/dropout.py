"""Dropout, element-wise or by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    import torch
    from torch import nn

Placement = Literal["stage1", "stage2", "stage3", "classifier"]


class Dropout(Technique):
    """In training, each element is set to zero with probability p, anew in each forward pass, and the rest is scaled
    by 1/(1 − p), so that the expected value stays the same. In evaluation it is the identity: all neurons are used.

    y = x · m / (1 − p),  m ~ Bernoulli(1 − p)

    It regularises: no neuron can rely on another one being there (co-adaptation). Neighbouring elements of a feature
    map are alike, so after a convolution it takes whole channels to have the same effect ("channel", Dropout2d).

    Use it when training loss falls and validation loss rises; gently at first, before the classifier alone. In a run of
    some hundred steps it costs more than it gives. Before a batch normalization it shifts the variance that evaluation
    expects: compare training and evaluation mode.

    Look at: loss and metrics (the gap between training and validation), normalization (the two modes).

    Papers: Srivastava et al. 2014, JMLR 15; Tompson et al. 2015, arXiv 1411.4280 (channels); Li et al. 2019,
    arXiv 1801.05134 (with batch normalization).
    """

    name = "dropout"
    title = N_("Dropout")
    summary = N_("Zeroes a random share of the features in each training pass.")
    group = Category.REGULARISE
    label = N_("dropout {p:g}")

    p: float = parameter(
        0.2, N_("Probability that an element or channel is set to zero."), title=N_("Probability p"), ge=0.0, le=0.95
    )
    kind: Literal["element", "channel"] = parameter(
        "element", N_("Zero single elements, or whole channels (feature maps)."), title=N_("Kind")
    )
    places: tuple[Placement, ...] = parameter(
        ("classifier",),
        N_("After the blocks of which stages, or before the classifier."),
        title=N_("Places"),
        min_length=1,
    )

    def drop(self, place: str, rng: torch.Generator, made: nn.Module | None = None) -> nn.Module | None:
        from explorer.techniques.layers import SeededDropout, stacked

        if place not in self.places:
            return made
        return stacked(made, SeededDropout(self.p, rng, channels=self.kind == "channel"))
