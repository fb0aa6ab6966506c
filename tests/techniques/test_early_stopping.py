"""When to stop, against a loop that watches one epoch after the other."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from explorer.techniques import EarlyStopping, Moment, Schedule


def naive(losses: Sequence[float], patience: int, min_delta: float) -> int | None:
    """After which epoch (from 1) the run ends, or None."""
    best, best_epoch = losses[0], 1
    for epoch, loss in enumerate(losses, 1):
        if best - loss > min_delta:
            best, best_epoch = loss, epoch
        if epoch - best_epoch > patience:
            return epoch
    return None


def first_stop(losses: Sequence[float], patience: int, min_delta: float) -> int | None:
    technique = EarlyStopping(patience=patience, min_delta=min_delta)
    for epoch in range(1, len(losses) + 1):
        if technique.stop(Moment(epoch * 4, 4, len(losses), losses[:epoch])):
            return epoch
    return None


@pytest.mark.parametrize("patience", [0, 1, 4])
@pytest.mark.parametrize("min_delta", [0.0, 0.125])
def test_equals_the_naive_loop(patience: int, min_delta: float) -> None:
    rng = random.Random(patience)
    ends = set()
    for length in range(1, 60):
        losses = [round(2 / (1 + i) + rng.random(), 2) for i in range(length)]
        end = first_stop(losses, patience, min_delta)
        assert end == naive(losses, patience, min_delta), losses
        ends.add(end)
    assert len(ends) > 2


def test_goes_on_while_the_loss_falls_and_before_any_is_known() -> None:
    technique = EarlyStopping(patience=0)
    assert not technique.stop(Moment(0, 4, 10))
    assert first_stop([1 / (1 + i) for i in range(30)], 0, 0.0) is None


def test_a_fall_smaller_than_min_delta_does_not_count() -> None:
    losses = [1.0 - 0.001 * i for i in range(20)]
    assert first_stop(losses, 3, 0.0) is None
    assert first_stop(losses, 2, 0.01) == 4


@pytest.mark.parametrize("patience", [0, 1, 4])
def test_patience_means_what_it_means_to_a_schedule(patience: int) -> None:
    """The epoch that ends the run is the one after which a plateau lowers the rate."""
    losses = [1.0, 0.8, 0.9, 0.85, 0.7, *[0.75] * 9]
    schedule = Schedule(kind="plateau", patience=patience, gamma=0.5)
    lowered = next(n for n in range(1, 15) if schedule.lr_scale(Moment(4 * n, 4, 14, losses[:n])) < 1)
    assert lowered == first_stop(losses, patience, 0.0)
