"""What our own networks are built of: blocks of layers, and the frame that puts them in stages.

Layer names are the same whatever fills the blanks, so that weights carry over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.networks.base import Blanks, BranchPlace

STAGES = ("stage1", "stage2", "stage3")
LONGEST = 10_000.0
"""Wavelength, in patches over 2π, of the slowest of the sines that say where a patch is (Vaswani et al. 2017)."""


class Staged(nn.Module):
    """Images (B, C, H, W) in [0, 1] → logits (B, classes): input, stem, three stages, pool, dropout, classifier.

    `stem` and `pool` must end in what the stages take, and in features (B, `width`).
    """

    head_layers = ("drop", "classifier")

    def __init__(
        self,
        input_layer: nn.Module,
        stem: Mapping[str, nn.Module],
        stages: Sequence[Sequence[nn.Module]],
        pool: nn.Module,
        drop: nn.Module,
        width: int,
        classes: int,
    ) -> None:
        super().__init__()
        self.input = input_layer
        self._stem = tuple(stem)
        for name, layer in stem.items():
            self.add_module(name, layer)
        for name, blocks in zip(STAGES, stages, strict=True):
            self.add_module(name, nn.Sequential(*blocks))
        self.pool = pool
        self.drop = drop
        self.classifier = nn.Linear(width, classes)

    @property
    def stages(self) -> tuple[tuple[str, ...], ...]:
        """Groups of layer names from the input to the head; what has no parameters, and comes alone, is no stage."""
        groups = [self._stem, *((name,) for name in STAGES)]
        found = [group for group in groups if any(_learns(self.get_submodule(name)) for name in group)]
        if _learns(self.pool):
            found[-1] = (*found[-1], "pool")
        return (*found, ("classifier",))

    @property
    def map_layer(self) -> tuple[nn.Module, int]:
        """What puts out the last map of the image, and how many tokens of that lead and are no places."""
        return self.get_submodule(STAGES[-1]), 0

    def features(self, x: Tensor) -> Tensor:
        """Images → what the head sees, (B, width)."""
        x = self.input(x)
        for name in (*self._stem, *STAGES):
            x = self.get_submodule(name)(x)
        features: Tensor = self.pool(x).flatten(1)
        return features

    def head(self, features: Tensor) -> Tensor:
        """(B, width) → logits (B, classes)."""
        logits: Tensor = self.classifier(self.drop(features))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


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

    @property
    def ends(self) -> tuple[nn.Module, ...]:
        """What scales the sum that it adds: γ and β, or without them the convolution before."""
        return (self.norm2 if _learns(self.norm2) else self.conv2,)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(self.act1(self.norm1(self.conv1(x)))))
        if self.shortcut is not None:
            y = self.branch(y) + self.shortcut(x)
        out: Tensor = self.drop(self.act2(y))
        return out


class DenseBlock(nn.Module):
    """(B, c_in) → (B, c_out): a linear layer with normalization and activation, perhaps a shortcut around all three."""

    def __init__(self, c_in: int, c_out: int, stage: str, index: int, count: int, blanks: Blanks) -> None:
        """It is the `index`-th of `count` in the network."""
        super().__init__()
        self.linear = nn.Linear(c_in, c_out)
        self.norm = blanks.norm(c_out)
        self.act = blanks.activation()
        self.shortcut = blanks.shortcut(c_in, c_out, 1) if c_in == c_out else None
        place = BranchPlace(f"{stage}.{index}", index, count)
        self.branch = blanks.branch(place) if self.shortcut is not None else nn.Identity()
        self.drop = blanks.drop(stage)

    @property
    def ends(self) -> tuple[nn.Module, ...]:
        """What scales the sum that it adds."""
        return (self.norm if _learns(self.norm) else self.linear,) if self.shortcut is not None else ()

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(_normalized(self.norm, self.linear(x)))
        if self.shortcut is not None:
            y = self.branch(y) + self.shortcut(x)
        out: Tensor = self.drop(y)
        return out


class PatchEmbedding(nn.Module):
    """Images (B, C, H, W) → tokens (B, ⌈H/patch⌉ · ⌈W/patch⌉, width), each with the place of its patch added.

    Each patch, pixel by pixel, goes through one linear layer; at the lower and the right edge, zeros (the mean) fill
    up. Places are sines and cosines of row and column, which are not learned (Beyer et al. 2022, arXiv 2205.01580).
    """

    def __init__(self, channels: int, width: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.linear = nn.Linear(channels * patch**2, width)

    def forward(self, x: Tensor) -> Tensor:
        height, width = (-(-side // self.patch) for side in x.shape[-2:])
        below, right = height * self.patch - x.shape[-2], width * self.patch - x.shape[-1]
        # A strided convolution would do the same; in channels_last and of so few channels, its gradients cannot be
        # trusted on every processor (tests/networks/test_gradients.py).
        patches = functional.unfold(functional.pad(x, (0, right, 0, below)), self.patch, stride=self.patch)
        tokens: Tensor = self.linear(patches.transpose(1, 2))
        return tokens + places(height, width, tokens.shape[-1], tokens)


def places(height: int, width: int, channels: int, like: Tensor) -> Tensor:
    """(height · width, channels): sines and cosines of each place's column and row, a quarter of the channels each."""
    frequencies = LONGEST ** -(torch.arange(channels // 4, device=like.device) / max(1, channels // 4 - 1))
    rows, columns = (
        torch.arange(count, device=like.device)[:, None] * frequencies for count in (height, width)
    )  # (count, channels / 4)
    of_rows = torch.cat((rows.sin(), rows.cos()), 1)[:, None].expand(-1, width, -1)
    of_columns = torch.cat((columns.sin(), columns.cos()), 1)[None].expand(height, -1, -1)
    return torch.cat((of_columns, of_rows), 2).flatten(0, 1).to(like.dtype)


class Attention(nn.Module):
    """Tokens (B, N, D) → the same shape: each takes from all, by how well its query agrees with their keys."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.project = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (
            layer(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.project(mixed.transpose(1, 2).flatten(2))
        return out


class TokenBlock(nn.Module):
    """Tokens (B, N, D) → the same shape: attention, then two linear layers; a normalization before each of both, and
    perhaps a shortcut around each.
    """

    def __init__(self, width: int, heads: int, stage: str, index: int, count: int, blanks: Blanks) -> None:
        """It is the `index`-th of `count` in the network."""
        super().__init__()
        self.norm1 = blanks.norm(width)
        self.attention = Attention(width, heads)
        self.shortcut1 = blanks.shortcut(width, width, 1)
        self.norm2 = blanks.norm(width)
        self.linear1 = nn.Linear(width, 4 * width)
        self.act = blanks.activation()
        self.linear2 = nn.Linear(4 * width, width)
        self.shortcut2 = blanks.shortcut(width, width, 1)
        branches = [BranchPlace(f"{stage}.{index}.{k}", 2 * index + k, 2 * count) for k in range(2)]
        self.branch1, self.branch2 = (
            nn.Identity() if shortcut is None else blanks.branch(place)
            for shortcut, place in zip((self.shortcut1, self.shortcut2), branches, strict=True)
        )
        self.drop = blanks.drop(stage)

    @property
    def ends(self) -> tuple[nn.Module, ...]:
        """What scales the sums that it adds."""
        return self.attention.project, self.linear2

    def forward(self, x: Tensor) -> Tensor:
        y = self.attention(_normalized(self.norm1, x))
        x = y if self.shortcut1 is None else self.branch1(y) + self.shortcut1(x)
        y = self.linear2(self.act(self.linear1(_normalized(self.norm2, x))))
        x = y if self.shortcut2 is None else self.branch2(y) + self.shortcut2(x)
        out: Tensor = self.drop(x.transpose(1, 2)).transpose(1, 2)  # a channel is one feature of all tokens
        return out


class TokenPool(nn.Module):
    """Tokens (B, N, D) → (B, D): normalized, then their mean."""

    def __init__(self, width: int, blanks: Blanks) -> None:
        super().__init__()
        self.norm = blanks.norm(width)

    def forward(self, x: Tensor) -> Tensor:
        return _normalized(self.norm, x).mean(1)


def in_stages(count: int) -> list[list[int]]:
    """Numbers of `count` blocks, dealt out to the three stages as evenly as can be."""
    return [[k for k in range(count) if 3 * k // count == stage] for stage in range(len(STAGES))]


def _normalized(norm: nn.Module, x: Tensor) -> Tensor:
    """`norm`, made for images (B, C, H, W), of vectors (…, C): each one is an image of one pixel."""
    y: Tensor = norm(x.reshape(-1, x.shape[-1], 1, 1))
    return y.reshape(x.shape)


def _learns(layer: nn.Module) -> bool:
    return any(True for _parameter in layer.parameters())
