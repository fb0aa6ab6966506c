"""Stored runs are listed, named by how they differ, and shown, laid over, renamed and deleted by mouse and by key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from explorer.gui.runs import runs_list
from explorer.gui.runs.runs_list import RunsList
from explorer.gui.theme import LIGHT, run_pen
from explorer.recipe import Recipe
from explorer.runs import RunStore
from explorer.runs.experiment import Experiment
from explorer.runs.place import keep_place
from explorer.techniques import Dropout
from explorer.training.control import Control
from tests.gui.scripted import Script

LEFT = Qt.MouseButton.LeftButton


def keep(folder: Path, recipe: Recipe, age: int) -> Path:
    """A run that is over, so old."""
    with RunStore(folder, recipe) as store:
        for _event in store.recorded(Script()(recipe.with_(epochs=1), Control(), folder)):
            pass
    os.utime(folder / "run.sqlite", (10**9 - age, 10**9 - age))
    return folder


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Runs, newest first."""
    recipes = (Recipe(), Recipe(seed=5), Recipe().switched(Dropout(p=0.3)))
    names = ("2026-01-03-000000-fashion-mini", "2026-01-02-000000-fashion-mini", "mine")
    return [keep(tmp_path / name, recipe, i) for i, (name, recipe) in enumerate(zip(names, recipes, strict=True))]


@pytest.fixture
def listed(qtbot: QtBot, tmp_path: Path, three: list[Path]) -> RunsList:
    made = RunsList(tmp_path)
    qtbot.addWidget(made)
    made.resize(300, 400)
    made.show()
    made.refresh(three[0], {three[0]: 0})
    qtbot.waitUntil(lambda: (made.read_on(), not any(text.endswith("…") for text in texts(made)))[1])
    return made


def texts(listed: RunsList) -> list[str]:
    return [listed.list.item(i).text() for i in range(listed.list.count())]


ONCE = "Epochs 1"


def test_runs_are_named_by_what_they_were_whichever_is_on_screen(listed: RunsList, three: list[Path]) -> None:
    said = [f"{ONCE} · 80.0\u00a0%", f"{ONCE}; seed 5 · 80.0\u00a0%", "mine · 80.0\u00a0%"]
    assert texts(listed) == said
    listed.refresh(three[1], {three[1]: 0})
    assert texts(listed) == said
    assert [listed.list.item(i).font().bold() for i in range(3)] == [False, True, False]
    assert "with dropout 0.3" in listed.list.item(2).toolTip()


def test_runs_are_read_once_and_in_portions(
    listed: RunsList, three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    real = runs_list.stored_name
    monkeypatch.setattr(runs_list, "stored_name", lambda folder: (read.append(folder), real(folder))[1])
    listed.refresh(three[0], {})
    assert read == []
    os.utime(three[1] / "run.sqlite", (5, 5))
    listed.refresh(three[0], {})
    assert read == [three[1]]
    (three[2] / "run.sqlite").write_bytes(b"no database" * 99)
    (three[2] / "recipe.json").write_text("{", encoding="utf-8")
    listed.refresh(three[0], {})
    assert "mine · cut off in epoch 1" in texts(listed)
    monkeypatch.setattr(runs_list, "SECONDS_OF_READING", 0)
    listed._names.clear()
    listed.refresh(three[0], {})
    assert all(text.endswith("…") for text in texts(listed))
    monkeypatch.setattr(runs_list, "SECONDS_OF_READING", 1)
    listed.read_on()
    assert not any(text.endswith("…") for text in texts(listed))


def test_the_runs_of_a_comparison_stand_together_and_are_opened_together(
    qtbot: QtBot, listed: RunsList, three: list[Path], tmp_path: Path
) -> None:
    experiment = Experiment.of_technique(Dropout(p=0.3), Recipe())
    arms = [
        keep(tmp_path / f"2026-02-0{i}-000000-x", planned.recipe, 1 - 2 * i)
        for i, planned in enumerate(experiment.runs)
    ]
    for folder, planned in zip(arms, experiment.runs, strict=True):
        keep_place(folder, planned.place)
    chosen: list[tuple[Path, ...]] = []
    listed.chosen.connect(chosen.append)
    listed.refresh(None, {})
    qtbot.waitUntil(lambda: (listed.read_on(), not any(text.endswith("…") for text in texts(listed)))[1])
    assert texts(listed)[:3] == [
        "Dropout: comparison of 2 runs · not distinguishable (n = 1)",
        "Without dropout · 80.0\u00a0%",
        "Dropout 0.3 · 80.0\u00a0%",
    ]
    area = listed.list.visualItemRect(listed.list.item(0))
    qtbot.mouseClick(listed.list.viewport(), LEFT, pos=area.center())
    assert chosen == [tuple(arms)]
    listed.list.setCurrentRow(0)
    listed.act("rename")  # a heading is no folder
    listed.act("delete")


def test_the_sample_is_the_line_of_the_run(listed: RunsList, three: list[Path]) -> None:
    listed.refresh(three[0], {three[0]: 0, three[1]: 1})
    solid, dashed = (listed.list.item(i).icon().pixmap(runs_list.SAMPLE).toImage() for i in range(2))
    middle = solid.height() // 2
    inked = [[image.pixelColor(x, middle).alpha() > 200 for x in range(image.width())] for image in (solid, dashed)]
    assert all(inked[0])
    assert 0.4 * len(inked[1]) < sum(inked[1]) < len(inked[1])
    assert listed.list.item(2).icon().isNull()
    assert solid.pixelColor(5, middle).name() == LIGHT.run(0).name()
    assert run_pen(1).dashPattern()


def test_a_click_shows_a_run_and_one_on_its_tick_lays_it_over(
    qtbot: QtBot, listed: RunsList, three: list[Path]
) -> None:
    chosen: list[Path] = []
    ticked: list[tuple[Path, bool]] = []
    listed.chosen.connect(chosen.append)
    listed.ticked.connect(lambda folder, on: ticked.append((folder, on)))
    view = listed.list.viewport()

    def click(row: int, x: int) -> None:
        area = listed.list.visualItemRect(listed.list.item(row))
        qtbot.mouseClick(view, LEFT, pos=QPoint(area.left() + x, area.center().y()))

    click(1, 150)
    assert (chosen, ticked) == ([(three[1],)], [])
    click(0, 150)
    assert chosen == [(three[1],)]
    click(2, 10)
    assert (chosen, ticked) == ([(three[1],)], [(three[2], True)])
    click(2, 10)
    assert ticked[1:] == [(three[2], False)]
    assert chosen == [(three[1],)]
    click(2, 150)
    assert chosen == [(three[1],), (three[2],)]


def test_keys_do_what_the_menu_does(
    qtbot: QtBot, listed: RunsList, three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[object, ...]] = []
    listed.delete.connect(lambda folder: said.append(("delete", folder)))
    listed.rename.connect(lambda folder, name: said.append(("rename", folder, name)))
    listed.chosen.connect(lambda folder: said.append(("show", *folder)))
    listed.clear.connect(lambda: said.append(("clear",)))
    monkeypatch.setattr(QInputDialog, "exec", lambda dialog: (dialog.setTextValue("new"), dialog.width() > 500)[1])
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: said.append(("open", Path(url.toLocalFile()))))
    listed.list.setCurrentRow(1)
    qtbot.keyClick(listed.list, Qt.Key.Key_F2)
    qtbot.keyClick(listed.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(listed.list, Qt.Key.Key_Delete)
    qtbot.keyClick(listed.list, Qt.Key.Key_Return)
    assert said == [("rename", three[1], "new"), ("open", three[1]), ("delete", three[1]), ("show", three[1])]
    monkeypatch.setattr(QInputDialog, "exec", lambda _dialog: 0)
    listed.act("rename")
    assert len(said) == 4
    qtbot.keyClick(listed.list, Qt.Key.Key_Backspace)
    assert said[4:] == [("clear",)]


def test_the_row_at_the_cursor_stays_when_a_run_is_added(listed: RunsList, three: list[Path], tmp_path: Path) -> None:
    listed.list.setCurrentRow(1)
    keep(tmp_path / "newest", Recipe(), -5)
    listed.refresh(three[0], {})
    assert listed.list.currentRow() == 2
    assert listed.list.count() == 4
    assert listed.empty.isHidden()


def test_a_name_is_never_cut_but_takes_a_second_line(qtbot: QtBot, listed: RunsList, three: list[Path]) -> None:
    metrics, width = listed.list.fontMetrics(), listed.list.viewport().width()
    for i in range(listed.list.count()):
        item = listed.list.item(i)
        assert metrics.horizontalAdvance(item.text()) < width
        assert listed.list.visualItemRect(item).height() < 2 * metrics.height()
    long = three[2].rename(three[2].with_name("a name of many words that somebody gave to remember what it was for"))
    listed.refresh(three[0], {three[0]: 0})
    qtbot.waitUntil(lambda: (listed.read_on(), long.name in "".join(texts(listed)))[1])
    item = listed.list.item(2)
    assert metrics.horizontalAdvance(item.text()) > width
    assert listed.list.textElideMode() is Qt.TextElideMode.ElideNone
    assert listed.list.visualItemRect(item).height() >= 2 * metrics.height()
    assert listed.list.visualItemRect(item).right() <= width
