"""Panels show what the record says: tested on their data, not on pixels. What they write can be read again."""

from __future__ import annotations

import csv
import math
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from explorer import Recipe
from explorer.errors import InputError
from explorer.events import Evaluation, Event, FrozenCheck, LayerPlan, ModeAccuracy, RunStarted, SampleGrid, StepDone
from explorer.gui.charts.annotations import ChangeMark, merged
from explorer.gui.charts.curves import marks_of
from explorer.gui.charts.header import Readout, Selector, fitting
from explorer.gui.charts.picture import svg
from explorer.gui.export.headless import OF_PANELS, export_run
from explorer.gui.export.panel_files import copy_to_clipboard, export_panel, to_csv
from explorer.gui.panels import PANELS, Panel, Shown
from explorer.gui.panels.activations import ActivationsPanel
from explorer.gui.panels.gradients import GradientsPanel
from explorer.gui.panels.loss import LossPanel
from explorer.gui.panels.metrics import MetricsPanel
from explorer.gui.panels.normalization import NormalizationPanel
from explorer.gui.panels.samples import SamplesPanel
from explorer.gui.panels.schedule import SchedulePanel, planned
from explorer.gui.theme import DARK, DASHES, LIGHT, run_pen
from explorer.i18n import set_language
from explorer.runs.record import RunRecord
from tests.gui.drawing import drawn, said

each_panel = pytest.mark.parametrize("kind", PANELS, ids=lambda kind: kind.name)


def test_loss_curves_equal_the_record(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, LossPanel, tiny_record)
    assert isinstance(panel, LossPanel)
    for split in ("train", "validation"):
        x, y = panel.plot.drawn(f"{split} 0") or pytest.fail(f"no {split} curve")
        np.testing.assert_array_equal(x, [1, 2, 3])
        np.testing.assert_array_equal(y, tiny_record.metric(split, "loss"))
    x, y = panel.plot.drawn("batch 0") or pytest.fail("no batch curve")
    np.testing.assert_array_equal(x, tiny_record.series.steps.numbers / 10)
    np.testing.assert_array_equal(y, tiny_record.series.steps.losses)
    assert panel.plot.overlay.best is not None
    assert panel.plot.overlay.best.x == 2
    assert "0.600" in panel.numbers()


def test_two_runs_are_told_apart_by_colour_and_dashes(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, LossPanel, tiny_record, tiny_record)
    assert isinstance(panel, LossPanel)
    assert panel.plot.drawn("validation 1") is not None
    assert [entry.text for entry in panel.plot.legend_strip.entries][:2] == ["run 0", "run 1"]
    panel.show_runs([Shown(tiny_record, "run 0", 0)])
    panel.refresh()
    assert panel.plot.drawn("validation 1") is None
    for palette in (LIGHT, DARK):
        pens = [run_pen(i, palette) for i in range(len(DASHES))]
        assert len({(pen.color().name(), tuple(pen.dashPattern())) for pen in pens}) == len(DASHES)
        assert len({tuple(pen.dashPattern()) for pen in pens}) == len(DASHES)
        assert all(pen.isCosmetic() for pen in pens)


def test_no_item_is_made_in_steady_state(qtbot: QtBot, tiny_events: list[Event]) -> None:
    record = RunRecord()
    panels: list[Panel] = []
    for event in tiny_events:
        record.apply(event)
        if isinstance(event, Evaluation) and not panels:
            panels = [drawn(qtbot, kind, record) for kind in PANELS]
            items = [[len(plot.scene().items()) for plot in panel.plots] for panel in panels]
        for panel in panels:
            panel.refresh()
    after = [[len(plot.scene().items()) for plot in panel.plots] for panel in panels]
    # Only new kinds of things come: the shaded gap in two panels, the targets with the first sample.
    assert sum(map(sum, after)) <= sum(map(sum, items)) + 3


@pytest.mark.parametrize("metric", ["accuracy", "f1", "ece", "confidence"])
def test_metrics_follow_the_selector(qtbot: QtBot, tiny_record: RunRecord, metric: str) -> None:
    panel = drawn(qtbot, MetricsPanel, tiny_record)
    assert isinstance(panel, MetricsPanel)
    panel.choice.setCurrentIndex(panel.choice.findData(metric))
    panel.refresh()
    _x, y = panel.plot.drawn("validation 0") or pytest.fail("no curve")
    np.testing.assert_array_equal(y, tiny_record.metric("validation", metric))


def test_mean_absolute_error_says_what_it_needs(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, MetricsPanel, tiny_record)
    assert isinstance(panel, MetricsPanel)
    panel.choice.setCurrentIndex(panel.choice.findData("mae"))
    panel.refresh()
    assert "ordered" in said(panel)


def test_normalization_curves_equal_the_record(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, NormalizationPanel, tiny_record)
    assert isinstance(panel, NormalizationPanel)
    history = tiny_record.series.normalization["norm"]
    for plot, batch, running in ((panel.mean, 1, 2), (panel.variance, 3, 4)):
        for name, column in (("batch", batch), ("running", running)):
            x, y = plot.drawn(name) or pytest.fail(f"no curve {name}")
            np.testing.assert_array_equal(x, history.rows[:, 0] / 10)
            np.testing.assert_array_equal(y, history.rows[:, column])
    assert history.latest is not None
    _x, y = panel.affine.drawn("γ") or pytest.fail("no γ")
    np.testing.assert_array_equal(y, history.latest.gamma)
    _x, y = panel.modes.drawn("evaluation mode") or pytest.fail("no accuracy")
    np.testing.assert_array_equal(y, [look.eval_mode for look in tiny_record.all(ModeAccuracy)])


def test_a_frozen_normalization_says_so(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, NormalizationPanel, tiny_record)
    assert "frozen" not in panel.numbers()
    names = ("conv", "norm")
    tiny_record.apply(LayerPlan(step=30, epoch=3, names=names, factors=np.array([1, 0], np.float32)))
    assert panel.numbers().startswith("frozen ·")
    tiny_record.apply(FrozenCheck(epoch=3, names=("norm",), bytes_changed=np.array([0])))
    assert panel.numbers().startswith("frozen: 0 bytes changed in epoch 3")


def test_numbers_that_find_no_room_are_left_out_whole(qtbot: QtBot) -> None:
    numbers = Readout()
    qtbot.addWidget(numbers)
    numbers.setText("first 1.00 · second 2.00 · third 3.00")
    width = numbers.fontMetrics().horizontalAdvance
    metrics, text = numbers.fontMetrics(), numbers.text()
    assert fitting(text, width(text), metrics) == text
    assert fitting(text, width(text) - 1, metrics) == "first 1.00 · second 2.00"
    assert fitting(text, width("first 1.00"), metrics) == "first 1.00"
    assert fitting(text, width("first 1.00") - 5, metrics) == ""
    assert numbers.toolTip() == numbers.text()


def test_a_selector_is_as_wide_as_what_is_chosen(qtbot: QtBot) -> None:
    choice = Selector()
    qtbot.addWidget(choice)
    choice.addItems(["a", "a very long name of something"])
    narrow = choice.sizeHint().width()
    choice.setCurrentIndex(1)
    assert choice.sizeHint().width() > narrow + 50


def test_samples_say_targets_and_what_was_drawn(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, SamplesPanel, tiny_record)
    assert isinstance(panel, SamplesPanel)
    assert panel.grid.texts[0] == ("Coat 70% + Bag 30%", "flip · rotation 12°")
    assert panel.grid.texts[1] == ("Bag", "unchanged")
    assert len(panel.grid.cells()) == 4
    image = panel.grid.pairs[0][0]
    assert image.pixelColor(0, 0).red() == tiny_record.latest(SampleGrid).before[0, 0, 0, 0]  # type: ignore[union-attr]
    assert image.width() % 28 == 0


def test_planned_rate_is_what_the_trainer_takes(qtbot: QtBot, tiny_record: RunRecord) -> None:
    x, y = planned(tiny_record)
    assert len(x) == 30
    assert y.max() == pytest.approx(Recipe().rate, rel=0.05)
    panel = drawn(qtbot, SchedulePanel, tiny_record)
    assert isinstance(panel, SchedulePanel)
    _x, actual = panel.plot.drawn("rate 0") or pytest.fail("no rate")
    np.testing.assert_array_equal(actual, tiny_record.series.steps.rates)
    _x, plan = panel.plot.drawn("plan 0") or pytest.fail("no plan")
    np.testing.assert_array_equal(plan, y)


def test_live_changes_are_marked_on_every_curve(qtbot: QtBot, tiny_record: RunRecord) -> None:
    for kind in (LossPanel, MetricsPanel, GradientsPanel, NormalizationPanel, SchedulePanel, ActivationsPanel):
        panel = drawn(qtbot, kind, tiny_record)
        mark = panel.plots[0].overlay.marks[0]
        assert mark.x == 1.5
        assert "with dropout 0.3" in mark.text
    assert merged([ChangeMark(1, "a"), ChangeMark(1, "b"), ChangeMark(2, "c")]) == [
        ChangeMark(1, "a, b"),
        ChangeMark(2, "c"),
    ]
    assert marks_of([Shown(tiny_record, "", 1), Shown(tiny_record, "", 2)], LIGHT)[0].colour


@each_panel
def test_an_empty_panel_says_why(qtbot: QtBot, kind: type[Panel], tiny_events: list[Event]) -> None:
    panel = drawn(qtbot, kind)
    assert "Press Train" in said(panel)
    panel.show_runs([Shown(RunRecord(), "empty", 0)])
    panel.refresh()
    assert said(panel)
    assert panel.table()[0]
    panel.show_runs([Shown(RunRecord.of(tiny_events), "run", 0)])
    panel.refresh()
    assert not said(panel)


def test_a_run_without_normalization_names_the_switch(qtbot: QtBot, tiny_events: list[Event]) -> None:
    plain = [event for event in tiny_events if isinstance(event, RunStarted | StepDone)]
    assert "Normalization" in said(drawn(qtbot, NormalizationPanel, RunRecord.of(plain)))
    assert "gradients" in said(drawn(qtbot, GradientsPanel, RunRecord.of(plain)))


@each_panel
def test_only_its_kinds_make_it_dirty(qtbot: QtBot, kind: type[Panel], tiny_events: list[Event]) -> None:
    panel = drawn(qtbot, kind, RunRecord.of(tiny_events))
    assert not panel.dirty
    for event in tiny_events:
        panel.dirty = False
        panel.mark(event)
        assert panel.dirty == isinstance(event, kind.kinds)


@each_panel
def test_controls_and_axes_have_names(qtbot: QtBot, kind: type[Panel], tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, kind, tiny_record)
    assert panel.accessibleName()
    controls: list[QWidget] = [*panel.findChildren(QComboBox), *panel.findChildren(QToolButton)]
    assert all(control.accessibleName() for control in controls if control.isVisibleTo(panel))
    for button in panel.findChildren(QAbstractButton):
        assert button.focusPolicy()
    for plot in panel.plots:
        assert plot.getAxis("bottom").labelText
    assert 100 < len(panel.how_to_read) < 900


@each_panel
def test_texts_and_colours_can_change(qtbot: QtBot, kind: type[Panel], tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, kind, tiny_record)
    header, rows = panel.table()
    try:
        set_language("ru")
        panel.retranslate()
        panel.restyle(DARK)
        panel.refresh()
        assert panel.table()[0] == header
    finally:
        set_language("en")
    panel.retranslate()
    panel.refresh()
    assert to_csv(*panel.table()) == to_csv(header, rows)
    assert panel.grab().toImage().pixelColor(2, 2).name() == DARK.background


@each_panel
def test_exported_files_are_valid(qtbot: QtBot, kind: type[Panel], tiny_record: RunRecord, tmp_path: Path) -> None:
    panel = drawn(qtbot, kind, tiny_record)
    size, items = panel.size(), [len(plot.scene().items()) for plot in panel.plots]
    png = export_panel(panel, tmp_path / "a.png", 801, 451, 2)
    with Image.open(png) as picture:
        assert picture.size == (1602, 902)
        assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 20
    root = ET.parse(export_panel(panel, tmp_path / "a.svg")).getroot()
    nodes = root.iter("{http://www.w3.org/2000/svg}text")  # Qt starts a new one for Greek letters
    texts = "".join("".join("".join(node.itertext()).split()) for node in nodes)
    for plot in panel.plots:
        for text in (plot.x_text, plot.y_text) if plot.isVisibleTo(panel) else ():
            assert "".join(text.split()) in texts
    with export_panel(panel, tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    ours, expected = panel.table()
    assert header == ours
    assert len(rows) == len(expected)
    for row, values in zip(rows, expected, strict=True):
        for cell, value in zip(row, values, strict=True):
            if isinstance(value, str):
                assert cell == value
            else:
                assert float(cell) == value or (math.isnan(value) and math.isnan(float(cell)))
    assert (panel.size(), [len(plot.scene().items()) for plot in panel.plots]) == (size, items)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.png", "a.svg"]


def test_a_picture_shows_what_is_chosen_and_zoomed(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, MetricsPanel, tiny_record)
    assert isinstance(panel, MetricsPanel)
    panel.choice.setCurrentIndex(panel.choice.findData("ece"))
    panel.plot.setXRange(1, 2, padding=0)
    panel.plot.plotItem.vb.sigRangeChangedManually.emit([True, True])
    panel.refresh()
    assert panel.plot.viewRange()[0] == pytest.approx([1, 2])
    assert b"Calibration error" in svg(panel, 800, 450)
    twin = panel.twin
    assert isinstance(twin, MetricsPanel)
    assert twin.plot.viewRange()[0] == pytest.approx([1, 2])
    panel.show_everything()
    assert panel.plot.viewRange()[0][0] < 0


@pytest.mark.usefixtures("qtbot")
def test_a_whole_run_is_exported_without_a_window(tiny_record: RunRecord, tmp_path: Path) -> None:
    paths = list(export_run(tiny_record, tmp_path / "new", label="baseline"))
    assert {path.name for path in paths} == {f"{kind.name}.{ending}" for kind in PANELS for ending in OF_PANELS}
    assert all(path.stat().st_size for path in paths)
    assert "baseline" in (tmp_path / "new" / "loss.csv").read_text(encoding="utf-8")


def test_what_cannot_be_written_is_named(qtbot: QtBot, tiny_record: RunRecord, tmp_path: Path) -> None:
    panel = drawn(qtbot, LossPanel, tiny_record)
    with pytest.raises(InputError, match=r"absent.*a\.png"):
        export_panel(panel, tmp_path / "absent" / "a.png")
    with pytest.raises(InputError, match=r"a\.bmp"):
        export_panel(panel, tmp_path / "a.bmp")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        list(export_run(tiny_record, tmp_path / "file"))
    with pytest.raises(InputError, match="bmp"):
        list(export_run(tiny_record, tmp_path, ("bmp",)))


def test_a_picture_lands_on_the_clipboard(qtbot: QtBot, tiny_record: RunRecord) -> None:
    copy_to_clipboard(drawn(qtbot, LossPanel, tiny_record))
    assert QGuiApplication.clipboard().image().width() == 1600


def test_losses_that_are_not_finite_are_drawn_around(qtbot: QtBot, tiny_events: list[Event]) -> None:
    record = RunRecord.of(tiny_events)
    record.apply(StepDone(step=31, epoch=3, loss=math.inf, lr=(0.1,), seconds=0.01, images=128))
    record.apply(StepDone(step=32, epoch=3, loss=math.nan, lr=(0.1,), seconds=0.01, images=128))
    panel = drawn(qtbot, LossPanel, record)
    assert isinstance(panel, LossPanel)
    for index in range(panel.scale.count()):
        panel.scale.setCurrentIndex(index)
        panel.refresh()
        panel.grab()
        assert np.isfinite(panel.plot.viewRange()).all()


def test_coloured_and_large_images(qtbot: QtBot, tiny_record: RunRecord) -> None:
    images = np.zeros((2, 3, 300, 200), np.uint8)
    images[:, 1] = 255
    targets = np.eye(3, dtype=np.float32)[:2]
    tiny_record.apply(
        SampleGrid(step=1, before=images, after=images, labels=np.array([0, 1]), targets=targets, drawn={})
    )
    panel = drawn(qtbot, SamplesPanel, tiny_record)
    assert isinstance(panel, SamplesPanel)
    assert panel.grid.pairs[0][0].pixelColor(5, 5).name() == "#00ff00"
    assert panel.grid.cells()
    panel.grab()
