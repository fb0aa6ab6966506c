"""Every nonlinearity against its formula, written with the math module."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from explorer.recipe import Recipe
from explorer.techniques import Activation, DataSpec
from explorer.training.model import build

POINTS = [-30.0, -3.0, -1.0, -0.1, 0.0, 0.1, 1.0, 3.0, 30.0]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


FORMULAS: dict[str, Callable[[float], float]] = {
    "relu": lambda x: max(0.0, x),
    "leaky_relu": lambda x: max(0.0, x) + 0.2 * min(0.0, x),
    "prelu": lambda x: max(0.0, x) + 0.2 * min(0.0, x),
    "elu": lambda x: x if x > 0 else 1.5 * (math.exp(x) - 1),
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "silu": lambda x: x * sigmoid(x),
    "sigmoid": sigmoid,
    "tanh": math.tanh,
}


@pytest.mark.parametrize("kind", FORMULAS)
def test_equals_the_formula(kind: str) -> None:
    layer = Activation.model_validate({"kind": kind, "slope": 0.2, "alpha": 1.5}).activation()
    y = layer(torch.tensor(POINTS, dtype=torch.float64).float()).tolist()
    assert y == pytest.approx([FORMULAS[kind](x) for x in POINTS], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(("kind", "alive"), [("relu", False), *[(k, True) for k in FORMULAS if k != "relu"]])
def test_whether_a_negative_input_lets_gradient_through(kind: str, alive: bool) -> None:
    x = torch.full((3,), -0.5, requires_grad=True)
    Activation.model_validate({"kind": kind}).activation()(x).sum().backward()
    assert x.grad is not None
    assert bool((x.grad.abs() > 1e-3).all()) is alive


def test_the_derivative_of_a_sigmoid_is_at_most_a_quarter() -> None:
    x = torch.linspace(-5, 5, 101, requires_grad=True)
    Activation(kind="sigmoid").activation()(x).sum().backward()
    assert x.grad is not None
    assert x.grad.max().item() == pytest.approx(0.25)


def test_prelu_learns_its_slope_and_starts_from_the_setting() -> None:
    layer = Activation(kind="prelu", slope=0.3).activation()
    assert [p.tolist() for p in layer.parameters()] == [[pytest.approx(0.3)]]
    layer(torch.tensor([-2.0])).backward()
    assert next(layer.parameters()).grad is not None


def test_takes_the_place_of_every_relu() -> None:
    recipe = Recipe(depth=8, width=4, techniques=(Activation(kind="gelu"),))
    model = build(recipe, DataSpec(classes=3, ordered=False), nn.Identity(), torch.Generator())
    kinds = [type(module) for module in model.modules()]
    assert kinds.count(nn.GELU) == 7
    assert nn.ReLU not in kinds
