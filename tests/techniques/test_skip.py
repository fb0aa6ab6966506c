"""Shortcuts A and B, and blocks that start as the identity."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from explorer.networks.blocks import ResidualBlock
from explorer.recipe import Recipe
from explorer.techniques import DataSpec, Initialization, Normalization, Skip, Technique
from explorer.training.model import build

FACTS = DataSpec(classes=4, ordered=False, channels=1, size=16)


def network(*techniques: Technique) -> nn.Module:
    return build(Recipe(depth=14, width=4, techniques=techniques), FACTS, nn.Identity(), torch.Generator())


def blocks(model: nn.Module) -> list[tuple[str, ResidualBlock]]:
    return [(name, module) for name, module in model.named_modules() if isinstance(module, ResidualBlock)]


def inputs_of(block: ResidualBlock) -> torch.Tensor:
    return torch.randn((3, block.conv1.in_channels, 8, 8), generator=torch.Generator().manual_seed(1))


def test_same_shape_is_the_identity() -> None:
    for skip in (Skip(), Skip(kind="identity")):
        x = torch.randn(2, 4, 6, 6)
        assert torch.equal(skip.shortcut(4, 4, 1)(x), x)


def test_option_a_takes_every_second_pixel_and_pads_channels_with_zeros() -> None:
    x = torch.randn((2, 3, 7, 6), generator=torch.Generator().manual_seed(0))
    shortcut = Skip(kind="identity").shortcut(3, 5, 2)
    assert not list(shortcut.parameters())
    y = shortcut(x)
    expected = torch.zeros(2, 5, 4, 3)
    for b in range(2):
        for c in range(3):
            for i in range(4):
                for j in range(3):
                    expected[b, c, i, j] = x[b, c, 2 * i, 2 * j]
    assert torch.equal(y, expected)


def test_option_b_is_a_convolution_of_one_pixel() -> None:
    x = torch.randn((2, 3, 6, 6), generator=torch.Generator().manual_seed(0))
    shortcut = Skip().shortcut(3, 5, 2)
    assert isinstance(shortcut, nn.Conv2d)
    assert shortcut.kernel_size == (1, 1)
    weight, bias = shortcut.weight[:, :, 0, 0], shortcut.bias
    assert bias is not None
    expected = torch.einsum("oc,bcij->boij", weight, x[:, :, ::2, ::2]) + bias[None, :, None, None]
    torch.testing.assert_close(shortcut(x), expected)


@pytest.mark.parametrize("kind", ["projection", "identity"])
def test_adds_the_input_to_the_output(kind: str) -> None:
    skip = Skip.model_validate({"kind": kind})
    for name, block in blocks(network(skip)):
        x = inputs_of(block)
        assert block.shortcut is not None
        residual = block.conv2(torch.relu(block.conv1(x)))
        torch.testing.assert_close(block(x), torch.relu(residual + block.shortcut(x)), msg=name)


def test_without_it_there_is_no_way_around() -> None:
    assert all(block.shortcut is None for _, block in blocks(network()))


@pytest.mark.parametrize(
    "others",
    [
        (Initialization(), Normalization()),
        (Initialization(), Normalization(affine=False)),
        (Initialization(), Normalization(kind="group")),
        (Initialization(),),
        (),
    ],
    ids=["batch", "no affine", "group", "no norm", "alone"],
)
@pytest.mark.parametrize("kind", ["projection", "identity"])
def test_zero_start_makes_every_block_its_shortcut(kind: str, others: tuple[Technique, ...]) -> None:
    model = network(*others, Skip.model_validate({"kind": kind, "zero_start": True}))
    for name, block in blocks(model):
        x = inputs_of(block)
        assert block.shortcut is not None
        torch.testing.assert_close(block(x), block.act2(block.shortcut(x)), msg=name)
        if isinstance(block.shortcut, nn.Identity):
            positive = x.abs()
            torch.testing.assert_close(block(positive), positive, msg=name)


def test_zero_start_can_be_learned_away() -> None:
    model = network(Normalization(), Skip(zero_start=True))
    model(torch.randn(4, 1, 16, 16)).square().sum().backward()
    block = blocks(model)[1][1]
    grad = block.norm2.weight.grad
    assert isinstance(grad, torch.Tensor)
    assert grad.abs().max() > 0


def test_the_gradient_has_a_way_back() -> None:
    """With all convolutions of a block at zero, what stands before it still learns."""
    for skip, learns in ((True, True), (False, False)):
        model = network(*((Skip(),) if skip else ()))
        block = blocks(model)[1][1]
        for conv in (block.conv1, block.conv2):
            nn.init.zeros_(conv.weight)
        model(torch.rand(4, 1, 16, 16)).square().sum().backward()
        grad = model.get_submodule("conv").weight.grad
        assert isinstance(grad, torch.Tensor)
        assert bool(grad.abs().max() > 0) is learns


@pytest.mark.parametrize("threads", [1, 2])
def test_gradients_of_a_projection_are_those_in_double_precision(threads: int) -> None:
    """torch 2.13 on AVX2: a strided 1×1 one of 5 to 7 channels was wrong by half, and crashed with one thread."""
    code = f"""
import torch
from explorer.techniques import Skip
torch.set_num_threads({threads})
torch.manual_seed(0)
for width in range(4, 13):
    for size in (14, 13):
        layer = Skip().shortcut(width, 2 * width, 2).to(memory_format=torch.channels_last)
        exact = torch.nn.Conv2d(width, 2 * width, 1, 2, dtype=torch.float64)
        exact.load_state_dict({{name: tensor.double() for name, tensor in layer.state_dict().items()}})
        images = torch.randn(16, width, size, size).to(memory_format=torch.channels_last)
        answers = layer(images)
        slope = torch.randn(answers.shape)
        answers.backward(slope)
        exact(images.double().contiguous()).backward(slope.double())
        torch.testing.assert_close(layer.weight.grad.double(), exact.weight.grad, rtol=1e-4, atol=1e-4)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
