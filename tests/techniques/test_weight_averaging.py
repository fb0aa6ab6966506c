"""The moving average of the weights and of the buffers of BatchNorm, against a loop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from explorer.data import ImageData
from explorer.recipe import Recipe
from explorer.techniques import Normalization, WeightAveraging
from explorer.training.control import Control
from explorer.training.instruments import Watch
from explorer.training.loop import one_step
from explorer.training.run import Run


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_formula(decay: float) -> None:
    technique, shadow, expected = WeightAveraging(decay=decay), [torch.zeros(2)], [0.0, 0.0]
    for step in range(1, 60):
        weights = [float(step), -0.5 * step]
        technique.average(shadow, [torch.tensor(weights)], step)
        d = min(decay, (1 + step) / (10 + step))
        expected = [d * old + (1 - d) * new for old, new in zip(expected, weights, strict=True)]
        assert shadow[0].tolist() == pytest.approx(expected, rel=1e-4)


def test_averages_weights_and_running_statistics_and_evaluates_with_them(
    tiny: Callable[..., ImageData],
) -> None:
    recipe = Recipe(width=4, batch_size=16, device="cpu", techniques=(Normalization(), WeightAveraging(decay=0.6)))
    run = Run(recipe, tiny(), Watch(()), Control(), None)
    model = run.learner.model
    expected = {name: tensor.double() for name, tensor in model.state_dict().items()}
    for step, indices in enumerate(run.batches(), 1):
        list(one_step(run, indices))
        d = min(0.6, (1 + step) / (10 + step))
        for name, tensor in model.state_dict().items():
            expected[name] = d * expected[name] + (1 - d) * tensor.double()
    trained = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with run.learner.evaluated() as evaluated:
        seen = {name: tensor.clone() for name, tensor in evaluated.state_dict().items()}
    assert "stage1.0.norm1.running_mean" in seen
    for name, tensor in seen.items():
        if tensor.is_floating_point():
            torch.testing.assert_close(tensor.double(), expected[name], rtol=1e-4, atol=1e-6, msg=name)
    assert not torch.equal(seen["conv.weight"], trained["conv.weight"])
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, trained[name]), f"{name}: training goes on from where it was"
