"""SAM against its formula, written out; and what its second pass must leave alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch

from explorer.data import ImageData
from explorer.events import ActivationStats, Event
from explorer.recipe import Recipe
from explorer.techniques import SAM, Dropout, Normalization, Technique
from explorer.training.control import Control
from explorer.training.instruments import Watch
from explorer.training.instruments.activations import Activations
from explorer.training.loop import one_step
from explorer.training.run import Run

MakeImages = Callable[..., ImageData]


@dataclass
class Whole:
    """A step of which every pass is the same."""

    loss: Callable[[], torch.Tensor]
    images: int = 8
    calls: int = 0

    def __call__(self, part: int = 0, parts: int = 1) -> torch.Tensor:
        self.calls += 1
        return self.loss()


def stepped(data: ImageData, *techniques: Technique, steps: int = 1) -> tuple[Run, list[Event]]:
    recipe = Recipe(width=4, batch_size=16, lr=0.05, device="cpu", techniques=techniques)
    run, said = Run(recipe, data, Watch((Activations(every=1),)), Control(), None), []
    for _step, indices in zip(range(steps), run.batches(), strict=False):
        said += list(one_step(run, indices))
    return run, said


@pytest.mark.parametrize("rho", [0.05, 1.0])
def test_the_gradient_is_that_at_the_worst_place_nearby(rho: float) -> None:
    torch.manual_seed(0)
    model, x, y = (
        torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1)),
        torch.randn(8, 6),
        1.0,
    )
    parameters = list(model.parameters())
    before = [parameter.detach().clone() for parameter in parameters]

    def loss() -> torch.Tensor:
        return ((model(x) - y) ** 2).mean()

    gradients = torch.autograd.grad(loss(), parameters)
    length = sum(float((gradient**2).sum()) for gradient in gradients) ** 0.5
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter += rho * gradient / length
    expected, worst = torch.autograd.grad(loss(), parameters), loss().item()
    with torch.no_grad():
        for parameter, old in zip(parameters, before, strict=True):
            parameter.copy_(old)

    compute = Whole(loss)
    said = SAM(rho=rho).backward(compute, parameters)
    assert compute.calls == 2
    assert said.item() == pytest.approx(loss().item())
    assert worst > loss().item()
    for parameter, old, gradient in zip(parameters, before, expected, strict=True):
        assert torch.equal(parameter, old), "it comes back exactly"
        torch.testing.assert_close(parameter.grad, gradient)


def test_the_second_pass_leaves_running_statistics_dropout_and_instruments_alone(tiny: MakeImages) -> None:
    data, others = tiny(), (Normalization(), Dropout(p=0.5))
    (plain, told), (sam, told_too) = stepped(data, *others), stepped(data, *others, SAM(rho=1e-6))
    for name, buffer in plain.learner.model.named_buffers():
        assert torch.equal(buffer, sam.learner.model.get_buffer(name)), name
    one, two = (next(event for event in said if isinstance(event, ActivationStats)) for said in (told, told_too))
    assert one.mean.tolist() == two.mean.tolist()
    for name, parameter in plain.learner.model.named_parameters():  # with other dropout, they would be others
        torch.testing.assert_close(sam.learner.model.get_parameter(name).grad, parameter.grad, rtol=1e-2, atol=1e-4)


def test_with_a_radius_the_steps_are_others(tiny: MakeImages) -> None:
    (plain, _), (sam, _) = stepped(tiny(), steps=2), stepped(tiny(), SAM(rho=0.5), steps=2)
    assert not torch.equal(
        plain.learner.model.get_parameter("conv.weight"), sam.learner.model.get_parameter("conv.weight")
    )
