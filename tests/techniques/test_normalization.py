"""The four kinds of normalization against the written-out formula and against torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from explorer.techniques import Normalization

EPS, GROUPS = 1e-3, 4
KINDS = ("batch", "layer", "group", "instance")


def images(seed: int = 0) -> torch.Tensor:
    return 3 * torch.randn((6, 8, 5, 4), generator=torch.Generator().manual_seed(seed)) + 2


def naive(
    x: NDArray[np.float64], kind: str, gamma: NDArray[np.float64], beta: NDArray[np.float64]
) -> NDArray[np.float64]:
    """y = (x − E[x]) / √(Var[x] + ε) · γ + β, with the mean taken one region after the other."""
    y = np.empty_like(x)
    count, channels = x.shape[:2]
    if kind == "batch":
        regions = [(slice(None), slice(c, c + 1)) for c in range(channels)]
    else:
        size = {"layer": channels, "group": channels // GROUPS, "instance": 1}[kind]
        regions = [(slice(i, i + 1), slice(c, c + size)) for i in range(count) for c in range(0, channels, size)]
    for region in regions:
        values = x[region]
        mean = values.sum() / values.size
        variance = ((values - mean) ** 2).sum() / values.size
        y[region] = (values - mean) / np.sqrt(variance + EPS)
    return y * gamma[None, :, None, None] + beta[None, :, None, None]


def layer(kind: str, **fields: object) -> nn.Module:
    made = Normalization.model_validate({"kind": kind, "eps": EPS, "groups": GROUPS, **fields}).norm(8)
    if made.weight is not None:
        rng = torch.Generator().manual_seed(9)
        with torch.no_grad():
            made.weight.copy_(torch.rand(8, generator=rng) + 0.5)
            made.bias.copy_(torch.randn(8, generator=rng))
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("affine", [True, False])
def test_equals_the_formula(kind: str, affine: bool) -> None:
    made, x = layer(kind, affine=affine), images()
    gamma = made.weight.detach().double().numpy() if affine else np.ones(8)
    beta = made.bias.detach().double().numpy() if affine else np.zeros(8)
    expected = naive(x.double().numpy(), kind, gamma, beta)
    np.testing.assert_allclose(made(x).detach().numpy(), expected, rtol=1e-4, atol=1e-4)


def test_equals_torch() -> None:
    x = images()
    for kind in KINDS:
        made = layer(kind)
        weight, bias = made.weight, made.bias
        expected = {
            "batch": lambda w=weight, b=bias: functional.batch_norm(x, None, None, w, b, training=True, eps=EPS),
            "group": lambda w=weight, b=bias: functional.group_norm(x, GROUPS, w, b, EPS),
            "layer": lambda w=weight, b=bias: (
                functional.layer_norm(x, x.shape[1:], eps=EPS) * w[:, None, None] + b[:, None, None]
            ),
            "instance": lambda w=weight, b=bias: functional.instance_norm(x, weight=w, bias=b, eps=EPS),
        }[kind]()
        torch.testing.assert_close(made(x), expected)


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0])
def test_running_statistics(momentum: float) -> None:
    made = layer("batch", momentum=momentum)
    mean, variance = np.zeros(8), np.ones(8)
    for seed in range(3):
        made(images(seed))
        x = images(seed).double().numpy()
        for c in range(8):
            values = x[:, c].ravel()
            center = values.sum() / values.size
            unbiased = ((values - center) ** 2).sum() / (values.size - 1)  # the forward pass divides by the size
            mean[c] = (1 - momentum) * mean[c] + momentum * center
            variance[c] = (1 - momentum) * variance[c] + momentum * unbiased
    np.testing.assert_allclose(made.running_mean.numpy(), mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(made.running_var.numpy(), variance, rtol=1e-5)

    made.eval()
    x = images(5)
    centred = x.double().numpy() - mean[None, :, None, None]
    scale = made.weight.detach().double().numpy() / np.sqrt(variance + EPS)
    expected = centred * scale[None, :, None, None] + made.bias.detach().double().numpy()[None, :, None, None]
    np.testing.assert_allclose(made(x).detach().numpy(), expected, rtol=1e-4, atol=1e-4)
    assert made.running_mean.numpy() == pytest.approx(mean, rel=1e-5, abs=1e-6)  # evaluation leaves them alone


def test_without_running_statistics_evaluation_uses_the_batch() -> None:
    made, x = layer("batch", track_running_stats=False), images()
    assert made.running_mean is None
    training = made(x)
    torch.testing.assert_close(made.eval()(x), training)


@pytest.mark.parametrize("kind", ["layer", "group", "instance"])
def test_others_do_not_depend_on_mode_or_on_the_batch(kind: str) -> None:
    made, x = layer(kind), images()
    training = made(x)
    torch.testing.assert_close(made.eval()(x), training)
    torch.testing.assert_close(made(x[:1]), training[:1])


@pytest.mark.parametrize(("groups", "channels", "used"), [(4, 8, 4), (4, 6, 2), (64, 16, 16), (3, 16, 1), (1, 7, 1)])
def test_groups_that_do_not_divide_the_channels(groups: int, channels: int, used: int) -> None:
    made = Normalization(kind="group", groups=groups).norm(channels)
    assert isinstance(made, nn.GroupNorm)
    assert made.num_groups == used


@pytest.mark.parametrize("kind", ["layer", "group", "instance"])
def test_what_lies_below_may_be_frozen(kind: str) -> None:
    layer = Normalization.model_validate({"kind": kind}).norm(4)
    images = torch.randn(2, 4, 5, 5).to(memory_format=torch.channels_last)
    layer(images).square().sum().backward()  # torch 2.13 died here
    assert layer.weight.grad.abs().sum() > 0
