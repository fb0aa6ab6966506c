"""EfficientNet-Lite0, written anew because torchvision has none: the one ImageNet network whose weights come by pip.

Tan and Le 2019 (arXiv 1905.11946); Lite: no squeeze-and-excitation, ReLU6 instead of swish. After tensorflow/tpu,
models/official/efficientnet/lite, from which the package's weights were converted; so convolutions pad as TensorFlow's
"SAME" does. Modules are named as in torchvision's EfficientNets. Regularisers are left to the techniques.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from torch import Tensor, nn
from torch.nn import functional

WIDTH = 1280
"""Features."""
EPS, MOMENTUM = 1e-3, 0.01
"""Of each BatchNorm, as in the original; torch's own are 1e-5 and 0.1."""

# (blocks, kernel, stride of the first, expansion, channels out) of features.1 to features.7
_GROUPS = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class SameConv(nn.Conv2d):
    """A convolution without bias, (B, C, H, W) → (B, C', ⌈H/stride⌉, ⌈W/stride⌉), padded as TensorFlow does.

    With stride 2 and an even size, TensorFlow pads one pixel more after the image than before it; torch's symmetric
    padding would sample the image one pixel aside from where the weights were trained.
    """

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, groups: int) -> None:
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(c_in, c_out, kernel, stride, padding, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride[0] > 1:
            top, bottom = self._around(x.shape[2])
            left, right = self._around(x.shape[3])
            x = functional.pad(x, (left, right, top, bottom))
        return super().forward(x)

    def _around(self, size: int) -> tuple[int, int]:
        """Pixels before and after `size` pixels."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2


class ConvNorm(nn.Sequential):
    """Convolution, BatchNorm and, unless it projects, ReLU6."""

    def __init__(
        self, c_in: int, c_out: int, kernel: int = 1, stride: int = 1, groups: int = 1, projects: bool = False
    ) -> None:
        super().__init__()
        self.add_module("conv", SameConv(c_in, c_out, kernel, stride, groups))
        self.add_module("norm", nn.BatchNorm2d(c_out, EPS, MOMENTUM))
        if not projects:
            self.add_module("act", nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    """Inverted bottleneck (MobileNetV2): widen, convolve each channel by itself, narrow, add the input if alike."""

    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = c_in * expansion
        self.expand = ConvNorm(c_in, wide) if expansion > 1 else nn.Identity()
        self.depthwise = ConvNorm(wide, wide, kernel, stride, groups=wide)
        self.project = ConvNorm(wide, c_out, projects=True)
        self.adds = stride == 1 and c_in == c_out

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.adds else y


class EfficientNetLite0(nn.Module):
    """Standardised images (B, 3, H, W) → features (B, 1280)."""

    def __init__(self) -> None:
        super().__init__()
        groups: list[nn.Module] = [ConvNorm(3, 32, kernel=3, stride=2)]
        c_in = 32
        for blocks, kernel, stride, expansion, c_out in _GROUPS:
            first = InvertedResidual(c_in, c_out, kernel, stride, expansion)
            groups.append(
                nn.Sequential(first, *(InvertedResidual(c_out, c_out, kernel, 1, expansion) for _ in range(blocks - 1)))
            )
            c_in = c_out
        self.features = nn.Sequential(*groups, ConvNorm(c_in, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.features(x)
        return y.mean(dim=(2, 3))


def renaming(names: Iterable[str]) -> dict[str, str]:
    """From a name in the package's file to the name here; names that are not the package's map to themselves."""
    places = [f"{group}.{k}" for group, (blocks, *_rest) in enumerate(_GROUPS, start=1) for k in range(blocks)]
    layers = {
        "_expand_conv": "expand.conv",
        "_bn0": "expand.norm",
        "_depthwise_conv": "depthwise.conv",
        "_bn1": "depthwise.norm",
        "_project_conv": "project.conv",
        "_bn2": "project.norm",
    }
    ends = {
        "_conv_stem": "features.0.conv",
        "_bn0": "features.0.norm",
        "_conv_head": f"features.{len(_GROUPS) + 1}.conv",
        "_bn1": f"features.{len(_GROUPS) + 1}.norm",
    }

    def new(name: str) -> str:
        block = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", name)
        if block and int(block[1]) < len(places) and block[2] in layers:
            return f"features.{places[int(block[1])]}.{layers[block[2]]}.{block[3]}"
        layer, _dot, tensor = name.partition(".")
        return f"{ends[layer]}.{tensor}" if layer in ends else name

    return {name: new(name) for name in names}
