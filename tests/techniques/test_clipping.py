"""Clipping by norm and by value, against plain arithmetic."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from explorer.techniques import Clipping

SHAPES = ((3, 4), (5,), (2, 3, 3, 3))


def parameters(scale: float) -> list[nn.Parameter]:
    rng = torch.Generator().manual_seed(0)
    made = [nn.Parameter(torch.zeros(shape)) for shape in SHAPES]
    for parameter in made:
        parameter.grad = scale * torch.randn(parameter.shape, generator=rng)
    return made


def values(made: list[nn.Parameter]) -> list[float]:
    return [v for parameter in made if parameter.grad is not None for v in parameter.grad.flatten().tolist()]


@pytest.mark.parametrize("scale", [0.01, 1.0, 1e4])
@pytest.mark.parametrize("threshold", [0.5, 2.0])
def test_by_norm(scale: float, threshold: float) -> None:
    made = parameters(scale)
    before = values(made)
    norm = math.sqrt(sum(v * v for v in before))
    Clipping(threshold=threshold).on_gradients(made)
    assert values(made) == pytest.approx([v * min(1, threshold / norm) for v in before], rel=1e-4)
    assert math.sqrt(sum(v * v for v in values(made))) <= threshold * (1 + 1e-5)


@pytest.mark.parametrize("scale", [0.01, 1.0, 1e4])
@pytest.mark.parametrize("threshold", [0.5, 2.0])
def test_by_value(scale: float, threshold: float) -> None:
    made = parameters(scale)
    before = values(made)
    Clipping(kind="value", threshold=threshold).on_gradients(made)
    assert values(made) == pytest.approx([max(-threshold, min(threshold, v)) for v in before])


@pytest.mark.parametrize("kind", ["norm", "value"])
def test_leaves_frozen_parameters_alone(kind: str) -> None:
    made = [*parameters(100.0), nn.Parameter(torch.zeros(2), requires_grad=False)]
    Clipping.model_validate({"kind": kind}).on_gradients(made)
    assert made[-1].grad is None
