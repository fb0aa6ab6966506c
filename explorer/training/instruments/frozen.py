"""What really changed in the frozen layers during an epoch: every tensor of them, byte by byte, never assumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from explorer.events import Event, FrozenCheck
from explorer.training.freezing import Plan
from explorer.training.instruments.base import Instrument, StepContext

_WHOLE = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
"""By bytes per element: as whole numbers, −0 differs from 0 and a NaN equals itself."""


class FrozenLayers(Instrument):
    """Holds a copy of each frozen layer from when it was frozen, or from the end of the epoch before.

    A step costs 1 µs, an epoch one comparison with that copy: 3 ms for the 13 MB of EfficientNet-Lite0. Between two
    epochs the network may hold averaged weights, which a layer that was frozen in mid-run goes on approaching; the
    trained ones are back at the next step, so what differs then is looked at again there.
    """

    name = "frozen"
    default_every = 1

    def __init__(self, every: int | None = None) -> None:
        super().__init__(every)
        self._model: nn.Module | None = None
        self._layer_rates: Plan = {}
        self._layers: dict[str, dict[str, Tensor]] = {}
        self._copies: dict[str, dict[str, Tensor]] = {}
        self._owed = 0
        """The epoch that is still to be told of, 0 if there is none."""
        self._said: list[FrozenCheck] = []

    def before_forward(self, context: StepContext) -> None:
        if context.model is not self._model:  # rebuilt: what was frozen is made of other tensors now
            self._copies, self._owed = {}, 0
        if self._owed:
            self._said.append(self._check(self._owed))
            self._follow(self._said[-1])
            self._owed = 0
        if context.model is not self._model or context.layer_rates is not self._layer_rates:
            self._model, self._layer_rates = context.model, context.layer_rates
            self._layers = dict(frozen_tensors(context.model, context.layer_rates))
            self._copies = {name: self._copies.get(name) or _copy(own) for name, own in self._layers.items()}

    def after_step(self, context: StepContext) -> Iterable[Event]:
        said, self._said = self._said, []
        return said

    def after_epoch(self, context: StepContext) -> Iterable[Event]:
        if not self._layers:
            return ()
        said = self._check(context.epoch)
        if said.tensors and any(technique.acts_in("average") for technique in context.recipe.techniques):
            self._owed = context.epoch
            return ()
        self._follow(said)
        return [said]

    def _check(self, epoch: int) -> FrozenCheck:
        counts, tensors = [], []
        for layer, own in self._layers.items():
            changed = {name: bytes_changed(self._copies[layer][name], tensor) for name, tensor in own.items()}
            counts.append(sum(changed.values()))
            tensors += [f"{layer}.{name}" for name, count in changed.items() if count]
        names = tuple(self._layers)
        return FrozenCheck(epoch=epoch, names=names, bytes_changed=np.array(counts, np.int64), tensors=tuple(tensors))

    def _follow(self, said: FrozenCheck) -> None:
        """The next epoch is compared with what is there now."""
        for layer, count in zip(said.names, said.bytes_changed, strict=True):
            if count:
                self._copies[layer] = _copy(self._layers[layer])


def frozen_tensors(model: nn.Module, layer_rates: Plan) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Name of each frozen layer, and its own parameters and buffers by name.

    A normalization without γ and β has a rate of no layer; it is frozen with the layers beside it.
    """
    for name, module in model.named_modules():
        layer_rate = layer_rates.get(name)
        if layer_rate is None and isinstance(module, _BatchNorm):
            parent = name.rpartition(".")[0]
            beside = [other for key, other in layer_rates.items() if key.rpartition(".")[0] == parent]
            layer_rate = beside[-1] if beside and all(other.frozen for other in beside) else None
        if layer_rate and layer_rate.frozen:
            own = {**dict(module.named_parameters(recurse=False)), **dict(module.named_buffers(recurse=False))}
            if own:
                yield name, own


def bytes_changed(before: Tensor, after: Tensor) -> int:
    """How many bytes of two tensors of one shape and type differ."""
    whole = _WHOLE[before.element_size()]
    if torch.equal(before.view(whole), after.detach().view(whole)):
        return 0
    one, other = (tensor.detach().contiguous().reshape(-1).view(torch.uint8) for tensor in (before, after))
    return int((one != other).sum())


def _copy(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}
