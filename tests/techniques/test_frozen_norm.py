"""What is said of batch normalization in frozen layers; tests/training/test_freezing.py sees what becomes of it."""

from __future__ import annotations

import pytest

from explorer.recipe import Recipe
from explorer.techniques import FrozenNorm, FrozenNormalization, LayerPlace, LayerRate, Transfer


@pytest.mark.parametrize(
    ("statistics", "updates", "running"),
    [("kept", False, True), ("followed", True, True), ("batch", False, False), ("training", True, False)],
)
@pytest.mark.parametrize("learn", [False, True])
def test_each_choice_means_what_its_switches_meant(statistics: str, updates: bool, running: bool, learn: bool) -> None:
    technique = FrozenNormalization(statistics=statistics, affine_trains=learn)  # type: ignore[arg-type]
    slowed = LayerRate(factor=0.5, frozen=True)
    said = technique.layer_rate(LayerPlace("norm", 0, 5), 0, slowed)
    assert said == LayerRate(0.5, True, FrozenNorm(learn, updates, running))
    old = {"norm_affine_trains": learn, "norm_statistics_update": updates, "norm_uses_running": running}
    for version in (1, 2):
        recipe = Recipe.model_validate(
            {"version": version, "techniques": {"transfer": {"train": "top", **old, "cache_features": False}}}
        )
        assert recipe.technique(Transfer) == Transfer(train="top")
        kept = (updates, running, learn) == (False, True, False)
        assert recipe.technique(FrozenNormalization) == (None if kept else technique)
