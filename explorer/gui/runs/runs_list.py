"""The right column, below: stored runs. Click to show one, tick to lay it over the one on screen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QInputDialog, QLabel, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from explorer.errors import InputError
from explorer.gui.theme import LIGHT, Palette, run_pen
from explorer.gui.wording import rich
from explorer.i18n import N_, _
from explorer.recipe import Recipe, changes
from explorer.runs.store import DATABASE, RECIPE, list_runs

MOST = 300
"""Runs listed, newest first; older ones stay in their folder."""
SECONDS_OF_READING = 0.01
"""How long recipes are read in one go; a recipe takes 0.3 ms, once."""
FOLDER = Qt.ItemDataRole.UserRole
SAMPLE = QSize(30, 12)
"""Of a run's line, in pixels: at least one period of its dashes."""
AUTOMATIC = re.compile(r"\d{4}-\d\d-\d\d-\d{6}-")
"""How folders begin that nobody gave a name."""
ACTIONS = {
    "show": (N_("Show"), ""),
    "rename": (N_("Rename…"), "F2"),
    "open": (N_("Open folder"), "Ctrl+Return"),
    "delete": (N_("Delete…"), "Del"),
}
"""Of a run, in its context menu: text and key. Return shows it, as it activates any row."""


class RunsList(QWidget):
    """Names each run by its time, or the name it was given, and by how it differs from the one on screen."""

    chosen = Signal(object)
    ticked = Signal(object, bool)
    delete = Signal(object)
    rename = Signal(object, str)

    def __init__(self, parent: Path | None = None, listed: Callable[..., tuple[Path, ...]] = list_runs) -> None:
        super().__init__()
        self._parent, self._listed = parent, listed
        self._recipes: dict[Path, tuple[int, Recipe | None]] = {}
        self._unread: list[QListWidgetItem] = []
        self._current: Path | None = None
        self._base: Recipe | None = None
        self._ticked_since_press = False
        self._palette = LIGHT
        self.title, self.empty, self.list = QLabel(), QLabel(wordWrap=True), QListWidget()
        self.title.setObjectName("heading")
        self.empty.setObjectName("muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.list.setWordWrap(True)
        self.list.setIconSize(SAMPLE)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.itemChanged.connect(self._item_changed)
        self.list.itemPressed.connect(self._pressed)
        self.list.itemActivated.connect(self._show_item)
        self.list.itemClicked.connect(self._clicked)
        self._actions = {key: self._action(key, shortcut) for key, (_text, shortcut) in ACTIONS.items()}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 4)
        layout.addWidget(self.title)
        layout.addWidget(self.empty)
        layout.addWidget(self.list, 1)
        self.retranslate()

    def refresh(self, current: Path | None, on_screen: dict[Path, int], base: Recipe | None = None) -> None:
        """List what is stored; those `on_screen` have the line of their index, the `current` one needs no tick.

        The others say how they differ from `base`, the recipe of the current one.
        """
        self._current, self._base = current, base
        with QSignalBlocker(self.list):
            was = self.list.currentItem()
            chosen, row = was.data(FOLDER) if was else None, self.list.currentRow()
            place = self.list.verticalScrollBar().value()
            self.list.clear()
            self._unread = []
            for folder in self._listed(self._parent)[:MOST]:
                item = self._item(folder, on_screen.get(folder))
                if folder == chosen:
                    row = self.list.count() - 1
                self._unread.append(item)
            self.list.setCurrentRow(min(row, self.list.count() - 1))
        self._unread.reverse()
        self.read_on()
        self.list.verticalScrollBar().setValue(place)
        self.empty.setVisible(self.list.count() == 0)

    def read_on(self) -> None:
        """Name some more of the runs by their recipes."""
        until = time.perf_counter() + SECONDS_OF_READING
        with QSignalBlocker(self.list):
            while self._unread and time.perf_counter() < until:
                item = self._unread.pop()
                folder = item.data(FOLDER)
                item.setText(f"{called(folder)}\n{self._difference(folder)}")

    def restyle(self, palette: Palette) -> None:
        """Use the colours of this scheme from the next `refresh` on."""
        self._palette = palette

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        self.title.setText(_("Runs"))
        self.empty.setText(_("Each run is kept here. There is none yet: press Train."))
        self.list.setAccessibleName(_("Stored runs"))
        help_ = _("Click to show a run, tick to lay it over the one on screen. F2 renames it, Delete deletes it.")
        self.list.setToolTip(rich(help_))
        for key, (text, _shortcut) in ACTIONS.items():
            self._actions[key].setText(_(text))

    def act(self, key: str, *_checked: bool) -> None:
        """What the entry `key` of the context menu does with the run at the cursor."""
        if (item := self.list.currentItem()) is None:
            return
        folder = item.data(FOLDER)
        match key:
            case "show":
                self.chosen.emit(folder)
            case "rename":
                name, given = QInputDialog.getText(self, _("Rename run"), _("Name of its folder:"), text=folder.name)
                if given and name != folder.name:
                    self.rename.emit(folder, name)
            case "open":
                QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
            case "delete":
                self.delete.emit(folder)

    def _action(self, key: str, shortcut: str) -> QAction:
        action = QAction(self.list)
        action.setShortcut(shortcut)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(partial(self.act, key))
        self.list.addAction(action)
        return action

    def _item(self, folder: Path, index: int | None) -> QListWidgetItem:
        item = QListWidgetItem(f"{called(folder)}\n…")
        item.setData(FOLDER, folder)
        item.setToolTip(rich(str(folder)))
        if folder == self._current:
            bold = item.font()
            bold.setBold(True)
            item.setFont(bold)
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Unchecked if index is None else Qt.CheckState.Checked)
        item.setIcon(self._sample(index))
        self.list.addItem(item)
        return item

    def _sample(self, index: int | None) -> QIcon:
        """The line of the run number `index`: its colour and its dashes; as much room without one."""
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(SAMPLE * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        if index is not None:
            painter, line = QPainter(pixmap), run_pen(index, self._palette)
            if dashes := line.dashPattern():
                line.setDashPattern([length / 2 for length in dashes])  # is counted in widths of the pen
            line.setCosmetic(False)
            line.setWidthF(2)
            painter.setPen(line)
            painter.drawLine(0, SAMPLE.height() // 2, SAMPLE.width(), SAMPLE.height() // 2)
            painter.end()
        return QIcon(pixmap)

    def _difference(self, folder: Path) -> str:
        recipe = self._recipe(folder)
        if recipe is None:
            return _("its recipe cannot be read")
        if folder == self._current:
            return _("on screen")
        if self._base is None:
            return ", ".join(changes(Recipe(), recipe)) or _("default recipe")
        return ", ".join(changes(self._base, recipe)) or _("the same recipe")

    def _recipe(self, folder: Path) -> Recipe | None:
        """What was read stays, until the file changes."""
        try:
            written = (folder / RECIPE).stat().st_mtime_ns
            if self._recipes.get(folder, (0, None))[0] != written:
                self._recipes[folder] = written, Recipe.read(folder / RECIPE)
        except (InputError, OSError):
            self._recipes[folder] = 0, None
        return self._recipes[folder][1]

    def _pressed(self) -> None:
        self._ticked_since_press = False

    def _item_changed(self, item: QListWidgetItem) -> None:
        self._ticked_since_press = True
        self.ticked.emit(item.data(FOLDER), item.checkState() == Qt.CheckState.Checked)

    def _clicked(self, item: QListWidgetItem) -> None:
        if not self._ticked_since_press:  # a click on the tick is no wish to show it alone
            self._show_item(item)

    def _show_item(self, item: QListWidgetItem) -> None:
        if item.data(FOLDER) != self._current:
            self.chosen.emit(item.data(FOLDER))

    def _menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is None:
            return
        self.list.setCurrentItem(item)
        menu = QMenu(self)
        menu.addActions(list(self._actions.values()))
        menu.exec(self.list.viewport().mapToGlobal(place))
        menu.deleteLater()


def called(folder: Path) -> str:
    """The name that somebody gave the run, and when it was made."""
    try:
        when = f"{datetime.fromtimestamp((folder / DATABASE).stat().st_mtime):%Y-%m-%d %H:%M}"
    except OSError:  # deleted meanwhile
        when = ""
    return when if AUTOMATIC.match(folder.name) else f"{folder.name} · {when}"
