"""Which images a run trains on: the image set, how many of each class, and which classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from explorer.data import DataChoice, Source, look, sources
from explorer.errors import InputError
from explorer.gui.recipe.editors import DECIMALS, ChoiceEditor, NumberEditor, WholeEditor
from explorer.gui.wording import rich
from explorer.i18n import N_, Message, _, ngettext

FEWEST = 2
"""Classes that must stay: one class alone is nothing to tell apart."""


FLAGS = Qt.ItemDataRole.UserRole - 1
"""Where a combo box keeps the flags of an item; 0 greys it. The wrapper that model.item() gives outlives the item that
clear() deletes; shiboken then took it for the QAction that Qt put in its place, and a change of language crashed."""


class DataEditor(QWidget):
    """Three lines: image set; images or share of each class; classes. Below them what was found in a folder, and why
    one is refused, or what cannot be had of it.
    """

    edited = Signal()

    FOLDER = N_("Folder…")

    def __init__(self) -> None:
        super().__init__()
        self._value = DataChoice()
        self._source: Source | None = None
        """Of the value, if it is there; of a folder, as it was when it was chosen."""
        self._problem: Message | InputError | None = None
        """Of the value."""
        self._said: Message | InputError | None = None
        """Of what was chosen last, and not taken or not as it was; until something else is shown."""
        self._notes: tuple[Message, ...] = ()
        """Of the loading of the value, once it has been loaded."""
        self.ask_folder: Callable[[], str] = self._ask
        self.combo = ChoiceEditor(())
        self.per_class = WholeEditor(1, 1_000_000, N_("per class"), empty=N_("all"))
        self.fraction = NumberEditor(0.01, 100, 100, "%")
        self.fraction.setSingleStep(10)
        self.classes = ClassesButton()
        self.about = QLabel(wordWrap=True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.per_class, 1)
        row.addWidget(self.fraction)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.combo)
        layout.addLayout(row)
        layout.addWidget(self.classes)
        layout.addWidget(self.about)
        self.setFocusProxy(self.combo)
        self.combo.edited.connect(self._chosen)
        self.per_class.edited.connect(self._counted)
        self.fraction.edited.connect(self._shared)
        self.classes.edited.connect(self._classes_chosen)
        self.retranslate()

    def value_(self) -> DataChoice:
        """The choice shown."""
        return self._value

    @property
    def source(self) -> Source | None:
        """What is known of the images before they are loaded; None if they are not there."""
        return self._source

    def loaded(self, choice: DataChoice, notes: tuple[Message, ...]) -> None:
        """Show what was noted when the images of `choice` were loaded, if they are still those chosen."""
        if choice == self._value and notes != self._notes:
            self._notes = notes
            self._tell()

    def set_value(self, value: DataChoice) -> None:
        """Show `value`."""
        self._said = None
        self._show(value)

    def _show(self, value: DataChoice) -> None:
        if value != self._value:
            self._notes = ()
        if value.name != self._value.name or self._source is None:
            self._look(value.name)
        self._value = value
        if self.combo.findData(value.name) < 0:
            place = self.combo.count() - 1
            self.combo.insertItem(place, Path(value.name).name or value.name, value.name)
            self.combo.setItemData(place, rich(value.name), Qt.ItemDataRole.ToolTipRole)
        self.combo.set_value(value.name)
        self.per_class.set_value(value.per_class)
        self.fraction.set_value(100 * value.fraction)
        self.fraction.setEnabled(value.per_class is None)
        self.classes.set_value(self._source.classes if self._source else (), value.classes)
        self._tell()

    def _look(self, name: str) -> None:
        """Find out what is in the image set called `name`."""
        self._source = self._problem = None
        try:
            self._source = look(name)
        except InputError as error:
            self._problem = error

    def _tell(self) -> None:
        """What was found, or what is wrong."""
        source = self._source
        problem = self._said or self._problem
        if source and not problem and (fewest := source.too_few(self._value)):
            problem = Message(
                "There are only {count} training images of “{name}”. Ask for at most {count}, or for all.",
                count=fewest[1],
                name=Message(fewest[0]),
            )
        self.about.setObjectName("problem" if problem else "muted")
        self.about.style().polish(self.about)  # a name that changes takes its style only then
        found = source.notes if source else ()
        known = (*found[:1], *self._notes) if self._notes else found
        self.about.setText(str(problem) if problem else "\n".join(map(str, known)))
        self.about.setVisible(bool(self.about.text()))
        self._give_room()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._give_room()

    def _give_room(self) -> None:
        """The form's grid asks for no height that depends on the width, and would cut the lines off."""
        self.about.setMinimumHeight(max(0, self.about.heightForWidth(self.width())))

    def retranslate(self) -> None:
        """Name the image sets in the language now in use; ask anew which are there."""
        self.combo.clear()
        for source in sources():
            self.combo.addItem(_(source.title), source.name)
            place = self.combo.count() - 1
            help_ = _(source.description) if source.available else source.remedy
            self.combo.setItemData(place, rich(help_), Qt.ItemDataRole.ToolTipRole)
            if not source.available:
                self.combo.setItemData(place, 0, FLAGS)
        self.combo.addItem(_(self.FOLDER), None)
        self.combo.setAccessibleName(_("Images"))
        for editor, name, field in (
            (self.per_class, _("Training images of each class"), "per_class"),
            (self.fraction, _("Share of the training images of each class"), "fraction"),
            (self.classes, _("Classes"), "classes"),
        ):
            editor.setAccessibleName(name)
            editor.setToolTip(rich(_(str(DataChoice.model_fields[field].description))))
            editor.retranslate()
        self.set_value(self._value)

    def _chosen(self) -> None:
        name = self.combo.value_() or self.ask_folder()
        if not name:
            self._show(self._value)
            return
        before = self._source, self._problem
        self._look(name)  # anew, also where the name is the same: the folder may be another by now
        if self._source is None:
            self._said = self._problem
            self._source, self._problem = before
            self._show(self._value)
            return
        kept = self._value.classes if set(self._value.classes) <= set(self._source.classes) else ()
        value = self._value.model_copy(update={"name": name, "classes": kept})
        said = None
        if fewest := self._source.too_few(value):
            said = Message(
                "{asked} per class is more than “{name}” has here ({count}): all are taken.",
                asked=value.per_class,
                name=Message(fewest[0]),
                count=fewest[1],
            )
            value = value.model_copy(update={"per_class": None})
        changed, source = value != self._value, self._source
        self._said = said
        self._show(value)
        self._source = source
        if changed:
            self.edited.emit()

    def _counted(self) -> None:
        self._take(per_class=self.per_class.value_())

    def _shared(self) -> None:
        self._take(fraction=round(self.fraction.value() / 100, DECIMALS))

    def _classes_chosen(self) -> None:
        self._take(classes=self.classes.value_())

    def _take(self, **changed: object) -> None:
        self.set_value(self._value.model_copy(update=changed))
        self.edited.emit()

    def _ask(self) -> str:
        return QFileDialog.getExistingDirectory(self, _("Folder with a sub-folder of pictures per class"))


class ClassesButton(QToolButton):
    """A button with a menu of classes to tick; none chosen means all. Empty and grey where they are not known."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._classes: tuple[str, ...] = ()
        self._chosen: tuple[str, ...] = ()
        self._actions: list[QAction] = []
        """One for each class; kept for ever, as clearing a menu with connected actions can crash Qt."""
        self._menu = _StayingMenu(self)
        self._everything = self._menu.addAction("")
        self._everything.triggered.connect(self._all)
        self._menu.addSeparator()
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def value_(self) -> tuple[str, ...]:
        """The chosen classes in the order of the image set, or none for all of them."""
        return self._chosen

    def set_value(self, classes: tuple[str, ...], chosen: tuple[str, ...]) -> None:
        """Offer `classes`, with `chosen` ticked, or all where none is."""
        listed = (*classes, *(name for name in chosen if name not in classes))
        if listed != self._classes:
            self._classes = listed
            self._fill()
        self._chosen = chosen
        self._show()

    def retranslate(self) -> None:
        """Name the classes in the language now in use."""
        self._fill()
        self._show()

    def _fill(self) -> None:
        while len(self._actions) < len(self._classes):
            action = self._menu.addAction("")
            action.setCheckable(True)
            action.triggered.connect(self._ticked)
            self._actions.append(action)
        for i, action in enumerate(self._actions):
            listed = i < len(self._classes)
            action.setVisible(listed)
            action.setText(_(self._classes[i]) if listed else "")

    def _show(self) -> None:
        self._everything.setText(_("All classes"))
        self._everything.setEnabled(bool(self._chosen))
        for name, action in zip(self._classes, self._actions, strict=False):
            action.setChecked(not self._chosen or name in self._chosen)
        n = len(self._chosen)
        self.setText(ngettext("{n} class", "{n} classes", n).format(n=n) if n else _("All classes"))
        self.setEnabled(bool(self._classes))

    def _all(self) -> None:
        self._choose(())

    def _ticked(self) -> None:
        pairs = zip(self._classes, self._actions, strict=False)
        ticked = tuple(name for name, action in pairs if action.isChecked())
        if len(ticked) < FEWEST:
            self._show()  # puts the tick back
        else:
            self._choose(() if len(ticked) == len(self._classes) else ticked)

    def _choose(self, chosen: tuple[str, ...]) -> None:
        self._chosen = chosen
        self._show()
        self.edited.emit()


class _StayingMenu(QMenu):
    """Stays open while ticks are set: one wants several."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if not self._tick(self.actionAt(event.position().toPoint())):
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() != Qt.Key.Key_Space or not self._tick(self.activeAction()):
            super().keyPressEvent(event)

    def _tick(self, action: QAction | None) -> bool:
        if action is None or not action.isCheckable():
            return False
        action.trigger()
        return True
