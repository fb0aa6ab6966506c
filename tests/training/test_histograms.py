"""Histograms of weights and gradients are counts of the values themselves."""

from __future__ import annotations

import numpy as np
import torch

from explorer import Recipe, train
from explorer.events import HISTOGRAM, Histograms
from explorer.training.instruments.histograms import MOST, HistogramsOfLayers, counts, spread
from tests.conftest import MakeImages

LOW, HIGH, PARTS = HISTOGRAM


def test_counts_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    values = [10.0 ** rng.uniform(-24, 8, size) * rng.choice([-1, 1], size) for size in (1000, 300)]
    found = counts([torch.tensor(some) for some in values]).numpy()
    edges = [-np.inf, *(LOW + np.arange((HIGH - LOW) * PARTS + 1) / PARTS), np.inf]
    wanted = [np.histogram(np.log10(np.abs(some)), edges)[0] for some in values]
    np.testing.assert_allclose(found, wanted, atol=1)  # a value may lie on an edge in single precision
    assert found.sum(axis=1).tolist() == [1000, 300]


def test_zero_is_lowest_and_what_is_no_number_is_largest() -> None:
    found = counts([torch.tensor([0.0, -0.0, 1e-30, torch.nan, torch.inf, -torch.inf]), torch.zeros(0)]).numpy()
    assert (found[0, 0], found[0, -1], found[0].sum(), found[1].sum()) == (3, 3, 6, 0)


def test_of_large_layers_some_values_are_looked_at_evenly() -> None:
    values = torch.arange(10 * MOST + 5).view(5, -1)
    some = spread(values)
    assert len(some) <= MOST
    assert some[-1] - some[0] > 0.99 * values.numel()
    assert len(spread(torch.zeros(MOST))) == MOST


def test_a_run_says_them_for_every_layer_that_has_weights(tiny: MakeImages) -> None:
    recipe = Recipe().with_(width=4, batch_size=16, epochs=1, device="cpu", frozen=["conv"])
    events = train(recipe, data=tiny(), instruments=[HistogramsOfLayers(every=2)])
    looks = [event for event in events if isinstance(event, Histograms)]
    assert [look.step for look in looks] == [1, 3]
    for look in looks:
        assert len(look.names) == len(look.weights) == len(look.gradients) == 10
        assert not any("norm" in name for name in look.names)
        frozen = look.names.index("conv")
        learning = np.arange(10) != frozen
        assert (look.weights.sum(axis=1)[learning] == look.gradients.sum(axis=1)[learning]).all()
        assert look.weights[frozen].sum() == 36
        assert look.gradients[frozen].sum() == 0
