"""Which layers learn, how fast, and what batch normalization does in those that do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from explorer.errors import InputError
from explorer.i18n import Message
from explorer.nearest import did_you_mean
from explorer.recipe import Recipe, matches
from explorer.techniques import FrozenNorm, LayerPlace, LayerRate
from explorer.training.model import fresh_layers, layers, stages

Plan: TypeAlias = dict[str, LayerRate]
"""Name of each layer with parameters, in forward order, and how it learns."""


def plan(recipe: Recipe, model: nn.Module, epoch: int) -> Plan:
    """How each layer of `model` learns in `epoch`: what starts afresh is frozen by name alone, not with its stage.

    Raises InputError if no layer would learn.
    """
    deciding = [technique for technique in recipe.techniques if technique.acts_in("layer_rate")]
    fresh = fresh_layers(model)
    layer_rates: Plan = {}
    for place in places(model):
        layer_rate = LayerRate()
        for technique in deciding:
            layer_rate = technique.layer_rate(place, epoch, layer_rate)
        if place.name in fresh:
            layer_rate = replace(layer_rate, frozen=False)
        if any(matches(pattern, place.name) for pattern in recipe.frozen):
            layer_rate = replace(layer_rate, frozen=True)
        layer_rates[place.name] = layer_rate
    if all(layer_rate.frozen for layer_rate in layer_rates.values()):
        raise InputError(Message("Every layer is frozen, so nothing would learn. Leave at least one layer free."))
    return layer_rates


def places(model: nn.Module) -> Iterator[LayerPlace]:
    """Every layer with parameters, and where it stands."""
    groups = stages(model)
    for name, module, _own in layers(model):
        # A transformer owns parameters beside its layers: it is they that a stage names, not their owner.
        whole = [f"{name}.{own}" for own, _parameter in module.named_parameters(recurse=False)]
        found = (i for i, group in enumerate(groups) if any(matches(prefix, whole[0]) for prefix in group))
        yield LayerPlace(name, next(found, len(groups) - 1), len(groups))


def check_patterns(patterns: Iterable[str], model: nn.Module) -> None:
    """Raises InputError for a pattern that matches no layer of `model`."""
    names = [name for name, _module, _own in layers(model)]
    for pattern in patterns:
        if not any(matches(pattern, name) for name in names):
            text = Message("frozen: no layer is called {pattern!r}.", pattern=pattern)
            parts = dict.fromkeys(name.rpartition(".")[0] for name in names if "." in name)
            raise InputError(Message.joined(text, did_you_mean(pattern, [*parts, *names])))


def apply(layer_rates: Plan, model: nn.Module) -> list[tuple[float, list[nn.Parameter]]]:
    """Make `model`, in training mode, learn as planned; for each factor the parameters that learn at it."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, module, own in layers(model):
        layer_rate = layer_rates[name]
        norm = isinstance(module, _BatchNorm)
        learns = not layer_rate.frozen or (norm and layer_rate.norm.affine_trains)
        for parameter in own:
            parameter.requires_grad_(learns)
            if not learns:
                parameter.grad = None
        if learns:
            groups.setdefault(layer_rate.factor, []).extend(own)
    for name, module in model.named_modules():
        if isinstance(module, _BatchNorm) and module.running_mean is not None:
            _set_norm(model, module, layer_rates.get(name) or _rate_nearby(name, layer_rates))
    return list(groups.items())


def _rate_nearby(name: str, layer_rates: Plan) -> LayerRate:
    """Of a normalization without γ and β: as the layer before it."""
    parent = name.rpartition(".")[0]
    near = [layer_rate for other, layer_rate in layer_rates.items() if other.rpartition(".")[0] == parent]
    return near[-1] if near and all(layer_rate.frozen for layer_rate in near) else LayerRate()


def _set_norm(root: nn.Module, layer: _BatchNorm, layer_rate: LayerRate) -> None:
    """torch normalises with the batch if `training`, and follows it if also `track_running_stats`."""
    policy = (
        layer_rate.norm
        if layer_rate.frozen
        else FrozenNorm(affine_trains=True, statistics_update=True, uses_running=False)
    )
    layer.__dict__.pop("forward", None)
    layer.training = not policy.uses_running
    layer.track_running_stats = policy.statistics_update
    if policy.uses_running and policy.statistics_update:

        def forward(x: Tensor) -> Tensor:
            assert layer.running_mean is not None
            assert layer.running_var is not None
            # On copies: backward needs the statistics as they were.
            mean, variance = layer.running_mean.clone(), layer.running_var.clone()
            if root.training and layer.track_running_stats:
                _follow(layer, x.detach())
            return functional.batch_norm(x, mean, variance, layer.weight, layer.bias, eps=layer.eps)

        layer.__dict__["forward"] = forward


def _follow(layer: _BatchNorm, x: Tensor) -> None:
    """Move the running statistics as the training pass would, without normalising by the batch."""
    assert layer.running_mean is not None
    assert layer.running_var is not None
    with torch.no_grad():
        variance, mean = torch.var_mean(x.float(), dim=(0, 2, 3), correction=1)
        weight = layer.momentum if layer.momentum is not None else 1 / (int(layer.num_batches_tracked or 0) + 1)
        layer.running_mean.lerp_(mean, weight)
        layer.running_var.lerp_(variance, weight)
        if layer.num_batches_tracked is not None:
            layer.num_batches_tracked += 1


def follows_batches(layer: _BatchNorm) -> bool:
    """Whether a training pass moves the running statistics of `layer`."""
    return layer.track_running_stats and (layer.training or "forward" in layer.__dict__)
