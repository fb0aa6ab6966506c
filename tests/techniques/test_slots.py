"""Slots chain: each technique is offered what the others made, and what excludes each other is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from explorer import train
from explorer.data import ImageData
from explorer.errors import InputError
from explorer.networks import Pretrained
from explorer.recipe import Recipe
from explorer.techniques import (
    SAM,
    TECHNIQUES,
    Accumulation,
    Clipping,
    Dropout,
    LayerPlace,
    LayerRate,
    Normalization,
    Skip,
    StochasticDepth,
    Transfer,
    clash,
    conflict,
)
from explorer.training.control import Control
from explorer.training.instruments import Watch
from explorer.training.run import Run

MakeImages = Callable[..., ImageData]
SMALL = Recipe(width=4, batch_size=16, epochs=1, device="cpu", techniques=())


def model_of(data: ImageData, recipe: Recipe) -> nn.Module:
    return Run(recipe, data, Watch(()), Control(), None).learner.model


def test_layers_are_put_on_what_others_made(tiny: MakeImages, monkeypatch: pytest.MonkeyPatch) -> None:
    def norm(_self: Clipping, channels: int, made: nn.Module | None = None) -> nn.Module:
        assert isinstance(made, nn.BatchNorm2d)
        assert made.num_features == channels
        return nn.Sequential(made, nn.Hardtanh())

    def drop(_self: Clipping, _place: str, _rng: torch.Generator, made: nn.Module | None = None) -> nn.Module:
        return nn.Sequential(made or nn.Identity(), nn.Hardtanh())

    monkeypatch.setattr(Clipping, "norm", norm)
    monkeypatch.setattr(Clipping, "drop", drop)
    recipe = SMALL.with_(techniques=(Normalization(), Dropout(places=("classifier",)), Clipping()))
    model = model_of(tiny(), recipe)
    assert [type(layer).__name__ for layer in model.get_submodule("norm")] == ["BatchNorm2d", "Hardtanh"]  # type: ignore[arg-type]
    assert [type(layer).__name__ for layer in model.get_submodule("drop")] == ["SeededDropout", "Hardtanh"]  # type: ignore[arg-type]
    assert not conflict(Clipping(), recipe.techniques, recipe.network)


def test_rates_of_layers_are_asked_one_after_the_other(tiny: MakeImages, monkeypatch: pytest.MonkeyPatch) -> None:
    def layer_rate(_self: Clipping, place: LayerPlace, _epoch: int, so_far: LayerRate) -> LayerRate:
        return LayerRate(so_far.factor * (0.5 if place.stage == 0 else 1.0), so_far.frozen, so_far.norm)

    monkeypatch.setattr(Clipping, "layer_rate", layer_rate)
    slower = Transfer(weights="none", train="all", depth_factor=0.5)
    run = Run(SMALL.with_(techniques=(Clipping(), slower)), tiny(), Watch(()), Control(), None)
    rates = run.learner.layer_rates
    assert (rates["conv"].factor, rates["stage3.0.conv1"].factor) == (0.5**4 * 0.5, 0.5)


def test_who_recomputes_the_step_takes_it() -> None:
    for kind in TECHNIQUES:
        assert ("backward" in kind.takes) is kind.acts_in("backward"), kind.name
        for slot in kind.takes:
            assert kind.acts_in(slot), (kind.name, slot)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (SMALL.switched(SAM()).switched(Accumulation()), "already decides how the gradient is computed"),
        (SMALL.switched(StochasticDepth()), "skip connections"),
    ],
    ids=["two that recompute the step", "a branch without a shortcut"],
)
def test_what_excludes_each_other_is_refused_by_the_check_that_greys_the_card(
    tiny: MakeImages, recipe: Recipe, words: str
) -> None:
    assert any(words in str(clash(technique, recipe.techniques, recipe.network)) for technique in recipe.techniques)
    with pytest.raises(InputError, match=words):
        list(train(recipe, data=tiny()))


def test_what_has_no_place_is_said_and_not_refused() -> None:
    on, network = (Normalization(), Skip(), StochasticDepth()), Pretrained()
    assert all(clash(technique, on, network) for technique in on)
    assert not any(conflict(technique, on, network) for technique in on)
