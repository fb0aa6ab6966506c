"""Which images a run trains on: the image set, how many of each class, and which classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from explorer.data import DataChoice, Source, known, look, sources
from explorer.errors import InputError
from explorer.gui.recipe.classes_button import ClassesButton
from explorer.gui.recipe.editors import DECIMALS, ChoiceEditor, NumberEditor, WholeEditor
from explorer.gui.recipe.under_way import UnderWay
from explorer.gui.recipe.view_editor import ViewEditor
from explorer.gui.wording import rich
from explorer.i18n import N_, Message, _, ngettext
from explorer.session.aside import Aside

FLAGS = Qt.ItemDataRole.UserRole - 1
"""Where a combo box keeps the flags of an item; 0 greys it. The wrapper that model.item() gives outlives the item that
clear() deletes; shiboken then took it for the QAction that Qt put in its place, and a change of language crashed."""


LOOK = 50
"""Milliseconds between two looks at how far the search through a folder is."""
PATIENCE = 4
"""Looks before anything is said of it: most folders are found in less."""


class DataEditor(QWidget):
    """Lines: image set; images or share of each class; classes; of a folder, how its pictures come to one shape. Below
    them what was found in a folder, and why one is refused, or what cannot be had of it.

    A folder is looked through beside the window. One that was chosen becomes the value when it has been found good.
    """

    edited = Signal()
    load = Signal(bool)
    """Somebody wants the images of the value to be loaded, or not any more."""
    told = Signal()
    """What is known of the images of the value has changed."""

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
        self._search: _Search | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look_again)
        self.ask_folder: Callable[[], str] = self._ask
        self.combo = ChoiceEditor(())
        self.per_class = WholeEditor(1, 1_000_000, N_("per class"), empty=N_("all"))
        self.fraction = NumberEditor(0.01, 100, 100, "%")
        self.fraction.setSingleStep(10)
        self.classes, self.view = ClassesButton(), ViewEditor()
        self.under_way = UnderWay()
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
        for widget in (self.classes, self.view, self.under_way, self.about):
            layout.addWidget(widget)
        self.setFocusProxy(self.combo)
        self.combo.edited.connect(self._chosen)
        self.per_class.edited.connect(self._counted)
        self.fraction.edited.connect(self._shared)
        self.classes.edited.connect(self._classes_chosen)
        self.view.edited.connect(self._viewed)
        self.under_way.pressed.connect(self._pressed)
        self.retranslate()

    def value_(self) -> DataChoice:
        """The choice shown."""
        return self._value

    @property
    def source(self) -> Source | None:
        """What is known of the images before they are loaded; None if they are not there, or not found yet."""
        return self._source

    @property
    def searching(self) -> bool:
        """Whether a folder is being looked through."""
        return self._search is not None

    @Slot()
    def cancel(self) -> None:
        """Leave the search, and everything as it was."""
        if self._search and not self._search.chosen:
            self._problem = Message("The folder has not been looked through: that was cancelled. Choose it anew.")
        self._leave()
        self._show(self._value)

    def show_loading(self, far: str, again: bool) -> None:
        """Show how far the loading of the images is, or that it can be begun `again`; nothing where both are empty."""
        if self._search is None:
            self.under_way.say(far or (_("Not loaded: no preview") if again else ""), again and not far)

    def _pressed(self, again: bool) -> None:
        if self._search:
            self.cancel()
        else:
            self.load.emit(again)

    def leave(self) -> None:
        """End what goes on beside the window."""
        self._leave()
        self.view.leave()

    def _leave(self) -> None:
        if self._search:
            self._search.work.cancel()
            self._search = None
        self._timer.stop()
        self.under_way.say("")

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
        if value.place != self._value.place or not (self._source or self._problem or self._search):
            self._find(value)
        self._value = value
        if self.combo.findData(value.name) < 0:
            place = self.combo.count() - 1
            self.combo.insertItem(place, Path(value.name).name or value.name, value.name)
            self.combo.setItemData(place, rich(value.name), Qt.ItemDataRole.ToolTipRole)
        self.combo.set_value(value.name)
        self.per_class.set_value(value.per_class)
        self.fraction.set_value(100 * value.fraction)
        self.fraction.setVisible(value.per_class is None)  # it has no effect then, and the number needs the room
        self.classes.set_value(self._source.classes if self._source else (), value.classes)
        self.view.set_value(value)
        self.view.show_files(self._source.files if self._source else (), value.view)
        self.view.setVisible(self._source is None or self._source.own)
        self._tell()

    def _find(self, value: DataChoice) -> None:
        """Find out what is in the image set of `value`, which is now the one shown."""
        self._leave()
        self._source, self._problem = known(value.name), None
        if self._source is None:
            self._begin(value, chosen=False)

    def _begin(self, value: DataChoice, chosen: bool) -> None:
        self._search = _Search(value.name, chosen, Aside(partial(look, value)))
        self._timer.start()

    @Slot()
    def _look_again(self) -> None:
        search = self._search
        if search is None:
            return
        search.looks += 1
        if not search.work.over:
            if search.looks > PATIENCE:
                n, name = search.work.done, Path(search.name).name
                text = ngettext("Looking through {name}: {n} file", "Looking through {name}: {n} files", n)
                self.under_way.say(text.format(name=name, n=f"{n:,}".replace(",", "\u2009")))
            return
        self._leave()
        source, problem = search.work.result, search.work.problem
        if not search.chosen:
            self._source, self._problem = source, problem
            self._show(self._value)
        elif source:
            self._take_set(source)
        else:
            self._said = problem
            self._show(self._value)
        self.told.emit()

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
        self.view.retranslate()
        self.under_way.retranslate()
        self.set_value(self._value)

    def _chosen(self) -> None:
        name = self.combo.value_() or self.ask_folder()
        self.combo.set_value(self._value.name)
        if not name:
            return
        self._leave()
        if source := known(name):
            self._take_set(source)
        else:  # anew, also where the name is the same: the folder may be another by now
            self._begin(self._value if name == self._value.name else DataChoice(name=name), chosen=True)

    def _take_set(self, source: Source) -> None:
        """Have the images of `source` as the value, with what still fits of what was chosen."""
        kept = self._value.classes if set(self._value.classes) <= set(source.classes) else ()
        value = self._value.model_copy(update={"name": source.name, "classes": kept})
        if source.name != self._value.name:  # how pictures are found there was for that place
            value = DataChoice(
                name=source.name, **value.model_dump(exclude={"name", "pattern", "columns", "root", "order"})
            )
        if not source.own:  # its pictures have a shape of their own
            default = DataChoice()
            value = value.model_copy(update={"size": default.size, "fit": default.fit, "colour": default.colour})
        said = None
        if fewest := source.too_few(value):
            said = Message(
                "{asked} per class is more than “{name}” has here ({count}): all are taken.",
                asked=value.per_class,
                name=Message(fewest[0]),
                count=fewest[1],
            )
            value = value.model_copy(update={"per_class": None})
        changed = value != self._value
        self._value, self._source, self._problem, self._said = value, source, None, said
        if changed:
            self._notes = ()
        self._show(value)
        if changed:
            self.edited.emit()

    def _counted(self) -> None:
        self._take(per_class=self.per_class.value_())

    def _shared(self) -> None:
        self._take(fraction=round(self.fraction.value() / 100, DECIMALS))

    def _classes_chosen(self) -> None:
        self._take(classes=self.classes.value_())

    def _viewed(self) -> None:
        self._take(**self.view.value_())

    def _take(self, **changed: object) -> None:
        self.set_value(self._value.model_copy(update=changed))
        self.edited.emit()

    def _ask(self) -> str:
        return QFileDialog.getExistingDirectory(self, _("Folder with a sub-folder of pictures per class"))


@dataclass
class _Search:
    """A folder that is being looked through."""

    name: str
    chosen: bool
    """Whether it is to become the value, which else it is already."""
    work: Aside[Source]
    looks: int = 0
