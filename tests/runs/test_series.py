"""Tables that grow, and the series that are made of them."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.events import ActivationStats, EpochDone, GradientNorms, NormStats, StepDone
from explorer.runs.series import Series, Table


def step(number: int, cross_entropy: float | None = None) -> StepDone:
    return StepDone(
        step=number,
        epoch=0,
        loss=1 / number,
        lr=(0.1, 0.2),
        seconds=0.5,
        images=4,
        cross_entropy=cross_entropy,
    )


def norms(number: int, *names: str) -> GradientNorms:
    one = np.full(len(names), number, np.float32)
    sizes = np.full(len(names), 9)
    return GradientNorms(
        step=number, names=names, sizes=sizes, before=one, after=2 * one, weights=3 * one, updates=4 * one
    )


@pytest.mark.parametrize("rows", [0, 1, 256, 257, 1000])
def test_a_table_holds_every_row_in_order(rows: int) -> None:
    table = Table(2)
    for i in range(rows):
        table.append((i, -i))
    assert len(table) == rows
    assert table.rows.shape == (rows, 2)
    assert np.array_equal(table.rows[:, 0], np.arange(rows))
    assert np.array_equal(table.rows[:, 1], -np.arange(rows))


def test_what_was_read_of_a_table_does_not_change_when_it_grows() -> None:
    table = Table(1)
    for i in range(256):
        table.append([i])
    before = table.rows
    for i in range(300):
        table.append([-i])
    assert np.array_equal(before[:, 0], np.arange(256))


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        Table(2).append((1, 2, 3))


def test_steps_have_the_rate_of_the_head_and_nan_for_what_is_not_known() -> None:
    series = Series()
    assert series.take(step(1))
    assert series.take(step(2, cross_entropy=0.25))
    assert series.steps.rows[:, :4].tolist() == [[1, 1.0, 0.2, 0.5], [2, 0.5, 0.2, 0.5]]
    assert np.isnan(series.steps.rows[0, 4])
    assert series.steps.rows[1, 4] == 0.25


def test_a_rebuilt_network_begins_norms_and_activations_of_its_own() -> None:
    series = Series()
    for number, names in ((1, ("a", "b")), (2, ("a", "b")), (3, ("a",))):
        series.take(norms(number, *names))
        one = np.full(len(names), number, np.float32)
        series.take(ActivationStats(step=number, names=names, mean=one, std=2 * one, dead=3 * one))
    assert [history.names for history in series.norms] == [("a", "b"), ("a",)]
    assert series.norms[0].steps.tolist() == [1, 2]
    for factor, name in enumerate(("before", "after", "weights", "updates"), 1):
        assert series.norms[0].quantity(name).tolist() == [[factor, factor], [2 * factor, 2 * factor]]
    for factor, name in enumerate(("mean", "std", "dead"), 1):
        assert series.activations[1].quantity(name).tolist() == [[3 * factor]]


def test_normalization_is_kept_by_layer_with_nan_where_a_layer_keeps_none() -> None:
    series, none = Series(), np.zeros(0, np.float32)
    for number, running in ((1, none), (2, np.array([1, 3], np.float32))):
        batch = np.array([2, 4], np.float32)
        series.take(
            NormStats(
                step=number,
                layer="norm",
                batch_mean=batch,
                batch_var=batch,
                running_mean=running,
                running_var=running,
                gamma=none,
                beta=none,
            )
        )
    history = series.normalization["norm"]
    assert history.latest is not None
    assert history.latest.step == 2
    assert history.rows[1].tolist() == [2, 3, 2, 3, 2]
    assert np.isnan(history.rows[0, [2, 4]]).all()


def test_other_events_belong_to_no_series() -> None:
    epoch = EpochDone(epoch=1, step=1, train={}, validation={}, best=True, seconds=1.0, images_per_second=1.0)
    assert not Series().take(epoch)
