"""Every schedule step by step against torch.optim.lr_scheduler, and where ours differs on purpose.

Ours is asked once per step and depends on epochs with their fractions; torch's schedulers count calls, so they are
called once per step here, with lengths in steps. Ours differs on purpose in one place: one_cycle peaks at
rise · (steps − 1) (torch: rise · steps − 1).
"""

from __future__ import annotations

import itertools
from typing import Any, get_args

import pytest
import torch
from torch.optim import SGD, lr_scheduler

from explorer.techniques import Moment, Schedule
from explorer.techniques.schedule import ScheduleKind

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
    assert ours(kind="cosine") == close(theirs(lr_scheduler.CosineAnnealingLR, T_max=STEPS))


@pytest.mark.parametrize("warmup", [0.0, 2.0])
@pytest.mark.parametrize("kind", get_args(ScheduleKind))
def test_no_step_is_spent_at_rate_0(kind: str, warmup: float) -> None:
    assert min(ours(kind=kind, warmup=warmup)) > 0


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
    expected = theirs(lr_scheduler.PolynomialLR, total_iters=STEPS, power=power)
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


WARM = 3
LEFT = STEPS - WARM * PER_EPOCH


@pytest.mark.parametrize(
    ("fields", "kind", "options"),
    [
        ({"kind": "cosine"}, lr_scheduler.CosineAnnealingLR, {"T_max": LEFT}),
        ({"kind": "polynomial", "power": 2.0}, lr_scheduler.PolynomialLR, {"total_iters": LEFT, "power": 2.0}),
        (
            {"kind": "cosine_restarts", "every": 2.0, "growth": 2.0},
            lr_scheduler.CosineAnnealingWarmRestarts,
            {"T_0": 2 * PER_EPOCH, "T_mult": 2},
        ),
        ({"kind": "step", "every": 2.0, "gamma": 0.5}, lr_scheduler.StepLR, {"step_size": 2 * PER_EPOCH, "gamma": 0.5}),
        (
            {"kind": "multi_step", "milestones": (1.0, 4.0), "gamma": 0.5},
            lr_scheduler.MultiStepLR,
            {"milestones": [PER_EPOCH, 4 * PER_EPOCH], "gamma": 0.5},
        ),
        ({"kind": "exponential", "gamma": 0.8}, lr_scheduler.ExponentialLR, {"gamma": 0.8 ** (1 / PER_EPOCH)}),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else None,
)
def test_after_the_warm_up_the_shape_runs_over_what_is_left(fields: Any, kind: Any, options: Any) -> None:
    warm = WARM * PER_EPOCH
    optimizer = SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    ramp = lr_scheduler.LinearLR(
        optimizer, start_factor=1 / (warm + 1), end_factor=warm / (warm + 1), total_iters=warm - 1
    )
    scheduler = lr_scheduler.SequentialLR(optimizer, [ramp, kind(optimizer, **options)], milestones=[warm])
    expected = []
    for _ in range(STEPS):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert ours(**fields, warmup=float(WARM)) == close(expected)


@pytest.mark.parametrize("kind", get_args(ScheduleKind))
@pytest.mark.parametrize("warmup", [0.4, 1.0, 5.0])
def test_the_peak_is_reached_whatever_the_warm_up(kind: str, warmup: float) -> None:
    """Exactly by those that begin with it; by those that rise, within a step."""
    rates, rising = ours(kind=kind, warmup=warmup, every=2.0), kind in ("one_cycle", "cyclic")
    assert max(rates) == pytest.approx(PEAK, rel=0.1 if rising else 1e-12)
    warm = round(warmup * PER_EPOCH)
    steps = [b - a for a, b in itertools.pairwise(rates[: warm + 1])]
    assert steps == close([steps[0]] * warm), "a straight line to where the shape begins"


def test_losses_of_the_warm_up_do_not_count_as_a_plateau() -> None:
    losses = (0.1, 0.1, 0.1, 1.0, 0.9, 0.8, 0.8, 0.8, 0.8)
    rates = ours(losses, kind="plateau", warmup=3.0, patience=1, gamma=0.5)
    assert rates[WARM * PER_EPOCH :: PER_EPOCH] == close([PEAK] * 5 + [PEAK / 2] * 4)


def test_a_warm_up_as_long_as_the_run_is_all_there_is() -> None:
    rates = ours(kind="cosine", warmup=float(EPOCHS))
    assert rates == close([PEAK * (step + 1) / (STEPS + 1) for step in range(STEPS)])


def test_a_run_of_a_single_step() -> None:
    for kind in ("one_cycle", "cosine", "polynomial", "cyclic"):
        assert 0 < Schedule.model_validate({"kind": kind}).lr_scale(Moment(0, 1, 1)) <= 1


@pytest.mark.parametrize(
    ("fields", "epochs", "why"),
    [
        ({"warmup": 5.0}, 5, "Choose a shorter warm-up, or more epochs"),
        ({"warmup": 4.9}, 5, ""),
        ({"warmup": 0.5}, 1, ""),
        ({"kind": "cyclic", "every": 5.0}, 2, "Choose shorter cycles, or more epochs"),
        ({"kind": "cyclic", "every": 5.0, "warmup": 2.0}, 4, "Choose shorter cycles, or more epochs"),
        ({"kind": "cyclic", "every": 4.0}, 2, ""),
        ({"kind": "cosine", "every": 5.0}, 2, ""),
        ({"kind": "multi_step", "milestones": (3.0, 0.0)}, 5, "lowered at epoch 0, before the first step"),
        ({"kind": "multi_step", "milestones": (0.5,)}, 5, ""),
        ({"kind": "step", "milestones": (-1.0,)}, 5, ""),
    ],
)
def test_what_never_reaches_its_peak_is_refused(fields: Any, epochs: int, why: str) -> None:
    reason = str(Schedule(**fields).refuse_length(epochs))
    assert why in reason
    assert bool(why) == bool(reason)


def test_a_warm_up_shorter_than_the_run_reaches_the_peak_in_the_last_step_at_the_latest() -> None:
    schedule = Schedule(kind="step", warmup=0.9)
    assert [schedule.lr_scale(Moment(step, 4, 1)) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
