"""The network of a recipe: built, its blanks filled by the techniques, started, and known by its layers."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from explorer.data import DataSpec
from explorer.networks import BranchPlace
from explorer.recipe import Recipe
from explorer.techniques import Technique
from explorer.training.streams import stream


def filled(techniques: tuple[Technique, ...], slot: str, *arguments: object) -> nn.Module | None:
    """What the techniques put into the blank `slot`, each offered what those before it made; None if nothing."""
    made: nn.Module | None = None
    for technique in techniques:
        made = getattr(technique, slot)(*arguments, made)
    return made


class FilledBlanks:
    """The blanks of the network, filled by the techniques of a recipe."""

    def __init__(self, techniques: tuple[Technique, ...], rng: torch.Generator) -> None:
        self.techniques, self.rng = techniques, rng

    def norm(self, channels: int) -> nn.Module:
        return filled(self.techniques, "norm", channels) or nn.Identity()

    def activation(self) -> nn.Module:
        return filled(self.techniques, "activation") or nn.ReLU()

    def drop(self, place: str) -> nn.Module:
        return filled(self.techniques, "drop", place, self.rng) or nn.Identity()

    def shortcut(self, c_in: int, c_out: int, stride: int) -> nn.Module | None:
        return filled(self.techniques, "shortcut", c_in, c_out, stride)

    def branch(self, place: BranchPlace) -> nn.Module:
        module: nn.Module = nn.Identity()
        for technique in self.techniques:
            module = technique.branch(place, module, self.rng)
        return module


class Standardize(nn.Module):
    """(x − mean) / std per channel, by the training images' own numbers: a checkpoint takes images in [0, 1]."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean.view(1, -1, 1, 1))
        self.register_buffer("std", std.view(1, -1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.std


def build(
    recipe: Recipe, facts: DataSpec, input_layer: nn.Module, rng: torch.Generator, *, started: bool = True
) -> nn.Module:
    """The network of `recipe`, with its start weights if it is to be `started`; dropout will draw from `rng`."""
    techniques = recipe.techniques
    with torch.random.fork_rng(devices=[]):  # torch's constructors draw from the global stream; leave it as it was
        model = recipe.network.build(facts, copy.deepcopy(input_layer), FilledBlanks(techniques, rng))
        for technique in techniques if "convolution" in recipe.network.blanks else ():
            if technique.acts_in("convolution"):
                _convert(model, technique)
    if not started:
        return model
    weights = partial(stream, recipe.seed, "weights")
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            _default_start(layer, weights(name))
    for technique in techniques:
        technique.initialise(model, weights)
    for technique in techniques:
        if loaded := technique.load(recipe.network, model):
            model.loaded = loaded  # type: ignore[assignment]
            keep_fresh(model, (name.rpartition(".")[0] for name in loaded.fresh))
    return model


def _convert(model: nn.Module, technique: Technique) -> None:
    """Put what `technique` makes of each convolution in its place."""
    for module in list(model.modules()):
        for name, layer in list(module.named_children()):
            if isinstance(layer, nn.Conv2d):
                setattr(module, name, technique.convolution(layer))


def _default_start(layer: nn.Conv2d | nn.Linear, rng: torch.Generator) -> None:
    """torch's own start of its layers: weight and bias uniform within ±1/√fan_in."""
    nn.init.kaiming_uniform_(layer.weight, a=5**0.5, generator=rng)
    if layer.bias is not None:
        bound = layer.weight[0].numel() ** -0.5
        nn.init.uniform_(layer.bias, -bound, bound, generator=rng)


def layers(model: nn.Module) -> Iterator[tuple[str, nn.Module, list[nn.Parameter]]]:
    """(name, module, its own parameters) of each module that owns some, in forward order."""
    for name, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        if own:
            yield name, module, own


def stages(model: nn.Module) -> tuple[tuple[str, ...], ...]:
    """Groups of layer names, each a name or the part before a dot, from the input to the head, which is the last."""
    found: tuple[tuple[str, ...], ...] = model.stages  # type: ignore[assignment]
    return found


def fresh_layers(model: nn.Module) -> frozenset[str]:
    """Layers for which there were no learned weights where others of `model` got some."""
    found: frozenset[str] = getattr(model, "fresh_layers", frozenset())
    return found


def keep_fresh(model: nn.Module, names: Iterable[str]) -> None:
    """Remember that the layers `names` of `model` started afresh."""
    model.fresh_layers = frozenset(names)  # type: ignore[assignment]


def carry_over(old: nn.Module, new: nn.Module) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Copy into `new` what fits of `old` by name and shape; names of what was kept, and of what stays fresh."""
    source, target = old.state_dict(), new.state_dict()
    kept = tuple(name for name in target if name in source and source[name].shape == target[name].shape)
    new.load_state_dict({name: source[name] for name in kept}, strict=False)
    return kept, tuple(name for name in target if name not in kept)
