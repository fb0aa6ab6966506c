"""Something that takes a while: how far it is, and a button that ends it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from explorer.i18n import _


class UnderWay(QWidget):
    """One line, there only while something is under way."""

    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text, self.button = QLabel(wordWrap=True), QToolButton()
        self.text.setObjectName("muted")
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.button)
        self.button.clicked.connect(self.cancelled)
        self.hide()

    def say(self, text: str) -> None:
        """Show `text`; an empty one is the end."""
        self.text.setText(text)
        self.setVisible(bool(text))

    def retranslate(self) -> None:
        """Show the button in the language now in use."""
        self.button.setText(_("Cancel"))
        self.button.setAccessibleName(_("Cancel"))
