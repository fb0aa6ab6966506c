"""Each technique with its defaults is no worse than off, beyond the spread over seeds, unless its manual says when."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import cache

import pytest

from explorer import train
from explorer.data import DataChoice, ImageData
from explorer.events import RunEnded
from explorer.lessons.running import trained
from explorer.recipe import Recipe
from explorer.techniques import (
    TECHNIQUES,
    Distillation,
    FrozenNormalization,
    LabelDistribution,
    Schedule,
    Technique,
    Transfer,
)

LITTLE = Recipe(data=DataChoice(name="fashion-mini", per_class=100), batch_size=32, device="cpu")
"""100 images per class; in batches of 32, as 105 steps of 128 teach little."""
EXPERIMENTS = {"100 per class": LITTLE, "default experiment": Recipe(device="cpu")}
SEEDS = 3
NEEDS_MORE = (LabelDistribution, Transfer, FrozenNormalization, Distillation)
"""They need ordered classes, weights, frozen layers or a teacher: the lessons compare them with their absence."""
COSTS = {
    "dropout": "In a run of some hundred steps it costs more than it gives",
    "mixing": "a small one in few epochs gets worse",
    "stochastic_depth": "Shallow networks on few images lose more than they gain",
}
"""What a manual says of when the technique does harm; that much is not asked of it here."""
KINDS: tuple[Technique, ...] = (
    *(kind() for kind in TECHNIQUES if kind not in NEEDS_MORE),
    *(Schedule.model_validate({"kind": kind}) for kind in ("cosine", "step", "exponential", "polynomial", "plateau")),
)


@pytest.mark.slow
@pytest.mark.parametrize("experiment", EXPERIMENTS)
@pytest.mark.parametrize("technique", KINDS, ids=str)
def test_on_is_no_worse_than_off(technique: Technique, experiment: str) -> None:
    off = EXPERIMENTS[experiment].without(technique.name)
    scores = [
        [accuracy_of(recipe.with_(seed=seed)) for seed in range(SEEDS)] for recipe in (off, off.switched(technique))
    ]
    spread = max(0.01, *(2 * statistics.stdev(score) for score in scores))
    without, with_it = map(statistics.fmean, scores)
    if (said := COSTS.get(technique.name)) and with_it < without - spread:
        assert said in " ".join(technique.manual().split())
    else:
        assert with_it >= without - spread, f"{technique}: {scores[1]}, off: {scores[0]}"


def accuracy_of(recipe: Recipe) -> float:
    """The accuracy on the test images."""
    end = trained(recipe.to_json()).ended
    assert end
    return end.test["accuracy"]


@pytest.fixture(scope="module")
def score(tiny: Callable[..., ImageData]) -> Callable[[Recipe], float]:
    """The accuracy of a recipe on random patterns; each is trained once."""
    data = tiny(count=64, noise=0.5)

    @cache
    def trained(recipe: Recipe) -> float:
        *_events, end = train(recipe, data=data, instruments=())
        assert isinstance(end, RunEnded)
        assert end.outcome == "finished"
        return end.test["accuracy"]

    return trained


@pytest.mark.parametrize("technique", KINDS, ids=str)
def test_its_defaults_let_a_small_network_learn(technique: Technique, score: Callable[[Recipe], float]) -> None:
    """A sketch of the above that takes a second: the patterns, which suffer from being moved or mixed, are
    still learned.
    """
    start = Recipe(width=8, batch_size=16, epochs=10, lr=0.1, device="cpu").without("augmentation")
    off = start.without(technique.name)
    assert score(off.switched(technique)) >= max(0.5, score(off) - 0.3)
