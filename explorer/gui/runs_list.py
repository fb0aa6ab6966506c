"""The right column: stored runs. Click to show one, tick to lay it over the one on screen, Delete to delete it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from explorer.errors import InputError
from explorer.gui.labels import rich
from explorer.gui.theme import LIGHT, Palette
from explorer.i18n import _
from explorer.recipe import Recipe, changes
from explorer.runs.store import DATABASE, RECIPE, list_runs

MOST = 300
"""Runs listed, newest first; older ones stay in their folder."""
FOLDER = Qt.ItemDataRole.UserRole


class RunsList(QWidget):
    """Names each run by its time and by what in its recipe differs from the default."""

    chosen = Signal(object)
    ticked = Signal(object, bool)
    delete = Signal(object)

    def __init__(self, parent: Path | None = None, listed: Callable[..., tuple[Path, ...]] = list_runs) -> None:
        super().__init__()
        self._parent, self._listed = parent, listed
        self._colours: dict[Path, int] = {}
        self._palette = LIGHT
        self.title, self.empty, self.list = QLabel(), QLabel(wordWrap=True), QListWidget()
        self.title.setObjectName("heading")
        self.empty.setObjectName("muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.list.setWordWrap(True)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.itemChanged.connect(self._item_changed)
        self.list.itemActivated.connect(self._activated)
        self.list.itemClicked.connect(self._activated)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 8, 4)
        layout.addWidget(self.title)
        layout.addWidget(self.empty)
        layout.addWidget(self.list, 1)
        self.setMinimumWidth(200)
        self.retranslate()

    def refresh(self, current: Path | None, on_screen: dict[Path, int]) -> None:
        """List what is stored; those `on_screen` have the colour of their index, the `current` one needs no tick."""
        with QSignalBlocker(self.list):
            row = self.list.currentRow()
            self.list.clear()
            for folder in self._listed(self._parent)[:MOST]:
                item = QListWidgetItem(label(folder))
                item.setData(FOLDER, folder)
                item.setToolTip(rich(str(folder)))
                index = on_screen.get(folder)
                if folder == current:
                    bold = item.font()
                    bold.setBold(True)
                    item.setFont(bold)
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Unchecked if index is None else Qt.CheckState.Checked)
                item.setIcon(square(self._palette.run(index) if index is not None else QColor(0, 0, 0, 0)))
                self.list.addItem(item)
            self.list.setCurrentRow(min(row, self.list.count() - 1))
        self.empty.setVisible(self.list.count() == 0)

    def restyle(self, palette: Palette) -> None:
        """Use the colours of this scheme from the next `refresh` on."""
        self._palette = palette

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        self.title.setText(_("Runs"))
        self.empty.setText(_("Each run is kept here. There is none yet: press Train."))
        self.list.setAccessibleName(_("Stored runs"))
        help_ = _("Click to show a run, tick to lay it over the one on screen, Delete to delete it.")
        self.list.setToolTip(rich(help_))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        item = self.list.currentItem()
        if event.key() == Qt.Key.Key_Delete and item is not None:
            self.delete.emit(item.data(FOLDER))
        else:
            super().keyPressEvent(event)

    def _item_changed(self, item: QListWidgetItem) -> None:
        self.ticked.emit(item.data(FOLDER), item.checkState() == Qt.CheckState.Checked)

    def _activated(self, item: QListWidgetItem) -> None:
        bold = item.font().bold()
        if not bold and item.checkState() != Qt.CheckState.Checked:  # a click on the tick is no wish to show it alone
            self.chosen.emit(item.data(FOLDER))

    def _menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is None:
            return
        menu = QMenu(self)
        show, delete = menu.addAction(_("Show")), menu.addAction(_("Delete…"))
        chosen = menu.exec(self.list.viewport().mapToGlobal(place))
        menu.deleteLater()
        if chosen is show:
            self.chosen.emit(item.data(FOLDER))
        elif chosen is delete:
            self.delete.emit(item.data(FOLDER))


def label(folder: Path) -> str:
    """When the run was made, and what in its recipe differs from the default."""
    when = datetime.fromtimestamp((folder / DATABASE).stat().st_mtime)
    try:
        words = ", ".join(changes(Recipe(), Recipe.read(folder / RECIPE))) or _("default recipe")
    except InputError:
        words = folder.name
    return f"{when:%Y-%m-%d %H:%M}\n{words}"


def square(colour: QColor) -> QIcon:
    """A patch of `colour`."""
    pixmap = QPixmap(12, 12)
    pixmap.fill(colour)
    return QIcon(pixmap)
