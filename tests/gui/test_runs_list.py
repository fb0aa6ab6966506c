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
from explorer.gui.runs.runs_list import RunsList, called
from explorer.gui.theme import LIGHT, run_pen
from explorer.recipe import Recipe
from explorer.techniques import Dropout

LEFT = Qt.MouseButton.LeftButton


def keep(folder: Path, recipe: Recipe, age: int) -> Path:
    """What the list reads of a run: its recipe, and when it was written."""
    folder.mkdir()
    (folder / "recipe.json").write_text(recipe.to_json(), encoding="utf-8")
    (folder / "run.sqlite").touch()
    os.utime(folder / "run.sqlite", (10**9 - age, 10**9 - age))
    return folder


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Runs, newest first."""
    recipes = (Recipe(), Recipe(lr=0.5), Recipe().switched(Dropout(p=0.3)))
    names = ("2026-01-03-000000-fashion-mini", "2026-01-02-000000-fashion-mini", "mine")
    return [keep(tmp_path / name, recipe, i) for i, (name, recipe) in enumerate(zip(names, recipes, strict=True))]


@pytest.fixture
def listed(qtbot: QtBot, tmp_path: Path, three: list[Path]) -> RunsList:
    made = RunsList(tmp_path)
    qtbot.addWidget(made)
    made.resize(300, 400)
    made.show()
    made.refresh(three[0], {three[0]: 0}, Recipe())
    return made


def texts(listed: RunsList) -> list[list[str]]:
    return [listed.list.item(i).text().split("\n") for i in range(listed.list.count())]


def test_runs_are_named_by_what_differs_from_the_one_on_screen(listed: RunsList, three: list[Path]) -> None:
    assert [lines[1] for lines in texts(listed)] == ["on screen", "lr 0.2 → 0.5", "+ dropout 0.3"]
    assert texts(listed)[2][0].startswith("mine · 20")
    assert texts(listed)[1][0] == called(three[1])
    assert "fashion" not in texts(listed)[1][0]
    listed.refresh(three[1], {three[1]: 0}, Recipe(lr=0.5))
    assert [lines[1] for lines in texts(listed)] == ["lr 0.5 → 0.2", "on screen", "lr 0.5 → 0.2, + dropout 0.3"]
    listed.refresh(None, {}, None)
    assert [lines[1] for lines in texts(listed)] == ["default recipe", "lr 0.2 → 0.5", "+ dropout 0.3"]


def test_recipes_are_read_once_and_in_portions(
    listed: RunsList, three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    real = Recipe.read
    monkeypatch.setattr(Recipe, "read", classmethod(lambda _kind, path: (read.append(path.parent), real(path))[1]))
    listed.refresh(three[0], {}, Recipe())
    assert read == []
    (three[1] / "recipe.json").write_text(Recipe(lr=0.7).to_json(), encoding="utf-8")
    os.utime(three[1] / "recipe.json", (5, 5))
    listed.refresh(three[0], {}, Recipe())
    assert read == [three[1]]
    (three[2] / "recipe.json").write_text("{", encoding="utf-8")
    listed.refresh(three[0], {}, Recipe())
    assert [lines[1] for lines in texts(listed)] == ["on screen", "lr 0.2 → 0.7", "its recipe cannot be read"]
    monkeypatch.setattr(runs_list, "SECONDS_OF_READING", 0)
    listed.refresh(three[0], {}, Recipe())
    assert {lines[1] for lines in texts(listed)} == {"…"}
    monkeypatch.setattr(runs_list, "SECONDS_OF_READING", 1)
    listed.read_on()
    assert "…" not in {lines[1] for lines in texts(listed)}


def test_the_sample_is_the_line_of_the_run(listed: RunsList, three: list[Path]) -> None:
    listed.refresh(three[0], {three[0]: 0, three[1]: 1}, Recipe())
    solid, dashed, none = (listed.list.item(i).icon().pixmap(runs_list.SAMPLE).toImage() for i in range(3))
    middle = solid.height() // 2
    inked = [
        [image.pixelColor(x, middle).alpha() > 200 for x in range(image.width())] for image in (solid, dashed, none)
    ]
    assert all(inked[0])
    assert 0.4 * len(inked[1]) < sum(inked[1]) < len(inked[1])
    assert not any(inked[2])
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
    assert (chosen, ticked) == ([three[1]], [])
    click(0, 150)
    assert chosen == [three[1]]
    click(2, 10)
    assert (chosen, ticked) == ([three[1]], [(three[2], True)])
    click(2, 10)
    assert ticked[1:] == [(three[2], False)]
    assert chosen == [three[1]]
    click(2, 150)
    assert chosen == [three[1], three[2]]


def test_keys_do_what_the_menu_does(
    qtbot: QtBot, listed: RunsList, three: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[object, ...]] = []
    listed.delete.connect(lambda folder: said.append(("delete", folder)))
    listed.rename.connect(lambda folder, name: said.append(("rename", folder, name)))
    listed.chosen.connect(lambda folder: said.append(("show", folder)))
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("new", True))
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: said.append(("open", Path(url.toLocalFile()))))
    listed.list.setCurrentRow(1)
    qtbot.keyClick(listed.list, Qt.Key.Key_F2)
    qtbot.keyClick(listed.list, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(listed.list, Qt.Key.Key_Delete)
    qtbot.keyClick(listed.list, Qt.Key.Key_Return)
    assert said == [("rename", three[1], "new"), ("open", three[1]), ("delete", three[1]), ("show", three[1])]
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("", False))
    listed.act("rename")
    assert len(said) == 4


def test_the_row_at_the_cursor_stays_when_a_run_is_added(listed: RunsList, three: list[Path], tmp_path: Path) -> None:
    listed.list.setCurrentRow(1)
    keep(tmp_path / "newest", Recipe(), -5)
    listed.refresh(three[0], {}, Recipe())
    assert listed.list.currentRow() == 2
    assert listed.list.count() == 4
    assert listed.empty.isHidden()
