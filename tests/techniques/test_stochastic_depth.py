"""Stochastic depth against torchvision's, the linear rule, and what it needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from explorer import train
from explorer.data import ImageData
from explorer.errors import InputError
from explorer.events import Note, RecipeChanged, RunEnded, StepDone
from explorer.networks import compiled
from explorer.recipe import Recipe
from explorer.techniques import Skip, StochasticDepth, clash
from explorer.techniques.layers import SeededStochasticDepth
from explorer.training.control import Control
from explorer.training.instruments import Watch
from explorer.training.run import Run

MakeImages = Callable[..., ImageData]
RECIPE = Recipe(depth=14, width=4, batch_size=16, epochs=2, lr=0.02, device="cpu", techniques=(Skip(),))


@pytest.mark.parametrize("rows", [True, False])
def test_it_is_torchvisions_layer(rows: bool) -> None:
    compiled.prepare()
    from torchvision.ops import stochastic_depth

    x = torch.rand(64, 3, 4, 4) + 0.5
    torch.manual_seed(5)
    theirs = stochastic_depth(x, 0.4, "row" if rows else "batch", training=True)
    ours = SeededStochasticDepth(0.4, torch.Generator().manual_seed(5), rows=rows)
    torch.testing.assert_close(ours(x), theirs)
    assert torch.equal(ours.eval()(x), x)


def test_the_probability_rises_in_a_line_from_the_images_to_the_head(tiny: MakeImages) -> None:
    model = Run(RECIPE.switched(StochasticDepth(p=0.6)), tiny(), Watch(()), Control(), None).learner.model
    found = {name: layer.p for name, layer in model.named_modules() if isinstance(layer, SeededStochasticDepth)}
    names = [f"stage{stage}.{block}.branch" for stage in (1, 2, 3) for block in (0, 1)]
    assert list(found) == names
    assert list(found.values()) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


def test_a_block_left_out_is_its_shortcut(tiny: MakeImages) -> None:
    model = Run(RECIPE.switched(StochasticDepth(p=0.6, kind="batch")), tiny(), Watch(()), Control(), None).learner.model
    block, x = model.get_submodule("stage1.1"), torch.rand(4, 4, 8, 8) - 0.5
    outputs = [block(x) for _ in range(40)]
    out = [bool(torch.equal(y, torch.relu(x))) for y in outputs]
    assert 1 <= sum(out) < 40, "with p = 0.2"


def test_without_skip_connections_it_is_refused_everywhere(tiny: MakeImages) -> None:
    alone = RECIPE.without("skip").switched(StochasticDepth())
    assert "Switch skip connections on" in str(clash(StochasticDepth(), alone.techniques, alone.network))
    with pytest.raises(InputError, match="skip connections"):
        list(train(alone, data=tiny()))
    control = Control()
    said = []
    for event in train(RECIPE.switched(StochasticDepth()), data=tiny(), control=control):
        if isinstance(event, StepDone) and event.step == 2:
            control.change(alone)
        said.append(event)
    assert any("skip connections" in str(event.text) for event in said if isinstance(event, Note))
    assert not any(isinstance(event, RecipeChanged) for event in said)
    assert isinstance(said[-1], RunEnded)
    assert said[-1].outcome == "finished"
