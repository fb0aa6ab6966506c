"""The axis follows the bulk of the points: one divergence, or a first epoch of 10, does not flatten the rest."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from explorer.gui.charts.bulk import bulk
from explorer.gui.charts.plot import Plot
from explorer.gui.theme import pen

FALLING = 0.4 + 1.9 * np.exp(-np.arange(15) / 2)


@pytest.mark.parametrize(
    "usual",
    [
        FALLING,
        np.exp(-np.arange(200) / 40) * 2.3,  # to 0.016: learned by heart
        np.array([2.3, 0.5, 0.45]),
        np.linspace(0.1, 0.9, 15),  # an accuracy
        np.random.default_rng(0).normal(0, 1, 500),
        np.array([0.0, 0.0, 0.0, 0.0, 1.0]),
    ],
)
def test_what_runs_usually_look_like_is_shown_whole(usual: np.ndarray) -> None:
    assert bulk(usual) == (usual.min(), usual.max())


@pytest.mark.parametrize(
    ("odd", "high"),
    [
        (np.concatenate([[10.0], FALLING[1:] / 2]), 0.8),
        (np.concatenate([FALLING, [7e5]]), 2.4),
        (np.concatenate([FALLING, [60.0, 8e3, 1e9]]), 2.4),
        (np.concatenate([FALLING, [np.inf, np.nan, 1e30]]), 2.4),
        (np.concatenate([np.full(1000, 0.3), np.full(50, 1e4)]), 0.4),
        (np.array([10.0, 0.6, 0.5]), 0.7),
    ],
)
def test_a_few_points_far_away_do_not_count(odd: np.ndarray, high: float) -> None:
    found = bulk(odd)
    assert found is not None
    assert found[1] < high


def test_a_signed_curve_is_cut_at_both_ends() -> None:
    curve = np.concatenate([np.random.default_rng(0).normal(0, 1, 100), [-1e6, 1e6]])
    found = bulk(curve)
    assert found is not None
    assert -6 < found[0] < found[1] < 6


def test_in_log_only_thousands_are_far() -> None:
    curve = np.concatenate([[10.0], FALLING])
    assert bulk(curve, log=True) == (curve.min(), 10.0)
    found = bulk(np.concatenate([FALLING, [1e9]]), log=True)
    assert found is not None
    assert found[1] < 3


def test_a_million_points_are_as_good_as_some() -> None:
    curve = np.full(1_000_000, 0.5)
    curve[17], curve[33] = 1e6, 0.1
    found = bulk(curve)
    assert found is not None
    assert found == (pytest.approx(0.1), 0.5)


@pytest.mark.parametrize("log", [False, True])
def test_the_plot_says_how_many_lie_above_and_shows_them(qtbot: QtBot, log: bool) -> None:
    plot = Plot("x", "y")
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.show()
    plot.set_log(log)

    def draw() -> float:
        plot.begin()
        plot.curve("loss", np.arange(17), np.concatenate([FALLING, [1e8, 1e9]]), pen("#000000"))
        plot.end()
        plot.plotItem.vb.updateAutoRange()
        top: float = plot.plotItem.vb.viewRange()[1][1]
        return 10**top if log else top

    assert 2 < draw() < 6
    assert plot.above == 2
    assert [entry.text for entry in plot.legend_strip.entries] == ["▲ 2 points above"]
    plot.show_whole(True)
    assert draw() > 9e8
    assert plot.above == 0
    assert not plot.legend_strip.entries
