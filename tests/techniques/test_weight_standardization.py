"""Weight standardization against a loop over the filters."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from explorer.data import DataSpec
from explorer.networks.small_cnn import SmallCNN
from explorer.recipe import Recipe
from explorer.techniques import Skip, Technique, WeightStandardization
from explorer.training.model import build

FACTS = DataSpec(classes=4, ordered=False, channels=3, size=16)


def network(*techniques: Technique, width: int = 8) -> nn.Module:
    recipe = Recipe(network=SmallCNN(width=width), techniques=techniques)
    return build(recipe, FACTS, nn.Identity(), torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", ["both", "centre", "divide"])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (1, 2)])
def test_against_a_loop_over_the_filters(kind: str, kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(5, 7, kernel, stride, padding=kernel // 2).double()
    x = torch.randn(2, 5, 9, 9, dtype=torch.float64)
    weight = conv.weight.detach().clone()
    for one in weight:
        mean, std, n = one.mean(), ((one - one.mean()) ** 2).mean() ** 0.5, one.numel()
        if kind != "divide":
            one -= mean
        if kind != "centre":
            one *= ((2 if kind == "divide" else 2 / (1 - 1 / math.pi)) / n) ** 0.5 / (std + 1e-5)
    expected = nn.functional.conv2d(x, weight, conv.bias, stride, kernel // 2)
    made = WeightStandardization.model_validate({"kind": kind}).convolution(conv)
    torch.testing.assert_close(made(x), expected)


def test_names_and_start_weights_stay() -> None:
    plain, standardized = network(Skip()), network(Skip(), WeightStandardization())
    assert list(plain.state_dict()) == list(standardized.state_dict())
    for name, tensor in plain.state_dict().items():
        assert torch.equal(tensor, standardized.state_dict()[name]), name


@pytest.mark.parametrize("width", [4, 8])
def test_gradients_move_and_stretch_no_filter(width: int) -> None:
    model = network(Skip(), WeightStandardization(), width=width)
    convolutions = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 9  # stem, six in blocks, two projections
    model(torch.rand(4, 3, 16, 16)).square().sum().backward()
    for layer in convolutions:
        assert layer.weight.grad is not None
        size = layer.weight.grad.abs().sum(dim=(1, 2, 3))
        assert (layer.weight.grad.sum(dim=(1, 2, 3)).abs() <= 1e-3 * size + 1e-6).all()
        assert (
            (layer.weight.grad * (layer.weight - layer.weight.mean(dim=(1, 2, 3), keepdim=True)))
            .sum(dim=(1, 2, 3))
            .abs()
            <= 1e-3 * size + 1e-6
        ).all()


def test_the_signal_keeps_its_spread_through_many_layers() -> None:
    """Without normalization and with start weights that are far too large."""
    recipe = Recipe(network=SmallCNN(width=16, depth=32), techniques=(WeightStandardization(),))
    model = build(recipe, FACTS, nn.Identity(), torch.Generator().manual_seed(0))
    spreads: list[float] = []
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.mul_(100)
                layer.register_forward_hook(lambda _layer, _inputs, out: spreads.append(out.std().item()))
        model.features(torch.randn(8, 3, 32, 32))  # type: ignore[operator]
    assert len(spreads) == 31
    assert all(0.4 < spread < 2 for spread in spreads), spreads  # with 2 for c: 0.01 in the last one
