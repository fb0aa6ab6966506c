"""Everything by keyboard, and everything named for those who listen to the window."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QProgressBar,
    QScrollBar,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer.gui.charts.header import Readout
from explorer.gui.export.dialog import ExportDialog
from explorer.gui.menu_table import table
from explorer.gui.menus import shortcuts
from explorer.gui.recipe.form import Form
from explorer.gui.runs.transport import BUTTONS
from explorer.gui.window import Window
from explorer.recipe import Recipe
from explorer.session.session import State
from explorer.techniques import Initialization
from tests.gui.opened import opened
from tests.gui.scripted import Script

CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QAbstractItemView, QTabBar)
MOST_TABS = 400
ARROW = 24
"""Pixels that a combo box needs beside its text."""


def controls(window: QWidget) -> list[QWidget]:
    """What a person operates or can focus; not the parts that Qt builds its own widgets from."""
    found = []
    for widget in window.findChildren(QWidget):
        inner = widget.objectName().startswith("qt_") or isinstance(widget, QScrollBar | QHeaderView)
        parent = widget.parent()
        part = isinstance(parent, QAbstractSpinBox | QComboBox | QTabBar) or "QComboBoxPrivate" in str(parent)
        takes_focus = widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.focusProxy() is None
        if not inner and not part and widget.window() is window and (takes_focus or isinstance(widget, CONTROLS)):
            found.append(widget)
    return found


def said(widget: QWidget) -> str:
    """What a screen reader says: the name given, or the text it shows."""
    return widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton | QLabel) else "")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_control_has_a_name(qtbot: QtBot, tmp_path: Path, language: str) -> None:
    with opened(qtbot, tmp_path, language) as window:
        window.banner.say("Something is wrong.", "Mend it.")
        for form in window.findChildren(Form):
            assert form.editors  # which are made when they are first asked for
        found = controls(window)
        assert len(found) > 100
        nameless = [f"{type(w).__name__} in {type(w.parent()).__name__}" for w in found if not said(w).strip(" ?✕⋯")]
        assert not nameless
        dialog = ExportDialog(window.panels[0], "png")
        assert not [type(w).__name__ for w in controls(dialog) if not said(w)]
        dialog.deleteLater()


def column(window: Window, widget: QWidget) -> int:
    """0 in the recipe, 1 in a panel, 2 in the right column, 3 in the transport or the banner."""
    parts = (window.sidebar, window.grid)
    below = (window.banner, window.transport)
    if any(part.isAncestorOf(widget) or part is widget for part in below):
        return 3
    return next((i for i, part in enumerate(parts) if part.isAncestorOf(widget) or part is widget), 2)


@pytest.mark.filterwarnings("ignore:.*setActiveWindow")
def test_tab_goes_round_from_left_to_right(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path) as window:
        QApplication.setActiveWindow(window)
        train = window.transport.buttons["train"]
        train.setFocus()
        qtbot.waitUntil(lambda: QApplication.focusWidget() is train)
        for key, back in ((Qt.Key.Key_Tab, False), (Qt.Key.Key_Backtab, True)):
            path = [train]
            while len(path) < MOST_TABS:
                QTest.keyClick(QApplication.focusWidget(), key)
                path.append(QApplication.focusWidget())
                if path[-1] is train:
                    break
                assert path[-1] not in path[:-1], f"a circle that leaves out Train: {path[-1]!r}"
            assert path[-1] is train, "Tab never comes back to Train"
            columns = [column(window, widget) for widget in path]
            columns = columns[::-1] if back else columns
            turns = [c for i, c in enumerate(columns) if i == 0 or c != columns[i - 1]]
            assert turns == [3, 0, 1, 2, 3]
            reached = set(path)
            for widget in controls(window):
                usable = widget.isEnabled() and widget.isVisible()
                if usable and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    assert widget in reached, f"{type(widget).__name__} {said(widget)}"


def test_what_can_be_clicked_can_be_reached_by_keyboard(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path) as window:
        deaf = [
            f"{type(w).__name__} {said(w)}"
            for w in controls(window)
            if isinstance(w, CONTROLS) and not w.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        assert not deaf


def keys_in_use(window: Window) -> Counter[str]:
    """How often each key stands for something that can be done now."""
    keys = [key.toString() for action in window.findChildren(QAction) for key in action.shortcuts()]
    keys += [b.shortcut().toString() for b in window.findChildren(QAbstractButton) if not b.shortcut().isEmpty()]
    keys += [s.key().toString() for s in window.findChildren(QShortcut)]
    return Counter(keys)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_two_things_share_a_key(qtbot: QtBot, tmp_path: Path, language: str) -> None:
    with opened(qtbot, tmp_path, language) as window:
        keys = keys_in_use(window)
        assert all(keys), "a shortcut that Qt cannot read"
        assert not [key for key, times in keys.items() if times > 1]
        menus = [action.text() for action in window.menuBar().actions()]
        mnemonics = [QKeySequence.mnemonic(text).toString() for text in menus]
        assert all(mnemonics)
        assert not set(mnemonics) & set(keys)
        assert len(set(mnemonics)) == len(menus)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_help_lists_every_key(qtbot: QtBot, tmp_path: Path, language: str) -> None:
    with opened(qtbot, tmp_path, language) as window:
        text = shortcuts(window.menus)
        for key in keys_in_use(window):
            assert f"<b>{key}</b>" in text
        assert all(key in text for _text, key, _help in BUTTONS.values())
        assert "&" not in text.replace("&amp;", "").replace("&lt;", "")


def test_no_key_is_one_that_qt_cannot_read(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path) as window:
        window.grid.panels = window.grid.panels * 4  # more panels than there are digits
        menus = dict(table(window.commands, window, window.arrangement, window.grid, window.desk))
        entries = menus["&View"][0][1]
        keys = [item.shortcut for item in entries if item and item.name.startswith("enlarge")]
        assert keys[:10] == [f"Ctrl+{digit}" for digit in "1234567890"]
        assert not any(keys[10:])


@pytest.mark.filterwarnings("ignore:.*setActiveWindow")
def test_undo_reaches_the_recipe_from_an_editor(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path) as window:
        QApplication.setActiveWindow(window)
        for name, value in (("epochs", 3), ("lr", 0.5)):
            editor = window.sidebar.main.editors[name]
            editor.setFocus()
            qtbot.waitUntil(lambda editor=editor: QApplication.focusWidget() is editor)
            editor.selectAll()
            QTest.keyClicks(editor, str(value))
            QTest.keyClick(editor, Qt.Key.Key_Return)
            assert getattr(window.session.recipe, name) == value
            QTest.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
            assert window.session.recipe == Recipe()
            QTest.keyClick(
                editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
            )
            assert getattr(window.session.recipe, name) == value
            window.menus.actions["undo"].trigger()


@pytest.mark.filterwarnings("ignore:.*setActiveWindow")
def test_undo_takes_back_what_is_being_typed_first(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path) as window:
        QApplication.setActiveWindow(window)
        window.change(Recipe(epochs=7))
        editor = window.sidebar.main.editors["lr"]
        editor.setFocus()
        qtbot.waitUntil(lambda: QApplication.focusWidget() is editor)
        editor.selectAll()
        QTest.keyClicks(editor, "9")
        QTest.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        assert window.session.recipe == Recipe(epochs=7)


def cut(widget: QWidget) -> str:
    """The text of `widget` if it has not the room to be read."""
    metrics = widget.fontMetrics()
    match widget:
        case QAbstractSpinBox():
            text, room = widget.lineEdit().text(), widget.lineEdit().width()
        case QComboBox():
            text, room = widget.currentText(), widget.width() - ARROW
        case QAbstractButton():
            text, room = (
                widget.text(),
                widget.width() - (widget.sizeHint().width() - metrics.horizontalAdvance(widget.text())),
            )
        case Readout():
            return ""  # shows as many whole parts as find room
        case QProgressBar():
            text, room = widget.text(), widget.width()
        case QLabel() if not widget.wordWrap():
            text, room = widget.text(), widget.width()
        case _:
            return ""
    return text if metrics.horizontalAdvance(text.replace("&", "")) > room else ""


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_text_is_cut_in_the_smallest_window(qtbot: QtBot, tmp_path: Path, language: str) -> None:
    recipe = Recipe().without("normalization").switched(Initialization(kind="large"))
    script = Script(fail_at=20, how="diverge", seconds=0.001)
    with opened(qtbot, tmp_path, language, script, recipe) as window:
        window.sidebar.unfold.click()
        for card in window.sidebar.cards.values():
            card.unfold.click()
        QApplication.processEvents()
        seen = [w for part in (window.sidebar, window.transport) for w in part.findChildren(QWidget) if w.isVisible()]
        assert not [f"{type(w.parent()).__name__}: {cut(w)}" for w in seen if cut(w)]
        window.press("batch")
        qtbot.waitUntil(lambda: window.session.state is State.PAUSED)
        window.tick()
        QApplication.processEvents()
        assert not [cut(w) for w in window.transport.findChildren(QWidget) if cut(w)]
        window.press("pause")
        qtbot.waitUntil(lambda: not window.banner.isHidden(), timeout=20_000)
        QApplication.processEvents()
        below = [*window.transport.findChildren(QWidget), *window.banner.findChildren(QWidget)]
        assert not [cut(w) for w in below if w.isVisible() and cut(w)]
