"""The question before a stored run goes on, where that can mean several things."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from explorer.i18n import _
from explorer.recipe import Recipe
from explorer.runs import open_run
from explorer.session.ways_on import MOST, GoingOn

WIDE = 460
"""Of the dialog, in pixels."""


def how_to_go_on(parent: QWidget, folder: Path) -> Recipe | None:
    """The recipe with which the run in `folder` is to go on; None if it is not to. Raises InputError if it cannot."""
    going_on = GoingOn(folder, open_run(folder))
    if going_on.at_once:
        return going_on.recipe
    dialog = GoOnDialog(parent, going_on)
    chosen = dialog.recipe if dialog.exec() else None
    dialog.deleteLater()
    return chosen


class GoOnDialog(QDialog):
    """Says why there is a choice, and offers it."""

    def __init__(self, parent: QWidget, going_on: GoingOn) -> None:
        super().__init__(parent)
        self._going_on = going_on
        self.setWindowTitle(_("Go on with this run"))
        self.setMinimumWidth(WIDE)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        layout.addWidget(QLabel(str(going_on.reason), wordWrap=True))
        self.epochs = QSpinBox()
        self.epochs.setRange(min(going_on.done + 1, MOST), MOST)
        self.epochs.setValue(2 * going_on.done)
        if going_on.wants_epochs:
            label, row = QLabel(_("Epochs in all:")), QHBoxLayout()
            label.setBuddy(self.epochs)
            self.epochs.setAccessibleName(label.text())
            row.addWidget(label)
            row.addWidget(self.epochs)
            row.addStretch(1)
            layout.addLayout(row)
        self._group = QButtonGroup(self)
        self.ways = [QRadioButton() for _way in going_on.ways(self.epochs.value())]
        for number, button in enumerate(self.ways):
            self._group.addButton(button, number)
            button.setVisible(len(self.ways) > 1)
            layout.addWidget(button)
        self.ways[0].setChecked(True)
        self._word()
        self.epochs.valueChanged.connect(self._word)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText(_("Go on"))
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(_("Cancel"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    @property
    def recipe(self) -> Recipe:
        """The one that is chosen."""
        return self._going_on.ways(self.epochs.value())[self._group.checkedId()].recipe

    def _word(self) -> None:
        for button, way in zip(self.ways, self._going_on.ways(self.epochs.value()), strict=False):
            button.setText(str(way.text))
