"""The columns follow the window until they are moved; the right one fits from 1280 pixels on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from explorer.events import RecipeChanged
from explorer.gui.layout.columns import LEAST, MOST, Columns
from explorer.gui.settings import Memory
from explorer.gui.window import Window
from explorer.recipe import Recipe
from tests.gui.opened import opened
from tests.gui.scripted import Script


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    memory = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    memory.keep(language="en", scheme="light")
    return memory


@pytest.fixture
def window(qtbot: QtBot, memory: Memory, tmp_path: Path) -> Window:
    made = Window(memory, Script(), tmp_path / "runs")
    qtbot.addWidget(made, before_close_func=lambda window: setattr(window, "_ask", lambda _question: True))
    made.resize(1280, 720)
    made.show()
    qtbot.waitUntil(lambda: made.columns.width() == 1280)
    return made


def test_they_follow_the_width_until_somebody_moves_them(qtbot: QtBot, window: Window) -> None:
    assert window.right.isVisible()
    assert (window.width(), window.right.width()) == (1280, LEAST)
    assert window.grid.width() >= 700
    window.resize(1920, 1000)
    qtbot.waitUntil(lambda: window.right.width() > 300)
    window.resize(3840, 2000)
    qtbot.waitUntil(lambda: window.right.width() == MOST)
    assert window.columns.state().isEmpty()
    window.columns.moveSplitter(window.columns.width() - 500, 2)
    assert not window.columns.state().isEmpty()
    window.resize(1920, 1000)
    qtbot.waitUntil(lambda: window.columns.width() == 1920)
    assert window.right.width() > 400
    again = Columns(*(type(window.banner)() for _ in range(3)))
    qtbot.addWidget(again)
    again.resize(1920, 500)
    again.restore(window.columns.state())
    assert again.state() == window.columns.state()
    window.arrangement.reset()
    qtbot.waitUntil(lambda: window.right.width() < 400)


def test_what_is_shown_and_how_large_is_remembered(
    qtbot: QtBot, window: Window, memory: Memory, tmp_path: Path
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F9)
    assert window.right.isHidden()
    qtbot.keyClick(window, Qt.Key.Key_F9)
    window.right.setSizes([100, 400])
    sizes = window.right.sizes()
    window.menus.actions["runs"].trigger()
    window.close()
    again = Window(memory, Script(), tmp_path / "runs")
    qtbot.addWidget(again)
    again.show()
    assert again.right.isHidden()
    assert not again.menus.actions["runs"].isChecked()
    again.menus.actions["runs"].trigger()
    qtbot.waitUntil(lambda: abs(again.right.sizes()[0] - sizes[0]) < 20)
    again.arrangement.reset()
    qtbot.waitUntil(lambda: abs(again.right.sizes()[0] - again.right.sizes()[1]) < 20)


def test_a_tick_in_the_layers_list_freezes_in_the_run_and_can_be_undone(qtbot: QtBot, window: Window) -> None:
    window._events = Script(seconds=0.002)
    window.change(Recipe(epochs=500))
    window.press("batch")
    qtbot.waitUntil(lambda: window.session.state.name == "PAUSED")
    qtbot.waitUntil(lambda: window.layers.tree.topLevelItemCount() == 2)
    window.layers.tree.topLevelItem(0).setCheckState(0, Qt.CheckState.Unchecked)
    assert window.session.recipe.frozen == ("conv",)
    assert window.layers.chip.text() == "next batch"
    assert window.session.current
    record = window.session.current.record
    window.press("batch")
    qtbot.waitUntil(lambda: [record.changes(mark) for mark in record.all(RecipeChanged)] == [("frozen: conv",)])
    qtbot.waitUntil(lambda: window.layers.chip.text() == "")
    assert "Start fresh: classifier" in window.transport.message.toolTip()
    window.menus.actions["undo"].trigger()
    assert window.layers.tree.topLevelItem(0).checkState(0) is Qt.CheckState.Checked
    qtbot.waitUntil(lambda: window.session.state.name == "PAUSED")
    window.press("batch")
    qtbot.waitUntil(lambda: [record.changes(mark) for mark in record.all(RecipeChanged)[1:]] == [("learning: conv",)])
    window.press("stop")
    qtbot.waitUntil(lambda: window.session.state.name == "IDLE")


def test_a_panel_fills_the_window_and_goes_back(qtbot: QtBot, window: Window) -> None:
    header = window.panels[0].mapTo(window.grid.cells[0], window.panels[0].rect().topLeft())
    qtbot.mouseDClick(window.grid.cells[0], Qt.MouseButton.LeftButton, pos=header)
    qtbot.waitUntil(lambda: window.grid.width() == window.columns.width())
    assert [panel.name for panel in window.grid.visible_panels()] == ["loss"]
    assert not window.columns.shows("left")
    assert not window.columns.shows("right")
    assert window.transport.buttons["train"].isVisible()
    window.menus.actions["All in their places"].trigger()
    qtbot.waitUntil(lambda: window.columns.shows("left") and window.columns.shows("right"))
    assert len(list(window.grid.visible_panels())) == 4
    window.menus.actions["enlarge-metrics"].trigger()
    assert not window.columns.shows("left")
    window.arrangement.toggle_recipe()  # the recipe beside the large panel, because somebody wants it
    assert window.columns.shows("left")
    window.menus.actions["enlarge-metrics"].trigger()
    assert len(list(window.grid.visible_panels())) == 4


def test_where_there_is_no_room_for_both_the_other_column_folds(qtbot: QtBot, window: Window) -> None:
    window.resize(800, 600)
    qtbot.waitUntil(lambda: window.columns.width() == 800)
    assert window.columns.shows("left")
    assert not window.columns.shows("right")
    window.transport.columns["right"].click()
    assert window.columns.shows("right")
    assert not window.columns.shows("left")
    assert window.menus.actions["runs"].isChecked()
    assert not window.menus.actions["recipe"].isChecked()
    window.transport.columns["left"].click()
    assert window.columns.shows("left")
    assert not window.columns.shows("right")


def test_no_tab_and_no_number_of_images_is_cut_in_the_smallest_usual_window(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(
        qtbot, tmp_path, "ru", recipe=Recipe().with_(data={"name": "fashion-mini", "per_class": 600})
    ) as window:
        QApplication.processEvents()
        for cell in window.grid.cells:
            assert cell.tabs.sizeHint().width() <= cell.width(), cell.panels[0].title
        per_class = window.sidebar.images.per_class
        line = per_class.findChild(QLineEdit)
        assert line.text() == "600 на класс"
        assert line.fontMetrics().horizontalAdvance(line.text()) < line.width()
