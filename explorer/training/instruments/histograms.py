"""How large the weights and the gradients of every layer are, as histograms of log10 |value|."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from explorer.events import HISTOGRAM, Event, Histograms
from explorer.training.instruments.base import Instrument, StepContext
from explorer.training.model import layers

MOST = 16_384
"""So many values of a layer are looked at, evenly spread. Of the default network's 75,000 weights: 50,000."""


class HistogramsOfLayers(Instrument):
    """Kernels and matrices alone: scales and shifts of normalization are few, and have an instrument of their own.

    One pass over all layers together: logarithm, cell, one count with the layers' cells side by side, 1 ms a look on
    one thread. `torch.bucketize` takes six times as long.
    """

    name = "histograms"
    default_every = 50

    def __init__(self, every: int | None = None) -> None:
        super().__init__(every)
        self._model: nn.Module | None = None
        self._weights: list[tuple[str, nn.Parameter]] = []
        self._counts: list[Tensor] = []

    def before_clipping(self, context: StepContext) -> None:
        if context.model is not self._model:
            self._model = context.model
            found = ((name, [p for p in own if p.ndim > 1]) for name, _, own in layers(context.model))
            self._weights = [(name, own[0]) for name, own in found if own]
        weights = [weight.detach() for _name, weight in self._weights]
        gradients = [weight.grad if weight.grad is not None else weight.new_zeros(0) for _name, weight in self._weights]
        self._counts = [counts(tensors) for tensors in (weights, gradients)]

    def after_step(self, context: StepContext) -> Iterable[Event]:
        weights, gradients = torch.stack(self._counts).cpu().numpy().astype(np.uint16)  # MOST fits
        names = tuple(name for name, _weight in self._weights)
        return [Histograms(step=context.step, names=names, weights=weights, gradients=gradients)]


def counts(tensors: list[Tensor]) -> Tensor:
    """(len(tensors), cells): values of each in every cell of HISTOGRAM; what is no number counts as largest."""
    low, high, parts = HISTOGRAM
    cells = (high - low) * parts + 2
    some = [spread(tensor) for tensor in tensors]
    logs = torch.cat(some).float().abs().nan_to_num_(nan=torch.inf, posinf=torch.inf).log10_()
    cell = logs.sub_(low).mul_(parts).floor_().clamp_(-1, cells - 2).long().add_(1)
    starts = torch.arange(len(some), device=cell.device) * cells
    each = torch.tensor([len(values) for values in some], device=cell.device)
    cell += starts.repeat_interleave(each)
    return torch.bincount(cell, minlength=len(some) * cells).view(len(some), cells)


def spread(tensor: Tensor) -> Tensor:
    """At most MOST values of `tensor`, every second, third, … of them."""
    return tensor.flatten()[:: max(1, -(-tensor.numel() // MOST))]
