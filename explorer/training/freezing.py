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
from explorer.i18n import _
from explorer.recipe import Recipe, did_you_mean, matches
from explorer.techniques import FrozenNorm, Pace, Place
from explorer.training.model import layers, stages

Plan: TypeAlias = dict[str, Pace]
"""Name of each layer with parameters, in forward order, and how it learns."""


def plan(recipe: Recipe, model: nn.Module, epoch: int) -> Plan:
    """How each layer of `model` learns in `epoch`. Raises InputError if none would."""
    deciding = [technique for technique in recipe.techniques if technique.acts_in("pace")]
    paces: Plan = {}
    for place in places(model):
        pace = Pace()
        for technique in deciding:
            pace = technique.pace(place, epoch)
        if any(matches(pattern, place.name) for pattern in recipe.frozen):
            pace = replace(pace, frozen=True)
        paces[place.name] = pace
    if all(pace.frozen for pace in paces.values()):
        raise InputError(_("Every layer is frozen, so nothing would learn. Leave at least one layer free."))
    return paces


def places(model: nn.Module) -> Iterator[Place]:
    """Every layer with parameters, and where it stands."""
    groups = stages(model)
    for name, module, _own in layers(model):
        # A transformer owns parameters beside its layers: it is they that a stage names, not their owner.
        whole = [f"{name}.{own}" for own, _parameter in module.named_parameters(recurse=False)]
        found = (i for i, group in enumerate(groups) if any(matches(prefix, whole[0]) for prefix in group))
        yield Place(name, next(found, len(groups) - 1), len(groups))


def check_patterns(patterns: Iterable[str], model: nn.Module) -> None:
    """Raises InputError for a pattern that matches no layer of `model`."""
    names = [name for name, _module, _own in layers(model)]
    for pattern in patterns:
        if not any(matches(pattern, name) for name in names):
            text = _("frozen: no layer is called {pattern!r}.").format(pattern=pattern)
            parts = dict.fromkeys(name.rpartition(".")[0] for name in names if "." in name)
            raise InputError(text + did_you_mean(pattern, [*parts, *names]))


def apply(paces: Plan, model: nn.Module) -> list[tuple[float, list[nn.Parameter]]]:
    """Make `model`, in training mode, learn as planned; for each factor the parameters that learn at it."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, module, own in layers(model):
        pace = paces[name]
        norm = isinstance(module, _BatchNorm)
        learns = not pace.frozen or (norm and pace.norm.affine_trains)
        for parameter in own:
            parameter.requires_grad_(learns)
            if not learns:
                parameter.grad = None
        if learns:
            groups.setdefault(pace.factor, []).extend(own)
    for name, module in model.named_modules():
        if isinstance(module, _BatchNorm) and module.running_mean is not None:
            _set_norm(model, module, paces.get(name) or _pace_nearby(name, paces))
    return list(groups.items())


def _pace_nearby(name: str, paces: Plan) -> Pace:
    """Of a normalization without γ and β: as the layer before it."""
    parent = name.rpartition(".")[0]
    near = [pace for other, pace in paces.items() if other.rpartition(".")[0] == parent]
    return near[-1] if near and all(pace.frozen for pace in near) else Pace()


def _set_norm(root: nn.Module, layer: _BatchNorm, pace: Pace) -> None:
    """torch normalises with the batch if `training`, and follows it if also `track_running_stats`."""
    policy = pace.norm if pace.frozen else FrozenNorm(affine_trains=True, statistics_update=True, uses_running=False)
    layer.__dict__.pop("forward", None)
    layer.training = not policy.uses_running
    layer.track_running_stats = policy.statistics_update
    if policy.uses_running and policy.statistics_update:

        def forward(x: Tensor) -> Tensor:
            assert layer.running_mean is not None
            assert layer.running_var is not None
            # On copies: backward needs the statistics as they were.
            mean, variance = layer.running_mean.clone(), layer.running_var.clone()
            if root.training:
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
