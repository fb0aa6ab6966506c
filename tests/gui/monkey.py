"""Somebody who tries everything in the window, in an order that a seed decides, and believes no bounds."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QListWidget,
    QMenu,
    QToolButton,
    QTreeWidget,
    QWidget,
)

from explorer.data import DataChoice
from explorer.gui.panels import Panel
from explorer.gui.recipe.form import Form
from explorer.gui.window import Window
from explorer.networks import SmallCNN
from explorer.recipe import Recipe
from explorer.session.session import State
from explorer.techniques import Transfer

BUNDLED = ("fashion-mini", "gauges")
TYPED = ("", "0", "-5", "1", "2", "0.3", "0,25", "7", "1e-7", "99999999999", "nan", "inf", "abc", "1, 2", "3 4 x", "½")
"""What is typed into fields: within bounds, beyond them, and nonsense."""
MOST_OVERLAID = 2
"""Runs over another: plots keep the curves of as many as were ever on screen."""
SCHEMES, LANGUAGES = ("light", "dark", "auto"), ("en", "ru")
LEFT = Qt.MouseButton.LeftButton


def light(recipe: Recipe) -> Recipe:
    """`recipe`, made so small that a run of it takes less than a second."""
    data = recipe.data if recipe.data.name in BUNDLED else DataChoice()
    if transfer := recipe.technique(Transfer):
        recipe = recipe.switched(transfer.model_copy(update={"weights": "official"}))
    return recipe.with_(
        data=data.model_copy(update={"per_class": min(data.per_class or 2, 3)}),
        network=SmallCNN(width=min(getattr(recipe.network, "width", 6), 6)),
        batch_size=min(recipe.batch_size, 8),
        epochs=min(recipe.epochs, 2),
        device="cpu",
    )


class Monkey:
    """Acts on `window`; what it writes goes to `files`. Action `i` of a seed is always the same."""

    def __init__(self, window: Window, seed: int, files: Path) -> None:
        self.window, self.seed, self.files = window, seed, files
        self.log = (files / "actions.txt").open("w", encoding="utf-8")
        self.rng = random.Random(seed)
        self.done: list[str] = []
        kinds: dict[Callable[[], str], int] = {
            self.switch_a_card: 14,
            self.edit_a_field: 22,
            self.press: 18,
            self.watch: 5,
            self.undo_or_redo: 8,
            self.choose_in_a_panel: 5,
            self.drag_or_zoom: 5,
            self.use_the_menu_of_a_panel: 3,
            self.enlarge_or_swap: 5,
            self.pick_a_run: 6,
            self.tick_a_layer: 4,
            self.unfold: 2,
            self.use_a_menu: 2,
            self.hover: 2,
            self.resize: 1,
            self.read_a_manual: 1,
            self.change_language_or_scheme: 1,
        }
        self._acts, self._weights = list(kinds), list(kinds.values())

    def act(self) -> None:
        """One more action. What it draws depends on its number alone, not on what came of those before."""
        number = len(self.done)
        self.rng = random.Random(f"{self.seed}:{number}")
        act = self.rng.choices(self._acts, self._weights)[0]
        self.done.append(f"{number} {act.__name__}")
        print(f"\n{self.done[-1]}", end=" ", file=self.log, flush=True)  # is left to read if Python itself dies
        said = act()
        self.done[-1] += f": {said} [{self.window.session.state.name}]"
        print(said, end="", file=self.log, flush=True)
        QApplication.processEvents()

    # The recipe.

    def switch_a_card(self) -> str:
        card = self.window.sidebar.cards[self.rng.choice(list(self.window.sidebar.cards))]
        card.switch.click()
        return card.kind.name

    def edit_a_field(self) -> str:
        sidebar = self.window.sidebar
        form = self.rng.choice(sidebar.findChildren(Form))
        if not form.isVisible():
            next((card for card in sidebar.cards.values() if card.form is form), sidebar).unfold.click()
        assert form.editors  # made when they are first seen or asked for: a column that is folded away shows none
        editors = [w for w in form.findChildren(QWidget) if isinstance(w, EDITORS) and not _part_of_another(w)]
        return self.set_(self.rng.choice(editors))

    def set_(self, widget: QWidget) -> str:
        """Give `widget` another value, as by hand."""
        name, draw = widget.accessibleName() or type(widget).__name__, self.rng.random()
        if isinstance(widget, QCheckBox):
            widget.click()
            return f"{name} clicked"
        if isinstance(widget, QComboBox):
            if widget.isEnabled() and widget.count():
                index = int(draw * widget.count())
                widget.setCurrentIndex(index)
                widget.activated.emit(index)
            return f"{name} at {draw:.2f}"
        if isinstance(widget, QToolButton):
            actions = [a for a in widget.menu().actions() if not a.isSeparator()] if widget.menu() else []
            if actions and widget.isEnabled():
                actions[int(draw * len(actions))].trigger()
            return f"{name} at {draw:.2f}"
        if isinstance(widget, QAbstractSpinBox) and draw < 0.4:
            key = self.rng.choice((Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown))
            QTest.keyClick(widget, key)
            return f"{name} {key.name}"
        text = self.rng.choice(TYPED)
        self.window.activateWindow()  # a manual may be in front
        QApplication.processEvents()
        widget.setFocus()
        widget.selectAll()  # type: ignore[attr-defined]
        QTest.keyClick(widget, Qt.Key.Key_Delete)
        QTest.keyClicks(widget, text)
        if draw < 0.9:  # else it stays half typed
            QTest.keyClick(widget, Qt.Key.Key_Return)
        return f"{name} typed {text!r}"

    def undo_or_redo(self) -> str:
        name = self.rng.choice(("undo", "undo", "redo"))
        self.window.menus.actions[name].trigger()
        return name

    def unfold(self) -> str:
        buttons = [self.window.sidebar.unfold, *(card.unfold for card in self.window.sidebar.cards.values())]
        self.rng.choice(buttons).click()
        return ""

    # The run.

    def press(self) -> str:
        key = self.rng.choice(("train",) * 4 + ("pause",) * 3 + ("batch",) * 3 + ("epoch",) * 3 + ("stop",) * 3)
        if key in ("train", "batch", "epoch"):
            self.window.change(light(self.window.session.recipe))
        self.window.transport.buttons[key].click()
        return key

    def watch(self) -> str:
        QTest.qWait(80)  # about a tick of the window
        return ""

    # Panels.

    def panel(self) -> Panel:
        """Any of them."""
        return self.rng.choice(self.window.panels)

    def choose_in_a_panel(self) -> str:
        panel = self.panel()
        editors = [w for w in panel.findChildren(QWidget) if isinstance(w, EDITORS) and not _in_twin(w, panel)]
        editors = [w for w in editors if not isinstance(w, QToolButton)]
        return f"{panel.name}: {self.set_(self.rng.choice(editors))}" if editors else panel.name

    def drag_or_zoom(self) -> str:
        panel, how = self.panel(), self.rng.choice(("drag", "wheel", "double click"))
        x, y, step = self.rng.random(), self.rng.random(), self.rng.choice((-120, 120))
        for plot in panel.plots:
            view = plot.viewport()
            at = QPoint(int(x * view.width()), int(y * view.height()))
            if how == "drag":
                QTest.mousePress(view, LEFT, pos=at)
                QTest.mouseMove(view, at + QPoint(20, 10))
                QTest.mouseRelease(view, LEFT, pos=at + QPoint(40, 20))
            elif how == "double click":
                QTest.mouseDClick(view, LEFT, pos=at)
            else:
                wheel(view, at, step)
        return f"{panel.name}: {how}"

    def use_the_menu_of_a_panel(self) -> str:
        panel = self.panel()
        actions = [action for action in panel.findChild(QMenu).actions() if not action.isSeparator()]
        action = self.rng.choice(actions)
        action.trigger()
        return f"{panel.name}: {action.text()}"

    def enlarge_or_swap(self) -> str:
        grid, panel, other = self.window.grid, self.panel(), self.panel()
        how = self.rng.choice(("enlarge", "double click", "swap", "place", "tab"))
        if how == "enlarge":
            grid.enlarge(panel)
        elif how == "double click":
            QTest.mouseDClick(panel, LEFT, pos=panel.rect().topLeft() + QPoint(3, 3))
        elif how == "swap" and grid.cell_of(panel) is not grid.cell_of(other):
            grid.swap(grid.cell_of(panel), grid.cell_of(other))
        elif how == "place":
            grid.place(panel, grid.cell_of(other))
        elif how == "tab":
            grid.cell_of(panel).select(panel)
        return f"{how} {panel.name} {other.name}"

    # Runs and layers.

    def pick_a_run(self) -> str:
        how, draw = self.rng.choice(("show", "tick", "tick", "delete", "list")), self.rng.random()
        rows = self.window.runs_list.list
        if how == "list":
            self.window.menus.actions["runs"].trigger()
        elif rows.count():
            item = rows.item(int(draw * rows.count()))
            rows.setCurrentItem(item)
            if how == "show":
                QTest.mouseClick(rows.viewport(), LEFT, pos=rows.visualItemRect(item).center())
            elif how == "delete":
                QTest.keyClick(rows, Qt.Key.Key_Delete)
            elif item.checkState() is Qt.CheckState.Checked or len(self.window.session.screen.overlays) < MOST_OVERLAID:
                QTest.keyClick(rows, Qt.Key.Key_Space)
        return f"{how} at {draw:.2f}"

    def tick_a_layer(self) -> str:
        draw, ticks = self.rng.random(), layer_ticks(self.window)
        if ticks:
            ticks[int(draw * len(ticks))]()
        return f"at {draw:.2f}"

    # The window.

    def use_a_menu(self) -> str:
        left_out = ("Quit", "export", "undo", "redo")
        names = [name for name in self.window.menus.actions if name not in left_out]
        name = self.rng.choice([name for name in names if not name.startswith(("language", "scheme"))])
        self.window.menus.actions[name].trigger()
        return name

    def hover(self) -> str:
        widgets = [w for w in self.window.findChildren(QWidget) if w.isVisible()]
        draw = self.rng.random()
        widget = widgets[int(draw * len(widgets))]
        QTest.mouseMove(widget, widget.rect().center())
        wheel(widget, widget.rect().center(), -120)
        return f"at {draw:.2f}"

    def resize(self) -> str:
        self.window.resize(self.rng.randint(700, 1600), self.rng.randint(480, 1000))
        return f"{self.window.width()} × {self.window.height()}"

    def read_a_manual(self) -> str:
        card = self.window.sidebar.cards[self.rng.choice(list(self.window.sidebar.cards))]
        card.help.click()
        return card.kind.name

    def change_language_or_scheme(self) -> str:
        name = self.rng.choice([f"language-{code}" for code in LANGUAGES] + [f"scheme-{code}" for code in SCHEMES])
        self.window.menus.actions[name].trigger()
        return name


ON, OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked
OTHER = {ON: OFF, OFF: ON, Qt.CheckState.PartiallyChecked: ON}
EDITORS = (QAbstractSpinBox, QComboBox, QCheckBox, QLineEdit, QToolButton)


def layer_ticks(window: Window) -> list[Callable[[], Any]]:
    """A function that flips it for each tick in a list or tree beside the runs, as of layers."""
    flips: list[Callable[[], Any]] = []
    for view in window.findChildren(QAbstractItemView):
        if view is window.runs_list.list or not isinstance(view, QListWidget | QTreeWidget):
            continue
        model = view.model()
        stack = [model.index(row, 0) for row in range(model.rowCount())]
        while stack:
            index = stack.pop(0)
            stack += [model.index(row, 0, index) for row in range(model.rowCount(index))]
            for column in range(model.columnCount(index.parent())):
                place = index.siblingAtColumn(column)
                ticked = place.data(Qt.ItemDataRole.CheckStateRole)
                if ticked is not None:
                    wanted = OTHER[Qt.CheckState(ticked)]
                    flips.append(lambda p=place, w=wanted, m=model: m.setData(p, w, Qt.ItemDataRole.CheckStateRole))
    return flips


def wheel(widget: QWidget, at: QPoint, step: int) -> None:
    """Turn the wheel over `widget`."""
    place, none = QPointF(at), Qt.MouseButton.NoButton
    event = QWheelEvent(
        place, widget.mapToGlobal(place), QPoint(), QPoint(0, step), none, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def idle(window: Window) -> bool:
    """Whether nothing goes on in `window`."""
    return window.session.state is State.IDLE


def _part_of_another(widget: QWidget) -> bool:
    return isinstance(widget.parent(), QAbstractSpinBox | QComboBox)


def _in_twin(widget: QWidget, panel: Panel) -> bool:
    parent = widget.parent()
    while parent is not panel:
        if isinstance(parent, Panel | QAbstractSpinBox | QComboBox):
            return True
        parent = parent.parent()
    return False
