"""Runs that differ in the seed alone are one curve with a band; groups of them say what their difference is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from explorer.events import EpochDone, Event, RecipeChanged, RunEnded, RunStarted
from explorer.gui.charts.groups import groups_of, verdicts
from explorer.gui.charts.shown import Shown
from explorer.gui.panels.calibration import CalibrationPanel
from explorer.gui.panels.loss import LossPanel
from explorer.gui.panels.metrics import MetricsPanel
from explorer.runs.bands import DEVIATION, EACH, INTERVAL, RANGE, band
from explorer.runs.record import RunRecord

Made = Callable[..., Shown]


@pytest.fixture
def made(tiny_events: list[Event]) -> Made:
    """A run like the made-up one, of this seed and rate, its accuracies so much higher; without `end` it goes on."""

    def make(index: int, seed: int, lr: float = 0.1, more: float = 0.0, end: bool = True, epochs: int = 3) -> Shown:
        events: list[Event] = []
        for event in tiny_events:
            if isinstance(event, RecipeChanged) or (isinstance(event, EpochDone) and event.epoch > epochs):
                continue
            if isinstance(event, RunEnded) and not end:
                continue
            if isinstance(event, RunStarted):
                event = msgspec.structs.replace(event, recipe=event.recipe | {"seed": seed, "lr": lr})
            if isinstance(event, EpochDone):
                accuracy = event.validation["accuracy"] + more
                event = msgspec.structs.replace(event, validation=event.validation | {"accuracy": accuracy})
            events.append(event)
        return Shown(RunRecord.of(events), f"lr {lr}, seed {seed}", index, arm=f"lr {lr}")

    return make


@pytest.mark.parametrize(
    ("kind", "low", "high"), [(RANGE, 1.0, 5.0), (DEVIATION, 1.0, 5.0), (INTERVAL, 3 - 4.968, 3 + 4.968)]
)
def test_a_band_is_what_its_name_says(kind: str, low: float, high: float) -> None:
    x = np.array([1.0, 2.0])
    found = band([(x, np.array([y, np.nan])) for y in (1.0, 3.0, 5.0)], kind)
    assert found.x.tolist() == [1.0]  # where one has no value there is no mean
    assert (found.mean[0], found.low[0], found.high[0]) == pytest.approx((3.0, low, high), abs=1e-3)


def test_runs_are_grouped_by_all_but_the_seed(made: Made, tiny_record: RunRecord) -> None:
    runs = [made(2, 7), made(0, 0), made(1, 0, lr=0.5), Shown(tiny_record, "changed", 3)]
    assert [(group.counted, group.index) for group in groups_of(runs, RANGE)] == [
        ("lr 0.1 (n = 2)", 0),
        ("lr 0.5, seed 0 (n = 1)", 1),
        ("changed (n = 1)", 3),
    ]
    assert [group.n for group in groups_of(runs, EACH)] == [1, 1, 1, 1]


def test_panels_draw_mean_and_band_and_say_what_it_is_worth(qtbot: QtBot, made: Made) -> None:
    runs = [made(i, i, more=0.01 * i) for i in range(3)]
    runs += [made(3 + i, i, lr=0.5, more=0.1 + 0.011 * i) for i in range(3)]
    for kind in (MetricsPanel, LossPanel, CalibrationPanel):
        panel: Any = kind()
        qtbot.addWidget(panel)
        panel.resize(500, 400)
        panel.show_runs(runs)
        panel.refresh()
        key = "band 0" if kind is CalibrationPanel else "band validation 0"
        assert panel.plot.drawn(key) is not None
        assert any("(n = 3)" in entry.text for entry in panel.plot.legend_strip.entries)
        panel.show_band(EACH)
        assert panel.dirty
        panel.refresh()
        assert panel.plot.drawn(key) is None
        panel.show_band(RANGE)
        panel.refresh()
        if kind is MetricsPanel:
            _x, mean = panel.plot.drawn("validation 0")
            assert mean == pytest.approx(
                np.mean([shown.record.metric("validation", "accuracy") for shown in runs[:3]], 0)
            )
            assert (
                "Validation accuracy after the last epoch is higher: lr 0.5 against lr 0.1" in panel.conclusion.text()
            )
            panel.resize(500, 130)
            panel.refresh()
            assert panel.conclusion.isHidden() or "higher, +0.101 (n = 3)" in panel.conclusion.text()
        panel.show_runs(runs[:3])
        panel.refresh()
        assert panel.conclusion.isHidden()


def test_the_mean_is_of_runs_that_have_ended(qtbot: QtBot, made: Made) -> None:
    panel = MetricsPanel()
    qtbot.addWidget(panel)
    panel.show_runs([made(0, 0), made(1, 1, more=0.2), made(2, 2, more=0.9, end=False, epochs=1)])
    panel.refresh()
    drawn = panel.plot.drawn("validation 0")
    assert drawn
    assert len(drawn[0]) == 3
    assert drawn[1][0] == pytest.approx(0.7 + 0.1)
    own = panel.plot.drawn("validation of 2")
    assert own
    assert own[0].tolist() == [1.0]


def test_one_seed_or_none_in_common_says_so_or_nothing(made: Made) -> None:
    (found,) = verdicts([made(0, 0), made(1, 0, lr=0.5, more=0.2)], "accuracy")
    assert "several seeds" in str(found[1])
    assert not verdicts([made(0, 0), made(1, 5, lr=0.5)], "accuracy")
