"""How pictures of one's own are brought to one shape: size, colour, and what becomes of those that are not square."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from explorer.data import DataChoice
from explorer.gui.recipe.editors import ChoiceEditor, WholeEditor
from explorer.gui.wording import rich
from explorer.i18n import N_, _

SMALLEST, LARGEST = 16, 512


class ViewEditor(QWidget):
    """Two lines: size and colour; fit."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.size_ = WholeEditor(SMALLEST, LARGEST, N_("pixels"))
        self.size_.setSingleStep(16)
        self.colour = ChoiceEditor((True, False), titles={True: N_("in colour"), False: N_("in grey")})
        fits = {"crop": N_("cut out the middle"), "pad": N_("all of it, between bars"), "stretch": N_("stretched")}
        self.fit = ChoiceEditor(tuple(fits), titles=fits)
        self._editors: dict[str, Any] = {"size": self.size_, "colour": self.colour, "fit": self.fit}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.size_, 0, 0)
        layout.addWidget(self.colour, 0, 1)
        layout.addWidget(self.fit, 1, 0, 1, 2)
        for editor in self._editors.values():
            editor.edited.connect(self.edited)
        self.retranslate()

    def value_(self) -> dict[str, Any]:
        """Fields of DataChoice."""
        return {name: editor.value_() for name, editor in self._editors.items()}

    def set_value(self, choice: DataChoice) -> None:
        """Show what `choice` says."""
        for name, editor in self._editors.items():
            editor.set_value(getattr(choice, name))

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        names = {"size": _("Size of the pictures"), "colour": _("Colour or grey"), "fit": _("Pictures not square")}
        for name, editor in self._editors.items():
            editor.setAccessibleName(names[name])
            editor.setToolTip(rich(_(str(DataChoice.model_fields[name].description))))
            editor.retranslate()
