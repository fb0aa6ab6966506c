"""Every two techniques that can be on together train two steps on every network."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest

from explorer import train
from explorer.data import ImageData
from explorer.events import RunEnded, StepDone
from explorer.networks import MLP, NETWORKS, Network, Pretrained, SmallCNN, ViT
from explorer.recipe import Recipe
from explorer.techniques import TECHNIQUES, Accumulation, Distillation, Technique, Transfer, clash

START = Recipe(batch_size=4, epochs=1, lr=0.01, device="cpu", techniques=())
SMALL = (
    SmallCNN(width=4),
    MLP(depth=2, width=8),
    ViT(patch=4, width=16, depth=2, heads=2),
)
LARGE = pytest.param(Pretrained(size=32), marks=pytest.mark.slow)
OTHERWISE: dict[type[Technique], Technique] = {
    Transfer: Transfer(weights="none", train="all"),
    Accumulation: Accumulation(pieces=2),
}
"""Transfer brings no weights here: what is to be seen is whether two techniques get on. Batches of 4 images are cut
into 2 pieces, as batch normalization cannot train on one image at 1 × 1."""
DEFAULTS: tuple[Technique, ...] = tuple(OTHERWISE.get(kind) or kind() for kind in TECHNIQUES)


@pytest.fixture(scope="module")
def images(tiny: Callable[..., ImageData]) -> ImageData:
    return tiny(count=8, classes=3, size=8, ordered=True)


@pytest.fixture(scope="module")
def teacher(images: ImageData, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("teacher")
    list(train(START.with_(network=SMALL[0]), data=images, checkpoints=folder))
    return str(folder)


def test_no_network_is_left_out() -> None:
    assert [type(network) for network in (*SMALL, *LARGE.values)] == list(NETWORKS)


@pytest.mark.parametrize("network", [*SMALL, LARGE], ids=lambda network: network.kind)
@pytest.mark.parametrize("one", DEFAULTS, ids=lambda technique: technique.name)
def test_with_every_later_one(one: Technique, network: Network, images: ImageData, teacher: str) -> None:
    recipe = START.with_(network=network)
    for other in itertools.dropwhile(lambda technique: technique is not one, DEFAULTS):
        if clash(one, (other,), network) or clash(other, (one,), network):
            continue
        both = recipe
        for technique in (one, other):
            taught = technique.model_copy(update={"teacher": teacher} if isinstance(technique, Distillation) else {})
            both = both.switched(taught)
        *events, end = train(both, data=images, instruments=())
        assert isinstance(end, RunEnded)
        assert end.outcome == "finished", f"{one} and {other}: {end.reason}\n{end.details}"
        losses = [event.loss for event in events if isinstance(event, StepDone)]
        assert len(losses) == 2, f"{one} and {other}"
        assert all(math.isfinite(loss) for loss in losses), f"{one} and {other}"
