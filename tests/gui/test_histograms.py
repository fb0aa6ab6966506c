"""The panel of histograms: strips through the run, outlines of the last look, and their table."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from explorer.events import HISTOGRAM, Histograms, RunStarted, StepDone
from explorer.gui.charts.picture import picture
from explorer.gui.charts.shown import Shown
from explorer.gui.panels.histograms import (
    CELLS,
    COLUMNS,
    HistogramsPanel,
    HistogramStrips,
    cells_in_sight,
    medians,
    shares,
)
from explorer.runs import RunRecord

LOW, HIGH, PARTS = HISTOGRAM


def look(step: int, gradients: dict[str, dict[int, int]], weights: int = 20) -> Histograms:
    """Of layers by name, with counts by cell; all weights are in one cell."""
    counts = np.zeros((2, len(gradients), CELLS), np.uint16)
    for row, cells in enumerate(gradients.values()):
        counts[0, row, weights] = 1
        for cell, count in cells.items():
            counts[1, row, cell] = count
    return Histograms(step=step, names=tuple(gradients), weights=counts[0], gradients=counts[1])


def test_strips_hold_the_mean_share_of_each_column() -> None:
    looks = [look(1 + 50 * i, {"a": {10: 1 + i % 2, 11: 1}}) for i in range(3 * COLUMNS)]
    grown, fresh = HistogramStrips(), HistogramStrips()
    for end in range(1, len(looks) + 1, 97):
        grown.update(looks[:end], "gradients")
    grown.update(looks, "gradients")
    fresh.update(looks, "gradients")
    np.testing.assert_array_equal(grown.values, fresh.values)
    assert grown.columns <= COLUMNS
    assert grown.per_column == 200  # four looks each, of 1/2 and 2/3
    np.testing.assert_allclose(grown.values[0, 10], (1 / 2 + 2 / 3) / 2)


def test_layers_of_a_rebuilt_network_stand_beside_the_old_ones() -> None:
    strips = HistogramStrips()
    strips.update([look(1, {"a": {5: 1}, "c": {5: 1}}), look(51, {"a": {5: 1}, "b": {6: 1}, "c": {5: 0}})], "gradients")
    assert strips.names == ("a", "b", "c")
    values = strips.values
    assert values[0, 5].tolist() == [1, 1]
    assert np.isnan(values[1, :, 0]).all()
    assert np.isnan(values[2, :, 1]).all()  # frozen: no gradient
    strips.update([], "gradients")
    assert strips.columns == 0


def test_range_takes_whole_powers_of_ten_around_nearly_all() -> None:
    values = np.zeros((1, CELLS))
    values[0, [0, 14, 30]] = 0.5, 0.4, 0.001
    low, high = cells_in_sight(values)
    assert (low % PARTS, (high - low) % PARTS) == (1, 0)
    assert low <= 14 < high == low + 2 * PARTS  # the lowest cell and a thousandth do not count
    assert cells_in_sight(np.full((2, CELLS), np.nan)) == (1, 1 + 2 * PARTS)


def test_medians_are_those_of_the_values() -> None:
    rng = np.random.default_rng(0)
    values = 10 ** rng.normal(-3, 1, 9999)
    edges = [-np.inf, *(LOW + np.arange(CELLS - 1) / PARTS), np.inf]
    counts = np.histogram(np.log10(values), edges)[0][None].astype(np.uint16)
    (found,) = medians(shares(counts))
    assert abs(np.log10(found) - np.log10(np.median(values))) <= 0.5 / PARTS


def record(*looks: Histograms) -> RunRecord:
    started = RunStarted(
        recipe={"epochs": 2},
        layers=(),
        classes=("a",),
        ordered=False,
        images={},
        steps_per_epoch=50,
        device="cpu",
        time=0,
    )
    step = StepDone(step=1, epoch=0, loss=1.0, lr=(0.1,), seconds=0.1, images=1)
    return RunRecord.of([started, step, *looks])


@pytest.fixture
def panel(qtbot: QtBot) -> HistogramsPanel:
    made = HistogramsPanel()
    qtbot.addWidget(made)
    made.resize(640, 400)
    return made


def test_the_panel_says_what_is_there(panel: HistogramsPanel) -> None:
    looks = [look(1, {"a": {0: 3, 20: 7}, "b": {24: 5}}), look(51, {"a": {0: 5, 20: 5}, "b": {24: 5}})]
    panel.show_runs([Shown(record(*looks), "run", 0)])
    panel.refresh()
    assert not panel.why_empty()
    assert "50% of a is 0" in panel.numbers()
    x, y = panel.outlines.getData()
    assert np.nanmax(y) == 1.45
    assert np.nanmin(y[:-1]) < 0.45
    assert float(x[0]) == LOW + (cells_in_sight(panel.strips.values)[0] - 1) / PARTS
    header, rows = panel.table()
    assert len(rows) == 2 * (2 + 2)  # cells of either quantity that hold something
    assert all(len(row) == len(header) for row in rows)
    assert sum(float(row[5]) for row in rows if row[:2] == [51.0, "a"]) == 10
    panel.choice.setCurrentIndex(panel.choice.findData("weights"))
    panel.refresh()
    assert np.nansum(panel.strips.values) == 2 * 2
    panel.grab()
    picture(panel, 640, 400)


def test_why_it_is_empty(panel: HistogramsPanel) -> None:
    panel.show_runs([Shown(record(), "run", 0)])
    assert "histograms" in panel.why_empty()
    panel.show_runs([Shown(RunRecord(), "run", 0)])
    assert "first step" in panel.why_empty()
    frozen = look(1, {"a": {}})
    panel.show_runs([Shown(record(frozen), "run", 0)])
    panel.refresh()
    assert panel.numbers() == "no layer learns"
