"""How pictures of one's own are brought to one shape: size, colour, and what becomes of those that are not square."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from explorer.data import DataChoice
from explorer.data.glance import Glance, glance
from explorer.data.view import View
from explorer.gui.recipe.editors import ChoiceEditor, WholeEditor
from explorer.gui.recipe.view_picture import ViewPicture, lost
from explorer.gui.wording import rich
from explorer.i18n import N_, _
from explorer.session.aside import Aside

SMALLEST, LARGEST = 16, 512
LOOK = 50
"""Milliseconds between two looks at whether the pictures have been looked at."""


class ViewEditor(QWidget):
    """Two lines: size and colour; fit. Below them what becomes of a few pictures, and how much of them is lost."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.size_ = WholeEditor(SMALLEST, LARGEST, N_("px"))
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
        self.picture, self.lost = ViewPicture(), QLabel(wordWrap=True)
        self.lost.setObjectName("muted")
        layout.addWidget(self.picture, 2, 0, 1, 2)
        layout.addWidget(self.lost, 3, 0, 1, 2)
        self.lost.hide()
        self._glance: Glance | None = None
        self._work: Aside[Glance | None] | None = None
        self._asked: tuple[tuple[Path, ...], View] = ((), View())
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look_again)
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

    def show_files(self, files: tuple[Path, ...], view: View) -> None:
        """Show what `view` makes of `files`, as soon as that is known."""
        if (files, view) == self._asked:
            return
        self.leave()
        self._asked = files, view
        if files:
            self._work = Aside(partial(glance, files, view))
            self._timer.start()
        else:
            self._show(None)

    @property
    def looking(self) -> bool:
        """Whether pictures are being looked at."""
        return self._work is not None

    def leave(self) -> None:
        """End what goes on beside the window."""
        if self._work:
            self._work.cancel()
            self._work = None
            self._asked = ((), View())
        self._timer.stop()

    @Slot()
    def _look_again(self) -> None:
        if self._work and self._work.over:
            self._timer.stop()
            self._show(self._work.result)
            self._work = None

    def _show(self, found: Glance | None) -> None:
        self._glance = found
        self.picture.show_glance(found)
        self.lost.setText(lost(found) if found else "")
        self.lost.setVisible(found is not None)
        self._give_room()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._give_room()

    def _give_room(self) -> None:
        """The form's grid asks for no height that depends on the width, and would cut the lines off."""
        self.lost.setMinimumHeight(max(0, self.lost.heightForWidth(self.width())) if self._glance else 0)

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        names = {"size": _("Size of the pictures"), "colour": _("Colour or grey"), "fit": _("Pictures not square")}
        for name, editor in self._editors.items():
            editor.setAccessibleName(names[name])
            editor.setToolTip(rich(_(str(DataChoice.model_fields[name].description))))
            editor.retranslate()
        self._show(self._glance)
