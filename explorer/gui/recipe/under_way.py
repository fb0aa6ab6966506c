"""Something that takes a while: how far it is, and a button that ends it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from explorer.i18n import _


class UnderWay(QWidget):
    """One line, there only while something is under way."""

    pressed = Signal(bool)
    """Whether it is to begin again; else it is to end."""

    def __init__(self) -> None:
        super().__init__()
        self._again = False
        self.text, self.button = QLabel(wordWrap=True), QToolButton()
        self.text.setObjectName("muted")
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button)
        self.button.clicked.connect(self._clicked)
        self.hide()

    def say(self, text: str, again: bool = False) -> None:
        """Show `text`, with a button that ends it, or begins it `again`; an empty one leaves nothing to see."""
        self.text.setText(text)
        if again != self._again:
            self._again = again
            self.retranslate()
        self.setVisible(bool(text))

    def retranslate(self) -> None:
        """Show the button in the language now in use."""
        self.button.setText(_("Load") if self._again else _("Cancel"))
        self.button.setAccessibleName(self.button.text())

    def _clicked(self) -> None:
        self.pressed.emit(self._again)
