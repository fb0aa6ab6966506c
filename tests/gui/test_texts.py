"""No text of the running window is left in English when it speaks Russian, and all come back in English.

The catalogue's own test cannot see a `_` that was forgotten; this one reads what is on screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyqtgraph as pg
import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QFileDialog,
    QGraphicsTextItem,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QProgressBar,
    QTabBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from explorer.data import sources
from explorer.events import DIVERGED
from explorer.gui.charts.annotations import Legend, Overlay
from explorer.gui.export.dialog import ExportDialog
from explorer.gui.menus import about, shortcuts
from explorer.gui.recipe.manual import page
from explorer.gui.window import Window
from explorer.networks import BACKBONES, NETWORKS
from explorer.optimizers import OPTIMIZERS
from explorer.recipe import BY_NAME, Recipe
from explorer.runs import RunRecord
from explorer.session.session import State
from explorer.techniques import TECHNIQUES, Clipping, Dropout, Initialization
from explorer.training.instruments import INSTRUMENTS
from tests.gui.opened import opened
from tests.gui.scripted import Script

ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
NAMES = frozenset(
    re.split(
        r"\s+",
        "AdamW BatchNorm CNN CPU CSV CUDA CutMix ECE ELU English Explorer Fashion GELU GPU Leaky MIT MixUp MNIST MPS "
        "Muon Nesterov PNG PReLU PySide PyTorch RMS RandAugment ReLU SGD SVG SiLU Training TrivialAugment arXiv bfloat "
        "PDF float tanh official none state dict safetensors Alt Backspace Ctrl Del Delete Enter Esc Return Shift Tab "
        "PgDown PgUp",
    )
)
"""Names that are the same in Russian: of methods, formats, programs and keys, and what is typed as it stands."""
LATIN = re.compile(r"[A-Za-z]{3,}")
CYRILLIC = re.compile("[А-я]")
TAG = re.compile(r"<(style|head)>.*?</\1>|<[^>]*>", re.DOTALL)


def plain(text: str) -> str:
    """`text` without its HTML."""
    unescaped = TAG.sub(" ", text) if text.lstrip().startswith("<") or "</" in text else text
    return unescaped.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def texts(window: QWidget) -> Iterator[tuple[str, str]]:
    """Where, and what: everything that the window says or would say, seen or hidden."""
    for thing in (window, *window.findChildren(QObject)):
        where = f"{type(thing.parent()).__name__} / {type(thing).__name__}"
        for text in (*of_widget(thing), *of_action(thing)):
            if text:
                yield where, plain(text)


def of_action(thing: QObject) -> Iterator[str]:
    """What an entry of a menu says."""
    if isinstance(thing, QAction) and not pyqtgraph_menu(thing):
        yield from (thing.text().replace("&", ""), thing.whatsThis(), thing.statusTip())
        if thing.toolTip() != thing.text():
            yield thing.toolTip()


def of_widget(thing: QObject) -> Iterator[str]:
    """What a widget says."""
    if not isinstance(thing, QWidget) or pyqtgraph_menu(thing):
        return
    yield from (thing.toolTip(), thing.whatsThis(), thing.statusTip(), thing.windowTitle())
    yield from (thing.accessibleName(), thing.accessibleDescription())
    match thing:
        case QLabel() | QProgressBar():
            yield thing.text()
        case QAbstractButton():
            yield thing.text().replace("&", "")
        case QMenu():
            yield thing.title().replace("&", "")
        case QAbstractSpinBox():
            yield from (thing.text(), thing.specialValueText())
        case QLineEdit() if not isinstance(thing.parent(), QAbstractSpinBox | QComboBox):
            yield from (thing.placeholderText(), thing.text())
        case QComboBox():
            for i in range(thing.count()):
                yield from (str(thing.itemData(i, role) or "") for role in ROLES)
        case QTabBar():
            for i in range(thing.count()):
                yield from (thing.tabText(i), thing.tabToolTip(i))
        case QTextEdit():
            yield re.split("Papers?:|Стать[ия]:", thing.toPlainText())[0]  # authors have Latin names
        case pg.GraphicsView():
            yield from of_plot(thing)
        case QAbstractItemView():
            yield from of_model(thing.model())


def of_model(model: Any, parent: QModelIndex | None = None) -> Iterator[str]:
    """What a list, tree or table says."""
    parent = parent or QModelIndex()
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent) if model else 0
    for column in range(columns):
        for role in ROLES:
            yield str(model.headerData(column, Qt.Orientation.Horizontal, role) or "")
        for row in range(model.rowCount(parent)):
            index = model.index(row, column, parent)
            yield from (str(index.data(role) or "") for role in ROLES)
            yield from of_model(model, index)


def of_plot(plot: pg.GraphicsView) -> Iterator[str]:
    """What a plot says: axes, ticks with words, legends, marks and notes."""
    for item in plot.scene().items():
        match item:
            case pg.AxisItem():
                yield item.labelString()
                yield from (text for level in item._tickLevels or [] for _place, text in level)
            case Legend():
                yield from (entry.text for entry in item.entries)
            case Overlay():
                yield from (mark.text for mark in item.marks)
                yield from (item.best.text if item.best else "", item.note)
            case QGraphicsTextItem():
                yield item.toPlainText()
            case pg.LabelItem():
                yield item.text


def pyqtgraph_menu(widget: QObject | None) -> bool:
    """pyqtgraph makes menus that are switched off here (setMenuEnabled) and never seen."""
    while widget is not None:
        ours = type(widget).__module__.startswith("pyqtgraph")
        if ours and ("Menu" in type(widget).__name__ or isinstance(widget, pg.GraphicsScene)):
            return True
        widget = widget.parent()
    return False


def recipe_words() -> frozenset[str]:
    """Keys and values of recipes, and instruments: the same in every language, as the command line takes them."""
    words = {*BY_NAME, *(kind.label for kind in TECHNIQUES), *(kind.name for kind in INSTRUMENTS)}
    for model in (*TECHNIQUES, *NETWORKS, *OPTIMIZERS, Recipe):
        for name, schema in model.model_json_schema().get("properties", {}).items():
            words |= {name, *map(str, schema.get("enum", ()))}
    return frozenset(part for word in words for part in LATIN.findall(word))


RECIPE_WORDS = recipe_words()
AS_TYPED = frozenset({"official"})
"""What an editor shows as it stands in the recipe."""


def english(window: QWidget, allowed: frozenset[str]) -> list[str]:
    """Every text with a Latin word that is not allowed; words of recipes only inside Russian."""
    found = []
    for where, text in texts(window):
        fine = allowed | (RECIPE_WORDS if CYRILLIC.search(text) else AS_TYPED)
        words = [word for word in LATIN.findall(text) if word not in fine]
        if words:
            found.append(f"{where}: {words[:4]} in {text[:90]!r}")
    return sorted(set(found))


def allowed_in(window: Window, folder: Path) -> frozenset[str]:
    """Names, layers of the network on screen, and the folders of this test."""
    current = window.session.current
    record = current.record if current else RunRecord()
    layers = [f"{layer.name} {layer.kind}" for layer in record.layers]
    layers += [name for history in record.series.activations for name in history.names]
    paths = [str(folder), *(str(shown.folder) for shown in window.session.screen.runs)]
    titles = [backbone.title for backbone in BACKBONES]
    remedies = [source.remedy for source in sources()]  # what to type, where a set is not on this machine
    return NAMES | {word for text in (*layers, *paths, *titles, *remedies) for word in LATIN.findall(text)}


def show_everything(window: Window) -> None:
    """Bring every panel to the front once, and draw it."""
    for panel in window.panels:
        window.grid.enlarge(panel)
        panel.refresh()
    window.grid.enlarge(window.panels[-1])


def changed(recipe: Recipe) -> Recipe:
    """Differs in fields that act at once and in ones that do not, and has a card that cannot act."""
    return recipe.with_(lr=0.7, width=32).switched(Dropout()).switched(Clipping()).without("normalization")


def test_nothing_is_left_in_english(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, "ru") as window:
        window.change(changed(window.session.recipe))
        window.manual.explain(TECHNIQUES[0])
        show_everything(window)
        allowed = allowed_in(window, tmp_path)
        found = english(window, allowed)
        assert not found, "\n".join(found)


def test_nothing_is_left_in_english_while_a_run_goes_on_and_after_it_diverged(qtbot: QtBot, tmp_path: Path) -> None:
    script = Script(fail_at=6, how="diverge", seconds=0.002)
    recipe = Recipe().without("normalization").switched(Initialization(kind="large"))
    with opened(qtbot, tmp_path, "ru", script, recipe, example=False) as window:
        window.press("batch")
        qtbot.waitUntil(lambda: window.session.state is State.PAUSED)
        window.change(recipe.switched(Dropout()))
        show_everything(window)
        allowed = allowed_in(window, tmp_path)
        assert not english(window, allowed)
        window.press("pause")
        qtbot.waitUntil(lambda: window.session.state is State.IDLE)
        current = window.session.current
        assert current
        assert current.record.ended
        assert current.record.ended.outcome == DIVERGED
        assert len(window.banner.buttons) == 4
        show_everything(window)
        # What the script itself says is not the program's.
        allowed |= set(LATIN.findall(f"{current.record.ended.reason} {current.record.ended.remedy}"))
        found = english(window, allowed)
        assert not found, "\n".join(found)


@pytest.mark.parametrize("kind", TECHNIQUES, ids=lambda kind: kind.name)
def test_explanations_have_no_english_words(qtbot: QtBot, tmp_path: Path, kind: type) -> None:
    from explorer.i18n import set_language

    set_language("ru")
    try:
        text = plain(page(kind))
    finally:
        set_language("en")
    assert not re.findall(r"\b(?:the|and|with|for|are|is|of|to)\b", text.partition("Стат")[0])


def test_dialogs_speak_russian(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(qtbot, tmp_path, "ru") as window:
        allowed = allowed_in(window, tmp_path)
        for ending in ("png", "svg"):
            dialog = ExportDialog(window.panels[0], ending)
            found = english(dialog, allowed)
            dialog.deleteLater()
            assert not found, "\n".join(found)
        for text in (shortcuts(window.menus), about()):
            assert not set(LATIN.findall(plain(text))) - allowed
        buttons = QMessageBox.StandardButton
        box = QMessageBox(QMessageBox.Icon.Question, "", "", buttons.Yes | buttons.No | buttons.Cancel, window)
        assert {button.text().replace("&", "") for button in box.buttons()} == {"Да", "Нет", "Отмена"}
        box.deleteLater()
        assert save_button(window) == "Сохранить"
        window.set_language("en")
        assert save_button(window) == "Save"


def save_button(window: Window) -> str:
    """What the button of Qt's own file dialog says, and that the dialog is not one of the system's."""
    dialog = QFileDialog(window)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    said = [button.text().replace("&", "") for button in dialog.findChildren(QAbstractButton)]
    dialog.deleteLater()
    return next(text for text in said if text in ("Сохранить", "Save"))


def worded(window: QWidget) -> list[tuple[str, str]]:
    """Every text with a word in it: numbers on axes come and go with the room there is."""
    return sorted(entry for entry in texts(window) if re.search("[A-Za-zА-я]{2}", entry[1]))


def test_every_text_comes_back(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, "en") as window:
        window.change(changed(window.session.recipe))
        window.manual.explain(TECHNIQUES[0])
        show_everything(window)
        before = worded(window)
        window.menus.actions["language-ru"].trigger()
        show_everything(window)
        between = worded(window)
        window.menus.actions["language-en"].trigger()
        show_everything(window)
        after = worded(window)
        assert not [entry for entry in between if entry not in before and not CYRILLIC.search(entry[1])]
        assert [entry for entry in after if entry not in before] == []
        assert [entry for entry in before if entry not in after] == []


def test_a_forgotten_mark_would_be_found(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(qtbot, tmp_path, "ru", example=False) as window:
        allowed = allowed_in(window, tmp_path)
        before = english(window, allowed)
        window.transport.message.setText("Something new")
        window.panels[0].plots[0].plotItem.getAxis("left").setLabel("Something else")
        window.menus.actions["undo"].setText("Take back")
        new = "\n".join(text for text in english(window, allowed) if text not in before)
        assert "Something new" in new
        assert "Something else" in new
        assert "Take back" in new
