"""A message in the window: what went wrong and the remedy. No traceback, no box that has to be clicked away."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton

from explorer.i18n import _


class Banner(QFrame):
    """Hidden until there is something to say; the last message stays until it is closed or the next run starts."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._details = ""
        self.text = QLabel(wordWrap=True)
        self.text.setTextInteractionFlags(self.text.textInteractionFlags().TextSelectableByMouse)
        self.copy, self.dismiss = QPushButton(), QToolButton()
        self.copy.clicked.connect(self._copy)
        self.dismiss.setText("✕")
        self.dismiss.setAutoRaise(True)
        self.dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 6, 6)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.copy)
        layout.addWidget(self.dismiss)
        self.hide()
        self.retranslate()

    def say(self, reason: str, remedy: str = "", details: str = "") -> None:
        """Show `reason` and what to do about it; `details` can be copied, for a report."""
        escaped = [text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>") for text in (reason, remedy)]
        self.text.setText(f"<b>{escaped[0]}</b>" + (f"<br>{escaped[1]}" if remedy else ""))
        self._details = "\n".join(filter(None, (reason, remedy, details)))
        self.show()

    def retranslate(self) -> None:
        """Show its own text in the language now in use."""
        self.copy.setText(_("Copy details"))
        self.dismiss.setToolTip(_("Close"))
        self.dismiss.setAccessibleName(_("Close this message"))
        self.setAccessibleName(_("Message"))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)
