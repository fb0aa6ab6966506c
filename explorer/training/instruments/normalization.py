"""Batch and running statistics, γ and β of every normalization layer, without a second look at the activations."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from explorer.events import Event, Floats, NormStats
from explorer.training.freezing import follows_batches
from explorer.training.instruments.base import Instrument, StepContext


class NormalizationStatistics(Instrument):
    """What batch normalization saw follows from how its running average moved:

    batch = (running_new − (1 − momentum) · running_old) / momentum

    The running variance takes the unbiased one, n/(n − 1) times that of the forward pass; it is given as torch has it.
    Layers whose running statistics stand still do not tell what the batch was; layers without them report γ and β only.
    """

    name = "normalization"

    def before_forward(self, context: StepContext) -> None:
        self._seen: dict[str, tuple[Tensor, Tensor]] = {}
        self._old = {
            name: (layer.running_mean.clone(), layer.running_var.clone())
            for name, layer in context.model.named_modules()
            if isinstance(layer, _BatchNorm) and layer.running_mean is not None and layer.running_var is not None
        }

    def after_forward(self, context: StepContext) -> None:
        for name, layer in context.model.named_modules():
            if isinstance(layer, _BatchNorm) and name in self._old and layer.momentum and follows_batches(layer):
                assert layer.running_mean is not None
                assert layer.running_var is not None
                old_mean, old_var = self._old[name]
                self._seen[name] = (
                    torch.lerp(old_mean, layer.running_mean, 1 / layer.momentum),
                    torch.lerp(old_var, layer.running_var, 1 / layer.momentum),
                )

    def after_step(self, context: StepContext) -> Iterable[Event]:
        said: list[Event] = []
        for name, layer in context.model.named_modules():
            if not isinstance(layer, _BatchNorm | nn.GroupNorm):
                continue
            running_mean = running_var = None
            if isinstance(layer, _BatchNorm) and name in self._old and layer.momentum:
                running_mean, running_var = layer.running_mean, layer.running_var
            batch_mean, batch_var = self._seen.get(name, (None, None))
            said.append(
                NormStats(
                    step=context.step,
                    layer=name,
                    batch_mean=_array(batch_mean),
                    batch_var=_array(batch_var),
                    running_mean=_array(running_mean),
                    running_var=_array(running_var),
                    gamma=_array(layer.weight),
                    beta=_array(layer.bias),
                )
            )
        return said


def _array(tensor: Tensor | None) -> Floats:
    return np.zeros(0, np.float32) if tensor is None else tensor.detach().float().cpu().numpy().copy()
