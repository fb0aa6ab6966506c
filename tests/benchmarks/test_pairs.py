"""The statistics of the benchmarks, and that a figure can be taken. Nothing here depends on how fast the machine is."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from .gui_limits import beyond_a_batch
from .pairs import (
    Figure,
    Measured,
    Piece,
    Result,
    alternate,
    compared,
    interquartile_range,
    interval,
    percentile,
    ratios,
)


def test_sides_are_warmed_up_and_then_called_in_turn() -> None:
    calls: list[str] = []

    def side(name: str) -> int:
        calls.append(name)
        return len(calls)

    rounds = alternate(2, lambda: side("a"), lambda: side("b"))
    assert "".join(calls) == "ab" + "abba"  # what grows steadily meets both alike
    assert rounds == [(3, 4), (6, 5)]  # what the warm-up returned is left out


def test_ratios_are_first_over_second() -> None:
    assert ratios([(1.0, 2.0), (9.0, 3.0)]) == [0.5, 3.0]


@pytest.mark.parametrize("values", [[1.0, 2.0], [3.0, 1.0, 2.0], [0.93, 0.95, 0.97, 0.99, 1.4], [5.0] * 4])
def test_spread_is_the_interquartile_range_of_numpy(values: list[float]) -> None:
    lower, upper = np.percentile(values, [25, 75])
    assert math.isclose(interquartile_range(values), upper - lower, abs_tol=1e-12)


def test_one_value_has_no_spread() -> None:
    assert interquartile_range([2.0]) == 0


def test_percentile_is_one_of_the_values() -> None:
    gaps = [float(i) for i in range(1, 201)]
    assert percentile(gaps, 0.99) == 198
    assert percentile(gaps, 1.0) == 200
    assert percentile([7.0], 0.99) == 7


def figure(better: str, goal: float) -> Figure:
    return Figure("f", goal, better, "s", lambda _quick: Measured([]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("better", "low", "high", "holds"),
    [
        ("higher", 2.0, 2.5, True),
        ("higher", 1.9, 2.5, None),
        ("higher", 1.8, 1.9, False),
        ("lower", 1.5, 2.0, True),
        ("lower", 1.5, 2.1, None),
        ("lower", 2.1, 2.2, False),
    ],
)
def test_goal_is_reached_where_the_whole_interval_lies_on_its_side(
    better: str, low: float, high: float, holds: bool | None
) -> None:
    assert figure(better, 2.0).holds(low, high) is holds


def test_outliers_do_not_move_the_value() -> None:
    values = [0.94, 0.95, 0.96] * 5 + [0.1, 9.0]
    result = Result.of(figure("higher", 0.9), Measured(values, "note"))
    assert (result.value, result.n, result.holds, result.note) == (0.95, 17, True, "note")
    assert result.low is not None
    assert 0.94 <= result.low <= 0.95
    assert result.spread == pytest.approx(0.02)


def noisy(rng: np.random.Generator, ratio: float, rounds: int = 20) -> list[tuple[Piece, Piece]]:
    """Pieces of two sides of which the first is `ratio` times as fast, on a machine as ours are.

    Speed drifts to a half and back; each piece is late by some percent, one in eight by half and more.
    """
    drift = 1 + 0.3 * np.sin(np.linspace(0, 9, 2 * rounds)) + rng.normal(0, 0.02, 2 * rounds)
    late = (
        1
        + np.abs(rng.normal(0, 0.05, 2 * rounds))
        + (rng.random(2 * rounds) < 1 / 8) * rng.exponential(0.5, 2 * rounds)
    )
    found = iter(drift * late)

    def piece(speed: float) -> Piece:
        return Piece(100, float(next(found)) / speed, 1 / speed)

    return [(piece(ratio), piece(1.0)) for _round in range(rounds)]


@pytest.mark.parametrize("true", [0.8, 0.95, 1.0, 2.0])
def test_interval_holds_the_true_ratio(true: float) -> None:
    rng, inside, widths = np.random.default_rng(1), 0, []
    for _experiment in range(200):
        low, high = interval(compared(noisy(rng, true)).values, draws=400)
        inside += low <= true <= high
        widths.append((high - low) / true)
    assert inside >= 180  # 95 % is meant; with 20 rounds the percentile method gives a little less
    assert np.median(widths) < 0.15


def test_a_goal_missed_by_little_is_seldom_called_reached() -> None:
    rng, goal = np.random.default_rng(2), figure("higher", 0.95)
    called = [goal.holds(*interval(compared(noisy(rng, 0.93)).values, draws=400)) for _experiment in range(200)]
    assert called.count(True) <= 6
    called = [goal.holds(*interval(compared(noisy(rng, 1.1)).values, draws=400)) for _experiment in range(200)]
    assert called.count(True) >= 180  # and one that is reached by far is called so


def test_time_of_the_processor_is_compared_apart() -> None:
    measured = compared([(Piece(10, 1.0, 3.0), Piece(10, 2.0, 6.0))] * 2)
    assert list(measured.values) == [2.0, 2.0]
    assert list(measured.cpu) == [2.0, 2.0]
    assert list(compared([(Piece(10, 1.0), Piece(10, 2.0))]).cpu) == []  # not taken


def test_few_values_have_the_widest_interval() -> None:
    assert interval([3.0, 1.0, 2.0]) == (1.0, 3.0)


def test_what_is_absent_is_null_in_json() -> None:
    plain = json.loads(json.dumps(Result.absent(figure("lower", 1), "skipped: needs an extra").plain()))
    assert (plain["value"], plain["low"], plain["holds"], plain["n"]) == (None, None, None, 0)


def test_quick_makes_no_judgement() -> None:
    assert Result.of(figure("lower", 1), Measured([0.5]), quick=True).holds is None


def test_waits_are_counted_from_a_batch_on_and_without_those_for_an_evaluation() -> None:
    one = {"waits_ms": [10.0, 40.0, 700.0], "at_epoch_end": [False, False, True], "batch_ms": 30.0}
    other = {"waits_ms": [900.0], "at_epoch_end": [True], "batch_ms": 30.0}
    measured = beyond_a_batch([one, other])
    assert measured.values == [10.0]
    assert "2 more, at the end of an epoch, after up to 900 ms" in measured.note
    with pytest.raises(RuntimeError):
        beyond_a_batch([other])


@pytest.mark.slow
def test_a_figure_can_be_taken() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--quick", "--only", "instruments_ratio", "--json"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    (line,) = done.stdout.splitlines()
    result = json.loads(line)
    assert set(result) == {"name", "value", "low", "high", "spread", "cpu", "n", "goal", "holds", "unit", "note"}
    assert (result["name"], result["n"], result["goal"], result["holds"]) == ("instruments_ratio", 1, 0.97, None)
    assert 0 < result["value"] < 10
