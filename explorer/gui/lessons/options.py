"""Outcomes to choose among: texts of several lines, each with a button and a digit that chooses it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QRadioButton, QSizePolicy, QWidget

from explorer.lessons.lesson import Option


class _Words(QLabel):
    """Beside its button, and a part of it for the mouse."""

    def __init__(self, button: QRadioButton) -> None:
        super().__init__(wordWrap=True)
        self._button = button

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._button.isEnabled() and event.button() == Qt.MouseButton.LeftButton:
            self._button.setFocus()
            self._button.click()


class Options(QWidget):
    """`chosen` carries the name of an option."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.buttons: dict[str, QRadioButton] = {}
        self._words: dict[str, _Words] = {}
        self._group = QButtonGroup(self)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)

    def show_options(self, options: tuple[Option, ...], chosen: str, enabled: bool) -> None:
        """Show these, one of them chosen, or none."""
        if list(self.buttons) != [option.name for option in options]:
            self._build(options)
        self._group.setExclusive(False)  # else the last one cannot be taken back
        for number, option in enumerate(options, 1):
            button, words = self.buttons[option.name], self._words[option.name]
            words.setText(f"{number}.  {option.label}")
            button.setAccessibleName(str(option.label))
            button.setShortcut(str(number))
            button.setChecked(option.name == chosen)
            button.setEnabled(enabled)
            font = words.font()
            font.setBold(option.name == chosen)
            words.setFont(font)
        self._group.setExclusive(True)

    def _build(self, options: tuple[Option, ...]) -> None:
        for widget in (*self.buttons.values(), *self._words.values()):
            self._grid.removeWidget(widget)
            widget.deleteLater()
        for button in self.buttons.values():
            self._group.removeButton(button)
        self.buttons, self._words = {}, {}
        for row, option in enumerate(options):
            button = QRadioButton()
            words = _Words(button)
            words.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            button.clicked.connect(partial(self._clicked, option.name))
            self._group.addButton(button)
            self._grid.addWidget(button, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(words, row, 1)
            self.buttons[option.name], self._words[option.name] = button, words

    def _clicked(self, name: str, *_checked: bool) -> None:
        self.chosen.emit(name)
