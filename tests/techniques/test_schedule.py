"""Every schedule step by step against torch.optim.lr_scheduler, and where ours differs on purpose.

Ours is asked once per step and depends on epochs with their fractions; torch's schedulers count calls, so they are
called once per step here, with lengths in steps. Ours differs on purpose in two places: cosine and polynomial reach 0
at the last step (torch: one after it), and one_cycle peaks at rise · (steps − 1) (torch: rise · steps − 1).
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch.optim import SGD, lr_scheduler

from explorer.techniques import Moment, Schedule

PEAK, PER_EPOCH, EPOCHS = 0.4, 7, 12
STEPS = PER_EPOCH * EPOCHS


def ours(losses: tuple[float, ...] = (), **fields: Any) -> list[float]:
    """Rates of all steps; `losses` are the validation losses, one known after each epoch."""
    schedule = Schedule(**fields)
    return [
        PEAK * schedule.lr_scale(Moment(step, PER_EPOCH, EPOCHS, losses[: step // PER_EPOCH])) for step in range(STEPS)
    ]


def theirs(kind: Any, *arguments: Any, lr: float = PEAK, **options: Any) -> list[float]:
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    scheduler = kind(optimizer, *arguments, **options)
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def close(expected: list[float]) -> Any:
    return pytest.approx(expected, rel=1e-9, abs=1e-12)


def torchs_one_cycle(**options: Any) -> list[float]:
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler = lr_scheduler.OneCycleLR(optimizer, PEAK, total_steps=STEPS, cycle_momentum=False, **options)
    rates = []
    for step in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < STEPS - 1:  # it refuses to be stepped past the last
            scheduler.step()
    return rates


@pytest.mark.parametrize(("rise", "div"), [(0.3, 25.0), (0.5, 4.0), (0.1, 100.0)])
def test_one_cycle(rise: float, div: float) -> None:
    same_peak = (rise * (STEPS - 1) + 1) / STEPS  # the share that puts torch's peak where ours is
    assert ours(kind="one_cycle", rise=rise, div=div) == close(torchs_one_cycle(pct_start=same_peak, div_factor=div))


def test_one_cycle_with_torchs_own_share_differs_by_less_than_one_step() -> None:
    mine, expected = ours(kind="one_cycle", rise=0.3), torchs_one_cycle(pct_start=0.3)
    steepest = max(abs(b - a) for a, b in itertools.pairwise(expected))
    assert max(abs(a - b) for a, b in zip(mine, expected, strict=True)) <= steepest


def test_cosine() -> None:
    assert ours(kind="cosine") == close(theirs(lr_scheduler.CosineAnnealingLR, T_max=STEPS - 1))
    assert ours(kind="cosine")[-1] == 0


@pytest.mark.parametrize("growth", [1, 2, 3])
@pytest.mark.parametrize("every", [1, 3, 5])
def test_cosine_restarts(every: int, growth: int) -> None:
    expected = theirs(lr_scheduler.CosineAnnealingWarmRestarts, T_0=every * PER_EPOCH, T_mult=growth)
    assert ours(kind="cosine_restarts", every=every, growth=growth) == close(expected)


@pytest.mark.parametrize("growth", [1.0, 2.0])
@pytest.mark.parametrize("every", [0.1, 0.3, 0.7])
def test_restarts_in_parts_of_an_epoch_never_miss_a_step(every: float, growth: float) -> None:
    """Lengths that are not exact in binary: every cycle still starts at the peak."""
    schedule, per_epoch = Schedule(kind="cosine_restarts", every=every, growth=growth), 10
    start, length = 0, round(every * per_epoch)
    while start < 200:
        assert schedule.lr_scale(Moment(start, per_epoch, 20)) == pytest.approx(1, abs=1e-6), start
        start, length = start + length, round(length * growth)


@pytest.mark.parametrize("every", [1, 3, 5])
def test_step(every: int) -> None:
    expected = theirs(lr_scheduler.StepLR, step_size=every * PER_EPOCH, gamma=0.5)
    assert ours(kind="step", every=every, gamma=0.5) == close(expected)


def test_multi_step() -> None:
    expected = theirs(lr_scheduler.MultiStepLR, milestones=[2 * PER_EPOCH, 9 * PER_EPOCH], gamma=0.1)
    assert ours(kind="multi_step", milestones=(2, 9), gamma=0.1) == close(expected)


def test_exponential() -> None:
    assert ours(kind="exponential", gamma=0.8) == close(
        theirs(lr_scheduler.ExponentialLR, gamma=0.8 ** (1 / PER_EPOCH))
    )


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_polynomial(power: float) -> None:
    expected = theirs(lr_scheduler.PolynomialLR, total_iters=STEPS - 1, power=power)
    assert ours(kind="polynomial", power=power) == close(expected)


@pytest.mark.parametrize("patience", [0, 1, 3])
def test_plateau(patience: int) -> None:
    losses = (1.0, 0.9, 0.95, 0.93, 0.91, 0.89999, 0.5, 0.6, 0.7, 0.49, 0.5, 0.5)
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=patience)
    expected = []
    for loss in losses:
        expected += [optimizer.param_groups[0]["lr"]] * PER_EPOCH
        scheduler.step(loss)
    assert ours(losses, kind="plateau", gamma=0.5, patience=patience) == close(expected)


@pytest.mark.parametrize("every", [2, 4, 6])
def test_cyclic(every: int) -> None:
    expected = theirs(
        lr_scheduler.CyclicLR,
        base_lr=PEAK / 10,
        max_lr=PEAK,
        step_size_up=every * PER_EPOCH // 2,
        cycle_momentum=False,
    )
    assert ours(kind="cyclic", every=every, div=10.0) == close(expected)


@pytest.mark.parametrize("epochs", [1, 3])
def test_warm_up_is_a_straight_line(epochs: int) -> None:
    warm = epochs * PER_EPOCH
    expected = theirs(lr_scheduler.LinearLR, start_factor=1 / (warm + 1), total_iters=warm)
    assert ours(kind="exponential", gamma=1.0, warmup=epochs) == close(expected)


def test_warm_up_multiplies_the_schedule_and_then_leaves_it_alone() -> None:
    plain, warmed = ours(kind="cosine"), ours(kind="cosine", warmup=2.0)
    warm = 2 * PER_EPOCH
    assert warmed == close([rate * min(1, (step + 1) / (warm + 1)) for step, rate in enumerate(plain)])
    assert warmed[warm:] == plain[warm:]


def test_a_run_of_a_single_step() -> None:
    for kind in ("one_cycle", "cosine", "polynomial", "cyclic"):
        assert 0 < Schedule.model_validate({"kind": kind}).lr_scale(Moment(0, 1, 1)) <= 1
