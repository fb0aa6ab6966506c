"""A batch in pieces is the batch at once, but for rounding; where normalization looks at pieces, it is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from explorer.data import ImageData
from explorer.events import StepDone
from explorer.recipe import Recipe
from explorer.techniques import Accumulation, Dropout, Normalization, Skip, Technique
from explorer.training.control import Control
from explorer.training.instruments import Watch
from explorer.training.loop import whole_run
from explorer.training.run import Run
from explorer.training.step import Forward, backward

MakeImages = Callable[..., ImageData]


def trained(data: ImageData, *techniques: Technique, batch_size: int = 12) -> tuple[Run, list[StepDone]]:
    recipe = Recipe(width=4, batch_size=batch_size, epochs=2, lr=0.02, device="cpu", techniques=techniques)
    run = Run(recipe, data, Watch(()), Control(), None)
    return run, [event for event in whole_run(run) if isinstance(event, StepDone)]


@pytest.mark.parametrize("pieces", [2, 5, 12, 100])
def test_pieces_add_up_to_the_batch(tiny: MakeImages, pieces: int) -> None:
    data, others = tiny(), (Normalization(kind="group"), Skip())
    (whole, steps), (cut, steps_too) = trained(data, *others), trained(data, *others, Accumulation(pieces=pieces))
    assert len(steps) == len(steps_too) == 10
    assert [step.loss for step in steps_too] == pytest.approx([step.loss for step in steps], rel=1e-4)
    assert [step.cross_entropy for step in steps_too] == pytest.approx([s.cross_entropy for s in steps], rel=1e-4)
    assert [step.lr for step in steps_too] == [step.lr for step in steps]
    for name, parameter in whole.learner.model.named_parameters():
        torch.testing.assert_close(cut.learner.model.get_parameter(name), parameter, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("pieces", [2, 4, 5])
def test_in_double_precision_the_gradient_is_that_of_the_batch(tiny: MakeImages, pieces: int) -> None:
    """What single precision leaves is rounding, and nothing else: 2e-15 of its length here, 1e-6 there."""
    found = []
    for techniques in ((), (Accumulation(pieces=pieces),)):
        recipe = Recipe(width=4, batch_size=12, device="cpu", techniques=(Normalization(kind="group"), *techniques))
        run = Run(recipe, tiny(), Watch(()), Control(), None)
        context = run.next_context(next(run.batches()))
        batch = replace(context.batch, images=context.batch.images.double(), targets=context.batch.targets.double())
        run.learner.model.double()
        exact = replace(context, taken=replace(context.taken, batch=batch))
        backward(recipe.techniques, Forward(run.learner, exact, Watch(())), run.learner.parameters)
        found.append(torch.cat([p.grad.flatten() for p in run.learner.parameters if p.grad is not None]))
    assert found[0].dtype is torch.float64
    assert (found[1] - found[0]).norm() <= 1e-13 * found[0].norm()


def test_batch_normalization_sees_one_piece_at_a_time(tiny: MakeImages) -> None:
    data = tiny()
    (whole, _), (cut, _) = trained(data, Normalization()), trained(data, Normalization(), Accumulation(pieces=3))
    moved = [int(run.learner.model.get_buffer("norm.num_batches_tracked")) for run in (whole, cut)]
    assert moved == [10, 30]
    assert not torch.allclose(*(run.learner.model.get_buffer("norm.running_var") for run in (whole, cut)))


def test_each_piece_draws_its_own_dropout(tiny: MakeImages) -> None:
    data, masks = tiny(), []
    techniques = (Dropout(p=0.5, places=("classifier",)), Accumulation(pieces=2))
    recipe = Recipe(width=4, batch_size=8, epochs=1, device="cpu", techniques=techniques)
    run = Run(recipe, data, Watch(()), Control(), None)
    run.learner.model.get_submodule("drop").register_forward_hook(
        lambda _layer, inputs, output: masks.append((output == 0) & (inputs[0] != 0))
    )
    events = whole_run(run)
    while len(masks) < 2:
        next(events)
    assert not torch.equal(masks[0], masks[1])
