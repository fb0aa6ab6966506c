"""Pictures of the size asked for, remembered for the next time; a file is whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image
from pypdfium2 import PdfDocument
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from explorer.gui.export.dialog import LARGEST, ExportDialog, ExportOptions, remembered
from explorer.gui.export.panel_files import copy_to_clipboard, export_panel, save_as, suggested_name
from explorer.gui.panels import Panel, Shown
from explorer.gui.panels.loss import LossPanel
from explorer.gui.theme import DARK, LIGHT
from explorer.runs import RunRecord
from tests.gui.opened import opened

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    remembered.restore("")
    yield
    remembered.restore("")


@pytest.fixture
def panel(qtbot: QtBot, tiny_record: RunRecord) -> Panel:
    panel = LossPanel()
    qtbot.addWidget(panel)
    panel.resize(480, 300)
    panel.show_runs([Shown(tiny_record, "2026-11-23-fashion-mini", 0)])
    panel.refresh()
    return panel


def answer(monkeypatch: pytest.MonkeyPatch, place: Path | str, press: str = "save", **values: float) -> list[str]:
    """Answer the dialog with `values`, press a button of it, and choose `place`; what was suggested."""
    suggested: list[str] = []

    def execute(dialog: ExportDialog) -> int:
        for name, value in values.items():
            getattr(dialog, name).setValue(value)
        getattr(dialog, press).click()
        return 0

    def chosen(_parent: object, _title: str, start: str, _filter: str) -> tuple[str, str]:
        suggested.append(start)
        return str(place), ""

    monkeypatch.setattr(ExportDialog, "exec", execute)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", chosen)
    return suggested


def test_a_picture_has_the_size_and_scale_asked_for(
    panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suggested = answer(monkeypatch, tmp_path / "a.png", width_=640, height_=360, scale=2.5)
    save_as(panel, "png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (1600, 900)
    assert Path(suggested[0]).name == "2026-11-23-fashion-mini-loss.png"
    save_as(panel, "png")  # what was chosen last is offered again, place and all
    assert Path(suggested[1]).parent == tmp_path
    assert remembered.options == ExportOptions(640, 360, 2.5)


def test_the_ending_is_added_where_it_was_left_out(
    panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, tmp_path / "drawing")
    save_as(panel, "svg")
    assert ET.parse(tmp_path / "drawing.svg").getroot().tag == f"{SVG}svg"


def test_numbers_need_no_size(panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, tmp_path / "a.csv", press="nothing")
    save_as(panel, "csv")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").startswith("run,")


def test_copying_takes_the_chosen_size(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    suggested = answer(monkeypatch, "", press="copy", width_=1000, height_=500, scale=2)
    save_as(panel, "png")
    assert not suggested
    for _again in range(2):
        image = QGuiApplication.clipboard().image()
        assert (image.width(), image.height()) == (2000, 1000)
        QGuiApplication.clipboard().clear()
        copy_to_clipboard(panel)  # from the menu, at once, as the last time


def test_cancel_changes_nothing(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExportDialog, "exec", lambda dialog: dialog.width_.setValue(640) or dialog.reject())
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: pytest.fail("asked for a place"))
    save_as(panel, "png")
    assert remembered.options == ExportOptions()


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_the_colours_are_the_ones_asked_for(panel: Panel, tmp_path: Path, palette: object) -> None:
    options = ExportOptions(400, 300, dark=palette is DARK)
    path = export_panel(panel, tmp_path / "a.png", options.width, options.height, palette=options.palette)
    with Image.open(path) as picture:
        assert "#{:02x}{:02x}{:02x}".format(*picture.convert("RGB").getpixel((1, 298))) == options.palette.background
    assert options.palette is palette


def test_a_drawing_keeps_legend_and_axes_as_text(panel: Panel, tmp_path: Path) -> None:
    root = ET.parse(export_panel(panel, tmp_path / "a.svg", 1200, 900)).getroot()
    said = " ".join("".join(node.itertext()) for node in root.iter(f"{SVG}text"))
    assert "training" in said
    assert "validation" in said
    for plot in panel.plots:
        assert plot.y_text.split(",")[0] in said


def test_a_page_is_as_large_as_asked_and_keeps_its_text(panel: Panel, tmp_path: Path) -> None:
    with PdfDocument(export_panel(panel, tmp_path / "a.pdf", 1200, 900)) as document:
        (page,) = document
        assert page.get_width() / page.get_height() == pytest.approx(4 / 3, rel=0.01)
        assert "validation" in page.get_textpage().get_text_range()


def test_presets_and_sides_follow_each_other(qtbot: QtBot, panel: Panel) -> None:
    dialog = ExportDialog(panel, "png")
    qtbot.addWidget(dialog)
    for key, size in (("slide", (1920, 1080)), ("column", (1200, 900)), ("screen", (480, 300))):
        index = dialog.preset.findData(key)
        dialog.preset.setCurrentIndex(index)
        dialog.preset.activated.emit(index)
        assert (dialog.options().width, dialog.options().height) == size
        assert dialog.preset.currentData() == key
    dialog.width_.setValue(777)
    assert dialog.preset.currentData() == "own"
    dialog.height_.setValue(900)
    dialog.width_.setValue(1200)
    assert dialog.preset.currentData() == "column"
    dialog.scale.setValue(2)
    assert dialog.total.text() == "2400 × 1800 pixels"


def test_what_no_memory_could_hold_is_refused(qtbot: QtBot, panel: Panel) -> None:
    dialog = ExportDialog(panel, "png")
    qtbot.addWidget(dialog)
    dialog.width_.setValue(LARGEST)
    dialog.height_.setValue(LARGEST)
    assert dialog.save.isEnabled()
    dialog.scale.setValue(1.5)
    assert not dialog.save.isEnabled()
    assert not dialog.copy.isEnabled()
    assert "too large" in dialog.total.text()
    drawing = ExportDialog(panel, "svg")
    qtbot.addWidget(drawing)
    assert drawing.scale.isHidden()  # a drawing has no pixels


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("This run", "This-run-loss.png"),
        ("Этот запуск", "Этот-запуск-loss.png"),
        ("dropout.p 0.2 → 0.1", "dropout.p-0.2-0.1-loss.png"),
        ("../..\\a:b", "a-b-loss.png"),
        ("", "loss.png"),
    ],
)
def test_the_suggested_name_can_be_a_file_anywhere(panel: Panel, label: str, name: str) -> None:
    panel.show_runs([Shown(panel.runs[0].record, label, 0)])
    assert suggested_name(panel, "png") == name


def test_the_choice_outlives_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, example=False):
        remembered.options, remembered.folder = ExportOptions(1200, 900, 2.0, True), tmp_path
    state = remembered.state()
    remembered.restore("")
    assert remembered.options == ExportOptions()
    remembered.restore(state)
    assert (remembered.options, remembered.folder) == (ExportOptions(1200, 900, 2.0, True), tmp_path)
    for broken in ("nonsense", "[]", '{"width": 1}', state.replace("1200", "0"), state.replace("2.0", "1e9")):
        remembered.restore(broken)
        assert remembered.options == ExportOptions()


def test_a_failed_write_leaves_the_old_file(panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    synced: list[int] = []

    def full(file: int) -> None:
        synced.append(file)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *arguments: said.append(arguments[2]))
    answer(monkeypatch, path)
    save_as(panel, "csv")
    assert "No space left" in said[0]
    assert synced
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
