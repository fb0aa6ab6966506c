"""Each optimizer takes the steps of torch's own; Muon takes convolutions as matrices; resuming is exact."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from explorer import train
from explorer.data import ImageData
from explorer.events import StepDone
from explorer.optimizers import OPTIMIZERS, SGD, AdamW, Muon
from explorer.recipe import Recipe
from explorer.training import checkpoint
from explorer.training.control import Control


def groups(*parameters: nn.Parameter, decay: float = 0.1) -> list[dict[str, object]]:
    return [{"params": list(parameters), "factor": 1.0, "weight_decay": decay}]


def stepped(
    optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], *more: torch.optim.Optimizer, steps: int = 3
) -> list[torch.Tensor]:
    stream = torch.Generator().manual_seed(1)
    for _step in range(steps):
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape, generator=stream)
        for each in (optimizer, *more):
            each.step()
    return [parameter.detach().clone() for parameter in parameters]


def fresh(*shapes: tuple[int, ...]) -> list[nn.Parameter]:
    stream = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=stream)) for shape in shapes]


def test_what_is_declared_reaches_torch() -> None:
    (weight,) = fresh((3, 4))
    sgd = SGD(momentum=0.5, nesterov=False).build(groups(weight), 0.1).param_groups[0]
    assert (sgd["momentum"], sgd["nesterov"], sgd["lr"], sgd["weight_decay"]) == (0.5, False, 0.1, 0.1)
    assert not SGD(momentum=0).build(groups(weight), 0.1).param_groups[0]["nesterov"]
    adamw = AdamW(betas=(0.8, 0.95), eps=1e-6).build(groups(weight), 0.1).param_groups[0]
    assert (adamw["betas"], adamw["eps"]) == ((0.8, 0.95), 1e-6)


def test_muon_is_torchs_for_matrices_and_adamw_for_the_rest() -> None:
    ours, theirs = fresh((6, 4), (5,)), fresh((6, 4), (5,))
    got = stepped(Muon().build(groups(*ours), 0.02), ours)
    muon = torch.optim.Muon(theirs[:1], lr=0.02, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    adamw = torch.optim.AdamW(theirs[1:], lr=0.02, weight_decay=0.1)
    matrix, vector = stepped(muon, theirs, adamw)
    assert torch.equal(matrix, got[0])
    torch.testing.assert_close(vector, got[1])


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_convolution_is_the_matrix_of_its_output_channels(layout: torch.memory_format) -> None:
    (kernel,) = fresh((4, 3, 3, 3))
    kernel.data = kernel.data.to(memory_format=layout)
    before = kernel.detach().clone()
    (after,) = stepped(Muon(iterations=10).build(groups(kernel, decay=0.0), 0.1), [kernel], steps=1)
    assert after.is_contiguous(memory_format=layout)
    singular = torch.linalg.svdvals((after - before).flatten(1))
    assert singular.max() / singular.min() < 2.5  # of a random matrix of this shape: more; orthogonal: 1, near enough
    gradient = torch.randn((4, 3, 3, 3), generator=torch.Generator().manual_seed(1)).flatten(1)
    assert torch.linalg.svdvals(gradient).max() / singular.max() > 5


def test_the_layout_decides_nothing_but_the_last_digits() -> None:
    results = []
    for layout in (torch.contiguous_format, torch.channels_last):
        (kernel,) = fresh((8, 4, 3, 3))
        kernel.data = kernel.data.to(memory_format=layout)
        results += stepped(Muon().build(groups(kernel), 0.02), [kernel])
    torch.testing.assert_close(*results, rtol=2e-2, atol=2e-3)  # Newton-Schulz runs in bfloat16


@pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.key())
def test_a_resumed_run_equals_the_uninterrupted_one(kind: type, tiny: Callable[..., ImageData], tmp_path: Path) -> None:
    data, recipe = tiny(count=16, size=12), Recipe(width=4, batch_size=8, epochs=3, device="cpu", optimizer=kind())
    whole, part, rest = (tmp_path / name for name in ("whole", "part", "rest"))
    for folder in (whole, part, rest):
        folder.mkdir()
    list(train(recipe, data=data, checkpoints=whole, instruments="none"))
    control = Control()
    for event in train(recipe, data=data, checkpoints=part, instruments="none", control=control):
        if isinstance(event, StepDone) and event.step == 3:
            control.stop()
    list(train(recipe, data=data, checkpoints=rest, instruments="none", resume=part / "last.pt"))
    one, other = (checkpoint.read(folder / "last.pt")["model"] for folder in (whole, rest))
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())
