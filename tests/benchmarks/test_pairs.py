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
from .pairs import Figure, Measured, Result, alternate, interquartile_range, percentile, ratios


def test_sides_are_warmed_up_and_then_called_in_turn() -> None:
    calls: list[str] = []

    def side(name: str) -> int:
        calls.append(name)
        return len(calls)

    rounds = alternate(2, lambda: side("a"), lambda: side("b"))
    assert "".join(calls) == "ab" + "abab"
    assert rounds == [(3, 4), (5, 6)]  # what the warm-up returned is left out


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
    ("better", "value", "holds"),
    [("higher", 2.0, True), ("higher", 1.9, False), ("lower", 2.0, True), ("lower", 2.1, False)],
)
def test_goal_is_a_bound_from_the_better_side(better: str, value: float, holds: bool) -> None:
    assert figure(better, 2.0).holds(value) is holds


def test_outliers_do_not_move_the_value() -> None:
    result = Result.of(figure("higher", 0.9), Measured([0.94, 0.95, 0.96, 0.1, 9.0], "note"))
    assert (result.value, result.n, result.holds, result.note) == (0.95, 5, True, "note")
    assert result.spread == pytest.approx(0.02)


def test_what_is_absent_is_null_in_json() -> None:
    plain = json.loads(json.dumps(Result.absent(figure("lower", 1), "skipped: needs an extra").plain()))
    assert (plain["value"], plain["spread"], plain["holds"], plain["n"]) == (None, None, None, 0)


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
    assert set(result) == {"name", "value", "spread", "n", "goal", "holds", "unit", "note"}
    assert (result["name"], result["n"], result["goal"], result["holds"]) == ("instruments_ratio", 1, 0.97, None)
    assert 0 < result["value"] < 10
