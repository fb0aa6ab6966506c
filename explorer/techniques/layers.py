"""Layers that torch has only with the global random stream. Imported by slots, never at the top: it needs torch."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def stacked(below: nn.Module | None, above: nn.Module) -> nn.Module:
    """`above` on what others put in the same place, if anything."""
    return above if below is None or isinstance(below, nn.Identity) else nn.Sequential(below, above)


class SeededDropout(nn.Module):
    """torch.nn.Dropout (or Dropout2d with `channels`) that draws from a stream of its own.

    Nothing else in the process can then change which elements fall out, and it changes nothing else. Input (B, …).
    """

    def __init__(self, p: float, rng: torch.Generator, *, channels: bool) -> None:
        super().__init__()
        self.p, self.rng, self.channels = p, rng, channels

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        shape = x.shape[:2] + (1,) * (x.ndim - 2) if self.channels else x.shape
        keep = torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p, generator=self.rng)
        return x * keep.div_(1 - self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}, channels={self.channels}"


class StridedProjection(nn.Conv2d):
    """A 1×1 convolution of stride s, (B, c_in, H, W) → (B, c_out, ⌈H/s⌉, ⌈W/s⌉): pixels are chosen, then mixed.

    The same numbers; but on processors with AVX2 alone, torch 2.13's strided one of fewer than 8 channels in
    channels_last gives wrong gradients of the weights (by 8 to 160 %) with two threads, and corrupts the heap with one.
    """

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = self.stride
        return nn.functional.conv2d(x[:, :, ::rows, ::columns], self.weight, self.bias)


class StandardizedConv2d(nn.Conv2d):
    """A convolution, (B, c_in, H, W) → (B, c_out, H/s, W/s), whose filters are brought to mean 0 and a fixed spread at
    each pass; the parameters are those of `conv`.
    """

    def __init__(self, conv: nn.Conv2d, *, centre: bool, divide: bool) -> None:
        nn.Module.__init__(self)
        self.__dict__.update({name: value for name, value in conv.__dict__.items() if name not in self.__dict__})
        self.weight, self.bias = conv.weight, conv.bias
        self.centre, self.divide = centre, divide

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight
        spread, mean = torch.std_mean(weight, dim=(1, 2, 3), keepdim=True, correction=0)
        if self.centre:
            weight = weight - mean
        if self.divide:
            # ReLU leaves half of the square, and a filter of mean 0 does not see the mean in it.
            kept = 2 / (1 - 1 / math.pi) if self.centre else 2
            weight = weight * (math.sqrt(kept / weight[0].numel()) / (spread + 1e-5))
        if self.kernel_size == (1, 1):  # see StridedProjection
            x = x[:, :, :: self.stride[0], :: self.stride[1]]
            return nn.functional.conv2d(x, weight, self.bias)
        out: Tensor = self._conv_forward(x, weight, self.bias)
        return out


class PadChannels(nn.Module):
    """Shortcut without parameters: every `stride`-th pixel, `extra` channels of zeros (He et al. 2016, option A)."""

    def __init__(self, extra: int, stride: int) -> None:
        super().__init__()
        self.extra, self.stride = extra, stride

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))

    def extra_repr(self) -> str:
        return f"extra={self.extra}, stride={self.stride}"


class SeededStochasticDepth(nn.Module):
    """torchvision's StochasticDepth, (B, …) → the same, that draws from a stream of its own.

    The whole batch, or with `rows` each image by itself, becomes 0 with probability `p`; the rest is scaled up.
    """

    def __init__(self, p: float, rng: torch.Generator, *, rows: bool) -> None:
        super().__init__()
        self.p, self.rng, self.rows = p, rng, rows

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        shape = (len(x) if self.rows else 1,) + (1,) * (x.ndim - 1)
        keep = torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p, generator=self.rng)
        return x * keep.div_(1 - self.p)

    def extra_repr(self) -> str:
        return f"p={self.p:g}, rows={self.rows}"
