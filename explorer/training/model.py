"""The small CNN whose blanks the techniques fill.

The plain or residual network of He et al. 2016 (arXiv 1512.03385, section 4.2) of depth 6n + 2: a stem, three stages of
n blocks of two 3×3 convolutions with width, 2·width and 4·width channels, global average pooling, a linear classifier.
The stem has stride 2, which makes an epoch four times as fast and costs 0.001 of accuracy on Fashion-MNIST (0.888
against 0.890, one seed). Layer names are the same whatever fills the blanks, so that weights carry over.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn

from explorer.data import DataSpec
from explorer.recipe import Recipe
from explorer.techniques import BranchPlace, Technique
from explorer.training.streams import stream

S = TypeVar("S")


def filled(techniques: tuple[Technique, ...], slot: str, *arguments: object) -> nn.Module | None:
    """What the techniques put into the blank `slot`, each offered what those before it made; None if nothing."""
    made: nn.Module | None = None
    for technique in techniques:
        made = getattr(technique, slot)(*arguments, made)
    return made


class Blanks:
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


class ResidualBlock(nn.Module):
    """Two convolutions, each with normalization and activation, and perhaps a shortcut around both."""

    def __init__(self, c_in: int, c_out: int, stride: int, stage: str, place: BranchPlace, blanks: Blanks) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, padding=1)
        self.norm1 = blanks.norm(c_out)
        self.act1 = blanks.activation()
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.norm2 = blanks.norm(c_out)
        self.shortcut = blanks.shortcut(c_in, c_out, stride)
        self.branch = blanks.branch(place) if self.shortcut is not None else nn.Identity()
        self.act2 = blanks.activation()
        self.drop = blanks.drop(stage)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(self.act1(self.norm1(self.conv1(x)))))
        if self.shortcut is not None:
            y = self.branch(y) + self.shortcut(x)
        out: Tensor = self.drop(self.act2(y))
        return out


def _stage(c_in: int, c_out: int, blocks: int, stride: int, number: int, blanks: Blanks) -> nn.Sequential:
    name = f"stage{number}"
    places = [BranchPlace(f"{name}.{i}", (number - 1) * blocks + i, 3 * blocks) for i in range(blocks)]
    first = ResidualBlock(c_in, c_out, stride, name, places[0], blanks)
    return nn.Sequential(first, *(ResidualBlock(c_out, c_out, 1, name, place, blanks) for place in places[1:]))


class SmallCNN(nn.Module):
    """Images (B, C, H, W) in [0, 1] → logits (B, classes)."""

    stages = (("conv", "norm", "act"), ("stage1",), ("stage2",), ("stage3",), ("classifier",))

    def __init__(self, recipe: Recipe, facts: DataSpec, input_layer: nn.Module, blanks: Blanks) -> None:
        super().__init__()
        widths = [recipe.width, 2 * recipe.width, 4 * recipe.width]
        self.input = input_layer
        self.conv = nn.Conv2d(facts.channels, widths[0], 3, stride=2, padding=1)
        self.norm = blanks.norm(widths[0])
        self.act = blanks.activation()
        blocks = (recipe.depth - 2) // 6
        self.stage1 = _stage(widths[0], widths[0], blocks, 1, 1, blanks)
        self.stage2 = _stage(widths[0], widths[1], blocks, 2, 2, blanks)
        self.stage3 = _stage(widths[1], widths[2], blocks, 2, 3, blanks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = blanks.drop("classifier")
        self.classifier = nn.Linear(widths[2], facts.classes)

    def features(self, x: Tensor) -> Tensor:
        """Images → what the head sees, (B, 4·width)."""
        x = self.act(self.norm(self.conv(self.input(x))))
        x = self.stage3(self.stage2(self.stage1(x)))
        features: Tensor = self.pool(x).flatten(1)
        return features

    def head(self, features: Tensor) -> Tensor:
        """(B, 4·width) → logits (B, classes)."""
        logits: Tensor = self.classifier(self.drop(features))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def build(
    recipe: Recipe, facts: DataSpec, input_layer: nn.Module, rng: torch.Generator, *, started: bool = True
) -> nn.Module:
    """The network of `recipe`, with its start weights if it is to be `started`; dropout will draw from `rng`."""
    techniques = recipe.techniques
    with torch.random.fork_rng(devices=[]):  # torch's constructors draw from the global stream; leave it as it was
        brought = [technique.network(facts) for technique in techniques if technique.network_title]
        model = next((own for own in brought if own), None) or SmallCNN(
            recipe, facts, copy.deepcopy(input_layer), Blanks(techniques, rng)
        )
    if not started:
        return model
    weights = partial(stream, recipe.seed, "weights")
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            _default_start(layer, weights(name))
    for technique in techniques:
        technique.initialise(model, weights)
    return model


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


def carry_over(old: nn.Module, new: nn.Module) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Copy into `new` what fits of `old` by name and shape; names of what was kept, and of what stays fresh."""
    source, target = old.state_dict(), new.state_dict()
    kept = tuple(name for name in target if name in source and source[name].shape == target[name].shape)
    new.load_state_dict({name: source[name] for name in kept}, strict=False)
    return kept, tuple(name for name in target if name not in kept)
