"""A folder is looked through beside the window; its pictures come to one shape as somebody says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from explorer.data import DataChoice, Source
from explorer.gui.recipe import data_editor
from explorer.gui.recipe.data_editor import DataEditor
from tests.gui.test_form import choose, found, pictures


class Slow:
    """Looks through folders until it is told to go on."""

    def __init__(self) -> None:
        self.go, self.left = threading.Event(), threading.Event()

    def look(self, name: str, seen: Callable[[int], None]) -> Source:
        files = 0
        try:
            while not self.go.wait(0.001):
                seen(files := files + 1000)
        except BaseException:
            self.left.set()
            raise
        return look(name, seen)


look = data_editor.look


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    slow = Slow()
    monkeypatch.setattr(data_editor, "look", slow.look)
    yield slow
    slow.go.set()


@pytest.fixture
def editor(qtbot: QtBot) -> DataEditor:
    editor = DataEditor()
    qtbot.addWidget(editor)
    editor.show()
    return editor


def begin(editor: DataEditor, folder: str) -> None:
    editor.ask_folder = lambda: folder
    editor.combo.setCurrentIndex(editor.combo.count() - 1)
    editor.combo.activated.emit(editor.combo.count() - 1)


def test_a_search_says_how_far_it_is_and_can_be_cancelled(
    editor: DataEditor, slow: Slow, tmp_path: Path, qtbot: QtBot
) -> None:
    cats = pictures(tmp_path / "cats", lion=4, puma=4)
    began = time.perf_counter()
    begin(editor, cats)
    assert time.perf_counter() - began < 1
    assert editor.searching
    assert editor.combo.value_() == "fashion-mini"
    qtbot.waitUntil(editor.under_way.isVisible)
    assert editor.under_way.text.text().startswith("Looking through cats: ")
    editor.under_way.button.click()
    assert not editor.searching
    assert not editor.under_way.isVisible()
    assert slow.left.wait(5)
    assert editor.value_() == DataChoice()


def test_the_newest_wish_wins(editor: DataEditor, slow: Slow, tmp_path: Path) -> None:
    cats, dogs = pictures(tmp_path / "cats", lion=4, puma=4), pictures(tmp_path / "dogs", wolf=9, fox=9)
    emitted: list[DataChoice] = []
    editor.edited.connect(lambda: emitted.append(editor.value_()))
    begin(editor, cats)
    begin(editor, dogs)
    editor.per_class.setValue(3)  # meanwhile
    slow.go.set()
    found(editor)
    assert editor.value_() == DataChoice(name=dogs, per_class=3)
    assert [choice.name for choice in emitted] == ["fashion-mini", dogs]
    begin(editor, cats)
    editor.set_value(DataChoice(name="gauges"))  # such as by Undo
    assert not editor.searching
    assert editor.value_().name == "gauges"


def test_a_recipe_s_folder_is_looked_through_beside_the_window(
    editor: DataEditor, slow: Slow, tmp_path: Path, qtbot: QtBot
) -> None:
    cats = pictures(tmp_path / "cats", lion=4, puma=4)
    editor.set_value(DataChoice(name=cats))
    assert editor.source is None
    editor.cancel()
    assert "cancelled" in editor.about.text()
    editor.per_class.setValue(2)  # does not begin it anew
    assert not editor.searching
    slow.go.set()
    choose(editor, cats)
    assert editor.about.text() == "8 pictures, 2 classes."
    editor.set_value(DataChoice())
    editor.set_value(DataChoice(name=cats))
    with qtbot.waitSignal(editor.told):
        pass
    assert editor.source is not None


def test_how_pictures_come_to_one_shape(editor: DataEditor, tmp_path: Path) -> None:
    assert not editor.view.isVisible()
    cats = pictures(tmp_path / "cats", lion=4, puma=4)
    choose(editor, cats)
    assert editor.view.isVisible()
    editor.view.size_.setValue(96)
    for box, value in ((editor.view.fit, "pad"), (editor.view.colour, False)):
        box.setCurrentIndex(box.findData(value))
        box.activated.emit(box.currentIndex())
    assert editor.value_() == DataChoice(name=cats, size=96, fit="pad", colour=False)
    assert editor.source is not None
    spec = editor.source.spec(editor.value_())
    assert (spec.channels, spec.size) == (1, 96)
    editor.combo.setCurrentIndex(editor.combo.findData("gauges"))
    editor.combo.activated.emit(editor.combo.currentIndex())
    assert editor.value_() == DataChoice(name="gauges")  # whose pictures have a shape of their own
    assert not editor.view.isVisible()
    editor.set_value(DataChoice(name=cats, size=32))
    assert editor.view.size_.value() == 32
    QTest.qWait(0)
    found(editor)


def test_what_is_cut_off_and_lost_is_shown(editor: DataEditor, tmp_path: Path, qtbot: QtBot) -> None:
    for name in ("lion", "puma"):
        (tmp_path / "cats" / name).mkdir(parents=True)
        for n in range(4):
            pixels = np.zeros((60, 120, 3), np.uint8)
            pixels[:, 30:90] = 10, 200, 30  # the middle, which is kept
            Image.fromarray(pixels).save(tmp_path / "cats" / name / f"{n}.png")
    choose(editor, str(tmp_path / "cats"))
    editor.view.size_.setValue(30)
    qtbot.waitUntil(lambda: not editor.view.looking)
    assert editor.view.lost.text() == "50 % of the area is cut off. Of the files' pixels 88 % are lost."
    drawn = editor.view.picture.grab().toImage()
    assert editor.view.picture.isVisible()
    assert drawn.pixelColor(32, 32).green() > 190
    assert drawn.pixelColor(4, 32) != drawn.pixelColor(4, 2)  # dimmed, but there
    assert drawn.pixelColor(4, 64 + 6 + 4).green() > 190
    editor.view.fit.set_value("pad")
    editor.view.fit.edited.emit()
    qtbot.waitUntil(lambda: not editor.view.looking)
    assert editor.view.lost.text() == "50 % of each picture is black bars. Of the files' pixels 94 % are lost."
    assert editor.view.picture.grab().toImage().pixelColor(32, 64 + 6 + 4).green() < 30
    editor.view.size_.setValue(96)
    editor.view.fit.set_value("stretch")
    editor.view.fit.edited.emit()
    qtbot.waitUntil(lambda: not editor.view.looking)
    assert "Stretched 2.00 times." in editor.view.lost.text()
    assert "100 % of the pictures are smaller than this, and enlarged." in editor.view.lost.text()
    editor.set_value(DataChoice())
    assert not editor.view.picture.isVisible()
