"""The panels of what goes through the layers, gradients and activations: now, through the run, and of the next one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from explorer import Recipe
from explorer.events import ActivationStats, Event, GradientNorms
from explorer.gui.charts.heat import COLUMNS, Heat, l2
from explorer.gui.panels import Shown
from explorer.gui.panels.activations import ActivationsPanel
from explorer.gui.panels.gradients import GradientsPanel
from explorer.runs.record import RunRecord
from explorer.runs.series import NormHistory
from tests.gui.drawing import drawn, said


def test_gradients_map_and_bars_equal_the_record(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, GradientsPanel, tiny_record)
    assert isinstance(panel, GradientsPanel)
    history = tiny_record.series.norms[0]
    for key, values in {
        "l2": history.quantity("before"),
        "rms": history.quantity("before") / np.sqrt(history.sizes),
        "ratio": history.quantity("updates") / history.quantity("weights"),
    }.items():
        panel.choice.setCurrentIndex(panel.choice.findData(key))
        panel.refresh()
        np.testing.assert_allclose(panel.heat.values, np.log10(values).T)
        np.testing.assert_allclose(panel.before.values, values[-1])
        assert panel.image.image.shape == (3, 6)
    panel.choice.setCurrentIndex(panel.choice.findData("clipping"))
    panel.refresh()
    for name in ("before", "after"):
        _x, y = panel.norms.drawn(name) or pytest.fail(f"no curve {name}")
        np.testing.assert_allclose(y, np.linalg.norm(history.quantity(name), axis=1))
    _x, y = panel.norms.drawn("threshold") or pytest.fail("no threshold")
    assert y.tolist() == [0.5, 0.5]
    np.testing.assert_allclose(panel.after.values, history.quantity("after")[-1])
    assert "50%" in panel.numbers()  # 3 of 6 looks came after clipping was switched on


def look(history: NormHistory, step: int, values: np.ndarray) -> None:
    one = np.ones_like(values)
    history.append(
        GradientNorms(
            step=step, names=history.names, sizes=history.sizes, before=values, after=values, weights=one, updates=one
        )
    )


def test_heat_map_stays_small_and_keeps_the_largest() -> None:
    history = NormHistory(("a", "b"), np.array([1, 1]))
    rng, heat, fresh = np.random.default_rng(0), Heat(), Heat()
    values = rng.uniform(0.1, 9, (5000, 2)).astype(np.float32)
    for i, row in enumerate(values):
        look(history, 1 + 10 * i, row)
        if i % 700 == 0:
            heat.update([history], l2)
    heat.update([history], l2)
    fresh.update([history], l2)
    np.testing.assert_array_equal(heat.values, fresh.values)
    assert heat.columns <= COLUMNS
    looks = int(heat.per_column / 10)
    np.testing.assert_allclose(heat.values[:, 0], np.log10(values[:looks].max(axis=0)), rtol=1e-6)


def test_heat_map_joins_the_layers_of_a_rebuilt_network() -> None:
    plain = NormHistory(("conv", "out"), np.array([1, 1]))
    normed = NormHistory(("conv", "norm", "out"), np.array([1, 1, 1]))
    look(plain, 1, np.ones(2, np.float32))
    look(plain, 11, np.array([10, 0], np.float32))  # a gradient of zero has no logarithm
    look(normed, 21, np.ones(3, np.float32))
    heat = Heat()
    heat.update([plain, normed], l2)
    assert heat.names == ("conv", "norm", "out")
    np.testing.assert_array_equal(heat.values, [[0, 1, 0], [np.nan, np.nan, 0], [0, np.nan, 0]])


def test_activations_equal_the_record(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, ActivationsPanel, tiny_record)
    assert isinstance(panel, ActivationsPanel)
    history = tiny_record.series.activations[0]
    mean, std, dead = (history.quantity(name) for name in ("mean", "std", "dead"))
    assert panel.heat.names == history.names
    np.testing.assert_allclose(panel.heat.values, np.log10(std).T)
    np.testing.assert_allclose(panel.spans.values, std[-1])
    np.testing.assert_allclose(panel.bars.values, [0.25])
    assert panel.bars.rows.tolist() == [2]
    panel.choice.setCurrentIndex(panel.choice.findData("mean"))
    panel.refresh()
    x, y = panel.now.drawn("mean") or pytest.fail("no means")
    np.testing.assert_allclose(x, mean[-1])
    assert y.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(panel.spans.values, mean[-1] + std[-1])
    np.testing.assert_allclose(panel.heat.values, np.log10(np.abs(mean)).T)
    panel.choice.setCurrentIndex(panel.choice.findData("dead"))
    panel.refresh()
    np.testing.assert_allclose(panel.heat.values, dead.T)
    assert "25%" in panel.numbers()
    assert len(panel.table()[1]) == 4 * len(history.steps)


def ahead(signal: SimpleNamespace | None, skipped: str = "") -> Any:
    """A preview of another network, as far as these panels look at it."""
    recipe = Recipe().with_(depth=14)
    return SimpleNamespace(recipe=recipe, signal=signal, skipped=skipped)


def test_the_signal_of_the_next_run_is_drawn_as_rings(qtbot: QtBot, tiny_record: RunRecord) -> None:
    names = ("conv", "new", "classifier")
    values = np.array([1, 1e-3, 1e-6], np.float32)
    stats = ActivationStats(step=0, names=names, mean=values, std=values, dead=values * np.nan)
    signal = SimpleNamespace(activations=stats, layers=names, gradients=values, images=16)
    for kind in (ActivationsPanel, GradientsPanel):
        for records in ([], [tiny_record]):
            panel = kind()
            qtbot.addWidget(panel)
            panel.resize(640, 400)
            panel.show_runs([Shown(record, "run", 0) for record in records])
            panel.show_preview(ahead(signal))
            panel.refresh()
            assert not said(panel)
            assert "next run" in panel.numbers()
            plot = panel.now if isinstance(panel, ActivationsPanel) else panel.bars
            x, y = plot.drawn("next") or pytest.fail("no rings")
            found = {panel.heat.names[int(row)]: value for row, value in zip(y, x, strict=True) if np.isfinite(value)}
            assert found == pytest.approx({"conv": 0, "new": -3, "classifier": -6}, abs=1e-6)
            panel.grab()
    panel.show_preview(None)
    panel.refresh()
    assert "next run" not in panel.numbers()
    lonely = ActivationsPanel()
    qtbot.addWidget(lonely)
    lonely.show_preview(ahead(None, "The network is too large."))
    lonely.refresh()
    assert said(lonely) == "The network is too large."


def test_layers_that_cannot_die_say_so(qtbot: QtBot, tiny_events: list[Event]) -> None:
    record = RunRecord.of(event for event in tiny_events if not isinstance(event, ActivationStats))
    panel = drawn(qtbot, ActivationsPanel, record)
    assert isinstance(panel, ActivationsPanel)
    assert "activations" in said(panel)
    one, nan = np.ones(1, np.float32), np.full(1, np.nan, np.float32)
    record.apply(ActivationStats(step=1, names=("act",), mean=one, std=one, dead=nan))
    panel.choice.setCurrentIndex(panel.choice.findData("dead"))
    panel.refresh()
    assert "ReLU" in panel.map.overlay.note
