"""The panels of what the network answers: confusion and calibration."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from explorer.events import Evaluation, Event
from explorer.gui.charts.matrix import Matrix
from explorer.gui.charts.mistakes import describe
from explorer.gui.panels.calibration import CalibrationPanel
from explorer.gui.panels.confusion import ConfusionPanel
from explorer.runs.record import RunRecord
from tests.gui.drawing import drawn, said


def test_confusion_equals_the_record(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, ConfusionPanel, tiny_record)
    assert isinstance(panel, ConfusionPanel)
    evaluation = tiny_record.latest(Evaluation)
    assert evaluation is not None
    matrix = panel.matrix
    assert matrix.names == ["Coat", "Bag", "Boot"]
    assert [matrix.text(0, k) for k in range(3)] == ["77", "23", ""]
    panel.choice.setCurrentIndex(panel.choice.findData("counts"))
    panel.refresh()
    assert [[matrix.text(i, k) for k in range(3)] for i in range(3)] == [
        ["10", "3", ""],
        ["1", "12", "1"],
        ["", "", "15"],
    ]
    for i in range(3):
        for k in range(3):
            assert matrix.cell_at(matrix.cell(i, k).center()) == (i, k)
    assert matrix.cell_at(QPointF(1, 1)) is None
    told = matrix.describe(0, 1)
    assert "Coat" in told
    assert "Bag" in told
    assert "3 images" in told
    assert "23.1%" in told
    assert [describe(mistake) for mistake in panel.mistakes.mistakes] == ["Coat → Bag, 98%", "Bag → Boot, 60%"]
    assert panel.mistakes.mistakes[0].image.pixelColor(0, 0).red() == evaluation.images[0, 0, 0, 0]
    assert len(panel.mistakes.cells()) == 2
    assert "most often Coat → Bag: 3" in panel.numbers()
    assert len(panel.table()[1]) == 9 + 2


def test_confusion_without_a_matrix_and_without_mistakes(qtbot: QtBot, tiny_record: RunRecord) -> None:
    evaluation = tiny_record.latest(Evaluation)
    assert evaluation is not None
    none = np.zeros(0, np.int64)
    tiny_record.apply(
        Evaluation(
            epoch=4,
            confusion=np.zeros((0, 0), np.int64),
            bins=evaluation.bins,
            images=np.zeros((0, 1, 28, 28), np.uint8),
            labels=none,
            answers=none,
            confidence=np.zeros(0, np.float32),
        )
    )
    panel = drawn(qtbot, ConfusionPanel, tiny_record)
    assert isinstance(panel, ConfusionPanel)
    assert "too many classes" in panel.matrix.note
    assert "right" in panel.mistakes.note
    assert panel.table()[1] == []
    panel.grab()


@pytest.mark.parametrize("classes", [2, 30, 100])
@pytest.mark.parametrize("size", [(300, 200), (1600, 900)])
def test_a_matrix_of_any_size_is_painted_within_its_bounds(qtbot: QtBot, classes: int, size: tuple[int, int]) -> None:
    matrix = Matrix()
    qtbot.addWidget(matrix)
    matrix.resize(*size)
    counts = np.random.default_rng(0).integers(0, 300, (classes, classes))
    matrix.show_matrix(counts, [f"a class with a long name {k}" for k in range(classes)], percent=False, note="")
    last = matrix.cell(classes - 1, classes - 1)
    assert last.right() <= matrix.width()
    assert last.bottom() <= matrix.height()
    assert matrix.grid().width() > 0.55 * matrix.width()
    assert matrix.grid().height() > 0.5 * matrix.height()
    assert len(matrix.grab().toImage().convertToFormat(QImage.Format.Format_Indexed8).colorTable()) > 10


def test_calibration_equals_the_record(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, CalibrationPanel, tiny_record)
    assert isinstance(panel, CalibrationPanel)
    x, y = panel.plot.drawn("accuracy 0") or pytest.fail("no curve")
    np.testing.assert_allclose(x, [0.38, 0.97])
    np.testing.assert_allclose(y, [0.5, 0.9])
    x, y = panel.plot.drawn("few 0") or pytest.fail("no faint dots")
    np.testing.assert_allclose([x, y], [[0.65], [0]])
    x, y = panel.images.drawn("images 0") or pytest.fail("no histogram")
    assert dict(zip(x[::2].round(3).tolist(), y[::2].tolist(), strict=True))[0.933] == 20
    ece = (20 * 0.12 + 2 * 0.65 + 20 * 0.07) / 42
    assert f"ECE {ece:.1%}" in panel.numbers()
    assert "over-confident" in panel.numbers() or "under-confident" in panel.numbers()
    assert len(panel.table()[1]) == 15


def test_calibration_of_several_runs(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = drawn(qtbot, CalibrationPanel, tiny_record, RunRecord(), tiny_record)
    assert isinstance(panel, CalibrationPanel)
    assert panel.plot.drawn("accuracy 0") is not None
    assert panel.plot.drawn("accuracy 2") is not None
    entries = panel.plot.legend_strip.entries
    assert [entry.text.split(",")[0] for entry in entries[:2]] == ["run 0", "run 2"]
    assert entries[0].pen.dashPattern() != entries[1].pen.dashPattern()


def test_without_evaluation_it_is_said_what_was_not_measured(qtbot: QtBot, tiny_events: list[Event]) -> None:
    record = RunRecord.of(event for event in tiny_events if not isinstance(event, Evaluation))
    for kind in (ConfusionPanel, CalibrationPanel):
        assert "without measuring this: answers to the validation images" in said(drawn(qtbot, kind, record))
