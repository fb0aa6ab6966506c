"""Dropout against its definition."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from explorer.recipe import Recipe
from explorer.techniques import DataSpec, Dropout
from explorer.techniques.layers import SeededDropout
from explorer.training.model import build

FACTS = DataSpec(classes=4, ordered=False, channels=1, size=16)


def layer(p: float, kind: Literal["element", "channel"] = "element", seed: int = 0) -> SeededDropout:
    made = Dropout(p=p, kind=kind).drop("classifier", torch.Generator().manual_seed(seed))
    assert isinstance(made, SeededDropout)
    return made


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.95])
def test_zeroes_a_share_p_and_scales_the_rest(p: float) -> None:
    n = 200_000
    y = layer(p)(torch.ones(200, n // 200))
    dropped = y == 0
    spread = (p * (1 - p) / n) ** 0.5
    assert dropped.float().mean().item() == pytest.approx(p, abs=5 * spread + 1e-12)
    torch.testing.assert_close(y[~dropped], torch.full_like(y[~dropped], 1 / (1 - p)))
    assert y.mean().item() == pytest.approx(1, abs=5 * spread / (1 - p) + 1e-6)


def test_is_the_naive_product_with_a_mask() -> None:
    x, p = torch.randn((8, 3, 5, 5), generator=torch.Generator().manual_seed(1)), 0.4
    mask = (layer(p)(torch.ones_like(x)) != 0).float()
    torch.testing.assert_close(layer(p)(x), x * mask / (1 - p))


def test_channel_kind_drops_whole_feature_maps() -> None:
    y = layer(0.5, "channel")(torch.ones(64, 32, 5, 5))
    per_map = (y != 0).float().mean(dim=(2, 3))
    assert set(per_map.unique().tolist()) == {0.0, 1.0}
    assert per_map.mean().item() == pytest.approx(0.5, abs=0.05)
    spread_over_elements = (layer(0.5)(torch.ones(64, 32, 5, 5)) != 0).float().mean(dim=(2, 3))
    assert len(spread_over_elements.unique()) > 2


def test_channel_kind_takes_flat_features() -> None:
    y = layer(0.5, "channel")(torch.ones(50, 40))
    assert y.shape == (50, 40)
    assert 0.3 < (y == 0).float().mean() < 0.7


def test_is_the_identity_in_evaluation() -> None:
    x = torch.randn(4, 3)
    assert torch.equal(layer(0.9).eval()(x), x)


def test_masks_differ_from_pass_to_pass_and_repeat_with_the_seed() -> None:
    x, one, two, other = torch.ones(100, 100), layer(0.5), layer(0.5), layer(0.5, seed=1)
    first, second = one(x), one(x)
    assert not torch.equal(first, second)
    assert torch.equal(first, two(x))
    assert torch.equal(second, two(x))
    assert not torch.equal(first, other(x))


def test_gradient_passes_where_the_value_does() -> None:
    x = torch.ones(50, 50, requires_grad=True)
    y = layer(0.3)(x)
    y.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, y.detach())


def test_draws_from_its_own_stream_only() -> None:
    one = layer(0.5)
    expected = layer(0.5)(torch.ones(10, 10))
    before = torch.get_rng_state()
    torch.manual_seed(123)
    torch.rand(5)
    assert torch.equal(one(torch.ones(10, 10)), expected)
    torch.set_rng_state(before)


def test_stands_where_the_recipe_says() -> None:
    recipe = Recipe(depth=14, width=4, techniques=(Dropout(places=("stage2", "classifier")),))
    model = build(recipe, FACTS, torch.nn.Identity(), torch.Generator())
    where = {name for name, module in model.named_modules() if isinstance(module, SeededDropout)}
    assert where == {"stage2.0.drop", "stage2.1.drop", "drop"}
