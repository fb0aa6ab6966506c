"""The right column, below: stored runs, those of a comparison together. Click to show, tick to lay over another."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, QSignalBlocker, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QInputDialog, QLabel, QListWidget, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from explorer.gui.theme import LIGHT, Palette, run_pen
from explorer.gui.wording import rich
from explorer.i18n import N_, _, ngettext
from explorer.runs.conclusions import conclusions
from explorer.runs.names import Name, apart, stored_name
from explorer.runs.place import Place, kept_place
from explorer.runs.store import DATABASE, list_runs

MOST = 300
"""Runs listed, newest first; older ones stay in their folder."""
SECONDS_OF_READING = 0.01
"""How long runs are read in one go, for their names; the bundled example takes 2 ms, once."""
FOLDER = Qt.ItemDataRole.UserRole
SAMPLE = QSize(30, 12)
"""Of a run's line, in pixels: at least one period of its dashes."""
GROUP = Qt.ItemDataRole.UserRole + 1
"""Of the heading of a comparison: the folders of its runs."""
HEADING = Qt.ItemDataRole.UserRole + 2
"""Its text, before what its runs say of it."""
WIDE = 560
"""Of the dialog that asks for a name, in pixels."""
ACTIONS = {
    "show": (N_("Show"), ""),
    "go_on": (N_("Go on"), "Shift+Return"),
    "rename": (N_("Rename…"), "F2"),
    "open": (N_("Open folder"), "Ctrl+Return"),
    "delete": (N_("Delete…"), "Del"),
    "clear": (N_("Take the other runs off the plots"), "Backspace"),
}
"""Of a run, in its context menu: text and key. Return shows it, as it activates any row."""


class RunsList(QWidget):
    """Each run in one line: what it was and what came of it. Those of a comparison stand below its heading."""

    chosen = Signal(object)
    """Folders of the run or runs to put on screen, a tuple."""
    ticked = Signal(object, bool)
    go_on = Signal(object)
    delete = Signal(object)
    rename = Signal(object, str)
    clear = Signal()

    def __init__(self, parent: Path | None = None, listed: Callable[..., tuple[Path, ...]] = list_runs) -> None:
        super().__init__()
        self._parent, self._listed = parent, listed
        self._names: dict[Path, tuple[int, Name]] = {}
        self._places: dict[Path, Place] = {}
        self._known: dict[Path, Name] = {}
        self._unread: list[Path] = []
        self._rows: dict[Path, QListWidgetItem] = {}
        self._headings: list[QListWidgetItem] = []
        self._current: Path | None = None
        self._ticked_since_press = False
        self._palette = LIGHT
        self.title, self.empty, self.list = QLabel(), QLabel(wordWrap=True), QListWidget()
        self.title.setObjectName("heading")
        self.empty.setObjectName("muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.list.setWordWrap(True)  # a name is never cut: what came of a run stands at its end
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
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

    def refresh(self, current: Path | None, on_screen: Mapping[Path, int], known: Mapping[Path, Name] = {}) -> None:
        """List what is stored; those `on_screen` have the line of their index, the `current` one needs no tick.

        The names of some are `known`; those of the others are read, some at a time.
        """
        self._current, self._known = current, dict(known)
        with QSignalBlocker(self.list):
            was = self.list.currentItem()
            chosen, row = was.data(FOLDER) if was else None, self.list.currentRow()
            place = self.list.verticalScrollBar().value()
            self.list.clear()
            self._rows, self._headings = {}, []
            folders = self._listed(self._parent)[:MOST]
            for group in self._groups(folders):
                if len(group) > 1 or group[0] in self._places:
                    self._heading(tuple(group))
                for folder in group:
                    self._item(folder, on_screen.get(folder))
                    if folder == chosen:
                        row = self.list.count() - 1
            self.list.setCurrentRow(min(row, self.list.count() - 1))
        self._unread = [folder for folder in reversed(self._rows) if folder not in self._known]
        self.read_on()
        self._write()
        self.list.verticalScrollBar().setValue(place)
        self.empty.setVisible(self.list.count() == 0)

    def read_on(self) -> None:
        """Name some more of the runs."""
        if not self._unread:
            return
        until = time.perf_counter() + SECONDS_OF_READING
        while self._unread and time.perf_counter() < until:
            self._read(self._unread.pop())
        if not self._unread:
            self._write()

    def _read(self, folder: Path) -> None:
        """What was read stays, until the file changes."""
        try:
            written = (folder / DATABASE).stat().st_mtime_ns
        except OSError:  # deleted meanwhile
            return
        if folder not in self._names or self._names[folder][0] != written or self._names[folder][1].goes_on:
            self._names[folder] = written, stored_name(folder)

    def _groups(self, folders: tuple[Path, ...]) -> list[list[Path]]:
        """Runs of one comparison together, in their order, where the newest of them stands."""
        groups: dict[object, list[Path]] = {}
        for folder in folders:
            known = self._known.get(folder)
            place = self._places.get(folder) or (known.place if known else None) or kept_place(folder)
            if place:
                self._places[folder] = place
            groups.setdefault(place.experiment if place else folder, []).append(folder)
        for group in groups.values():
            group.sort(key=self._in_order)
        return list(groups.values())

    def _in_order(self, folder: Path) -> tuple[int, int]:
        place = self._places.get(folder)
        return (place.seed, place.arm) if place else (0, 0)

    def _write(self) -> None:
        """Write the names that are known into the rows, no two alike."""
        read = {folder: name for folder, (_written, name) in self._names.items()} | self._known
        arms = {folder: read[folder] for folder in self._rows if folder in read and folder in self._places}
        rest = {folder: read[folder] for folder in self._rows if folder in read and folder not in self._places}
        titles = dict(zip(rest, apart(list(rest.values())), strict=True)) | {f: arms[f].title for f in arms}
        with QSignalBlocker(self.list):
            for heading in self._headings:
                if all(folder in read for folder in heading.data(GROUP)):
                    self._conclude(heading, [read[folder] for folder in heading.data(GROUP)])
            for folder, item in self._rows.items():
                if (name := read.get(folder)) is None:
                    continue
                line = " · ".join(filter(None, (titles[folder], name.result))).replace(" %", "\u00a0%")
                item.setText(line)
                help_ = [line, name.recipe_words() if name.recipe else "", *name.changes, name.when, str(folder)]
                item.setToolTip(rich("\n".join(filter(None, help_))))
                item.setData(Qt.ItemDataRole.AccessibleTextRole, line)

    def restyle(self, palette: Palette) -> None:
        """Use the colours of this scheme from the next `refresh` on."""
        self._palette = palette

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        self.title.setText(_("Runs"))
        self.empty.setText(_("Each run is kept here. There is none yet: press Train."))
        self.list.setAccessibleName(_("Stored runs"))
        help_ = _(
            "Click to show a run, tick to lay it over the one on screen. F2 renames it, Delete deletes it, Backspace "
            "takes all others off the plots. The heading of a comparison opens it as it was."
        )
        self.list.setToolTip(rich(help_))
        for key, (text, _shortcut) in ACTIONS.items():
            self._actions[key].setText(_(text))

    def act(self, key: str, *_checked: bool) -> None:
        """What the entry `key` of the context menu does, with the run at the cursor."""
        if key == "clear":
            self.clear.emit()
            return
        if (item := self.list.currentItem()) is None:
            return
        if key == "show":
            self._show_item(item)
        elif folder := item.data(FOLDER):
            match key:
                case "rename":
                    if (name := self._ask_name(folder.name)) and name != folder.name:
                        self.rename.emit(folder, name)
                case "go_on":
                    self.go_on.emit(folder)
                case "open":
                    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
                case "delete":
                    self.delete.emit(folder)

    def _ask_name(self, name: str) -> str:
        """Another one for a run; empty if none was given."""
        dialog = QInputDialog(self)
        dialog.setWindowTitle(_("Rename run"))
        dialog.setLabelText(_("Name of its folder:"))
        dialog.setTextValue(name)
        dialog.resize(WIDE, dialog.sizeHint().height())
        given = dialog.textValue() if dialog.exec() else ""
        dialog.deleteLater()
        return given

    def _action(self, key: str, shortcut: str) -> QAction:
        action = QAction(self.list)
        action.setShortcut(shortcut)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(partial(self.act, key))
        self.list.addAction(action)
        return action

    def _heading(self, folders: tuple[Path, ...]) -> None:
        """Of a comparison."""
        n = len(folders)
        text = ngettext("{what}: comparison of {n} run", "{what}: comparison of {n} runs", n)
        item = QListWidgetItem(text.format(what=str(self._places[folders[0]].title), n=n))
        item.setData(GROUP, folders)
        item.setData(HEADING, item.text())
        self._headings.append(item)
        item.setToolTip(rich(_("Put all its runs on screen")))
        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
        self.list.addItem(item)

    def _conclude(self, heading: QListWidgetItem, names: Sequence[Name]) -> None:
        """Say what the runs of a comparison say of its arms."""
        said = conclusions(names)
        text = heading.data(HEADING)
        heading.setText(
            " · ".join([text, *(str(found.short) for _label, _sentence, found in said[:1] if len(said) == 1)])
        )
        heading.setToolTip(rich("\n".join([*(str(one[1]) for one in said), _("Put all its runs on screen")])))

    def _item(self, folder: Path, index: int | None) -> None:
        item = QListWidgetItem(f"{folder.name} …")
        item.setData(FOLDER, folder)
        if folder == self._current:
            bold = item.font()
            bold.setBold(True)
            item.setFont(bold)
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Unchecked if index is None else Qt.CheckState.Checked)
        if index is not None:  # without one, the name has its room
            item.setIcon(self._sample(index))
        self.list.addItem(item)
        self._rows[folder] = item

    def _sample(self, index: int) -> QIcon:
        """The line of the run number `index`: its colour and its dashes."""
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(SAMPLE * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter, line = QPainter(pixmap), run_pen(index, self._palette)
        if dashes := line.dashPattern():
            line.setDashPattern([length / 2 for length in dashes])  # is counted in widths of the pen
        line.setCosmetic(False)
        line.setWidthF(2)
        painter.setPen(line)
        painter.drawLine(0, SAMPLE.height() // 2, SAMPLE.width(), SAMPLE.height() // 2)
        painter.end()
        return QIcon(pixmap)

    def _pressed(self) -> None:
        self._ticked_since_press = False

    def _item_changed(self, item: QListWidgetItem) -> None:
        self._ticked_since_press = True
        self.ticked.emit(item.data(FOLDER), item.checkState() == Qt.CheckState.Checked)

    def _clicked(self, item: QListWidgetItem) -> None:
        if not self._ticked_since_press:  # a click on the tick is no wish to show it alone
            self._show_item(item)

    def _show_item(self, item: QListWidgetItem) -> None:
        if folders := item.data(GROUP):
            self.chosen.emit(tuple(folders))
        elif item.data(FOLDER) != self._current:
            self.chosen.emit((item.data(FOLDER),))

    def _menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is None:
            return
        self.list.setCurrentItem(item)
        menu = QMenu(self)
        menu.addActions(list(self._actions.values()))
        menu.exec(self.list.viewport().mapToGlobal(place))
        menu.deleteLater()
