"""Start weights: their spread, that each layer has its own stream, and orthogonality."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from explorer.recipe import Recipe
from explorer.techniques import Activation, DataSpec, Initialization, Normalization, Skip
from explorer.training.model import build
from explorer.training.streams import stream

FACTS = DataSpec(classes=10, ordered=False, channels=3, size=28)
C_IN, C_OUT, KERNEL = 48, 96, 3
FAN_IN, FAN_OUT = C_IN * KERNEL**2, C_OUT * KERNEL**2


def started(seed: int = 0, **fields: object) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        model = nn.Sequential(nn.Conv2d(C_IN, C_OUT, KERNEL), nn.Linear(300, 200))
    Initialization.model_validate(fields).initialise(model, lambda name: stream(seed, name))
    return model


@pytest.mark.parametrize(
    ("kind", "fan", "variance", "linear"),
    [
        ("he_normal", "fan_in", 2 / FAN_IN, 2 / 300),
        ("he_normal", "fan_out", 2 / FAN_OUT, 2 / 300),
        ("he_uniform", "fan_in", 2 / FAN_IN, 2 / 300),
        ("he_uniform", "fan_out", 2 / FAN_OUT, 2 / 300),
        ("xavier_normal", "fan_out", 2 / (FAN_IN + FAN_OUT), 2 / 500),
        ("xavier_uniform", "fan_out", 2 / (FAN_IN + FAN_OUT), 2 / 500),
        ("small", "fan_out", 1e-6, 1e-6),
        ("large", "fan_out", 1.0, 1.0),
    ],
)
def test_variance(kind: str, fan: str, variance: float, linear: float) -> None:
    """The classifier goes by fan_in whatever `fan` says: it has few outputs."""
    for weight, expected in zip(
        (layer.weight for layer in started(kind=kind, fan=fan)), (variance, linear), strict=True
    ):
        assert isinstance(weight, torch.Tensor)
        assert weight.var().item() == pytest.approx(expected, rel=6 * math.sqrt(2 / weight.numel()))
        assert abs(weight.mean().item()) < 6 * math.sqrt(expected / weight.numel())
        bound = math.sqrt(3 * expected)
        if kind.endswith("uniform"):
            assert weight.abs().max().item() == pytest.approx(bound, rel=1e-2)
            assert weight.abs().max() <= bound * (1 + 1e-6)
        else:
            assert weight.abs().max() > 1.5 * bound  # tails of the normal distribution


@pytest.mark.parametrize("kind", ["he_normal", "xavier_uniform", "orthogonal", "zeros", "small", "large"])
def test_biases_start_at_zero(kind: str) -> None:
    assert all(not layer.bias.any() for layer in started(kind=kind))


def test_zeros() -> None:
    assert all(not layer.weight.any() for layer in started(kind="zeros"))


def test_orthogonal_rows_or_columns_of_norm_root_two() -> None:
    for layer in started(kind="orthogonal"):
        assert isinstance(layer.weight, torch.Tensor)
        matrix = layer.weight.detach().flatten(1)
        if matrix.shape[0] > matrix.shape[1]:
            matrix = matrix.T
        torch.testing.assert_close(matrix @ matrix.T, 2 * torch.eye(len(matrix)), atol=1e-4, rtol=0)


def test_torch_leaves_the_start_as_it_is() -> None:
    """Off and "torch" are the same: uniform within ±1/√fan_in, weights and biases."""
    off, kind_torch = (
        build(Recipe(width=16, techniques=techniques), FACTS, nn.Identity(), torch.Generator())
        for techniques in ((), (Initialization(kind="torch"),))
    )
    for (name, one), (_, two) in zip(off.named_parameters(), kind_torch.named_parameters(), strict=True):
        assert torch.equal(one, two), name
    for layer in off.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            bound = layer.weight[0].numel() ** -0.5
            assert layer.weight.abs().max() <= bound
            assert layer.weight.abs().max() > 0.9 * bound
            assert layer.bias is not None
            assert layer.bias.abs().max() <= bound


def test_follows_from_seed_and_layer_name_alone() -> None:
    alone = build(Recipe(techniques=(Initialization(),)), FACTS, nn.Identity(), torch.Generator())
    techniques = (Initialization(), Normalization(), Skip())
    among = build(Recipe(techniques=techniques), FACTS, nn.Identity(), torch.Generator())
    other = build(Recipe(techniques=techniques, seed=1), FACTS, nn.Identity(), torch.Generator())
    weights, others = dict(among.named_parameters()), dict(other.named_parameters())
    for name, weight in alone.named_parameters():
        assert torch.equal(weight, weights[name]), name
        if weight.ndim > 1:
            assert not torch.equal(weight, others[name]), name
    assert not torch.equal(weights["stage1.0.conv1.weight"], weights["stage1.0.conv2.weight"])


def test_he_keeps_the_signal_where_small_lets_it_die_and_large_blow_up() -> None:
    """Mean square of the last features, 20 layers deep, without normalization."""
    x = torch.randn((16, 3, 28, 28), generator=torch.Generator().manual_seed(0))
    power = {}
    for kind in ("he_normal", "small", "large"):
        recipe = Recipe(depth=20, techniques=(Initialization.model_validate({"kind": kind, "fan": "fan_in"}),))
        model = build(recipe, FACTS, nn.Identity(), torch.Generator())
        kept: list[torch.Tensor] = []
        model.get_submodule("stage3").register_forward_hook(lambda _m, _i, y, kept=kept: kept.append(y))
        with torch.no_grad():
            model(x)
        power[kind] = kept[0].square().mean().item()
    assert 0.01 < power["he_normal"] < 100
    assert power["small"] < 1e-12
    assert power["large"] > 1e12


@pytest.mark.parametrize(("activation", "slope"), [("relu", 0.0), ("leaky_relu", 0.3), ("prelu", 0.25), ("gelu", 0.0)])
@pytest.mark.parametrize("kind", ["he_normal", "he_uniform"])
def test_he_knows_the_slope_of_the_nonlinearity(kind: str, activation: str, slope: float) -> None:
    """As torch computes it: He et al. 2015, equation 15."""
    fields = {"slope": slope} if slope else {}
    layers = (Activation.model_validate({"kind": activation, **fields}), Initialization.model_validate({"kind": kind}))
    built = build(Recipe(techniques=layers), FACTS, nn.Identity(), torch.Generator())
    expected = torch.empty_like(built.conv.weight)  # type: ignore[union-attr, arg-type]
    fill = getattr(nn.init, kind.replace("he", "kaiming") + "_")
    fill(expected, a=slope, mode="fan_in", nonlinearity="leaky_relu", generator=stream(0, "weights", "conv"))
    assert torch.equal(built.conv.weight, expected)  # type: ignore[union-attr, arg-type]
