"""When to stop, against a loop that watches one epoch after the other."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from explorer.techniques import EarlyStopping, Moment


def naive(losses: Sequence[float], patience: int, min_delta: float) -> int | None:
    """After which epoch (from 1) the run ends, or None."""
    best, best_epoch = losses[0], 1
    for epoch, loss in enumerate(losses, 1):
        if best - loss > min_delta:
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience:
            return epoch
    return None


def first_stop(losses: Sequence[float], patience: int, min_delta: float) -> int | None:
    technique = EarlyStopping(patience=patience, min_delta=min_delta)
    for epoch in range(1, len(losses) + 1):
        if technique.stop(Moment(epoch * 4, 4, len(losses), losses[:epoch])):
            return epoch
    return None


@pytest.mark.parametrize("patience", [1, 2, 5])
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
    technique = EarlyStopping(patience=1)
    assert not technique.stop(Moment(0, 4, 10))
    assert first_stop([1 / (1 + i) for i in range(30)], 1, 0.0) is None


def test_a_fall_smaller_than_min_delta_does_not_count() -> None:
    losses = [1.0 - 0.001 * i for i in range(20)]
    assert first_stop(losses, 3, 0.0) is None
    assert first_stop(losses, 3, 0.01) == 4
