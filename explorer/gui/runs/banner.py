"""A message in the window: what went wrong and the remedy. No traceback, no box that has to be clicked away.

It lies over the lower edge of the panels until it is closed, so that nothing moves when it comes or goes.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from explorer.events import DIVERGED, RunEnded
from explorer.i18n import Message, _
from explorer.recipe import Recipe
from explorer.session.remedies import Remedy, remedies


class Banner(QFrame):
    """Hidden until there is something to say; the last message stays until it is closed or the next run starts."""

    tried = Signal(object)
    """A remedy was chosen; carries the recipe with it."""
    go_on = Signal()
    """The run of which it speaks is to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._said: tuple[Message | str, Message | str, str] = ("", "", "")
        self.setAutoFillBackground(True)
        self._over: QWidget | None = None
        self._details, self._of_run = "", False
        self._ran: Recipe | None = None
        self._chose = False
        """Whether one of the remedies was."""
        self._now: Recipe | None = None
        self.text = QLabel(wordWrap=True)
        self.text.setTextInteractionFlags(self.text.textInteractionFlags().TextSelectableByMouse)
        self.copy, self.on, self.dismiss = QPushButton(), QPushButton(), QToolButton()
        self.on.clicked.connect(self._on)
        self.copy.clicked.connect(self._copy)
        self.dismiss.setText("✕")
        self.dismiss.setAutoRaise(True)
        self.dismiss.clicked.connect(self.hide)
        above = QHBoxLayout()
        for widget, stretch in ((self.text, 1), (self.on, 0), (self.copy, 0), (self.dismiss, 0)):
            above.addWidget(widget, stretch)
        self.row, self.buttons = QWidget(), {}  # type: tuple[QWidget, dict[str, QPushButton]]
        self._try, self._then = QLabel(self.row), QLabel(self.row)
        self._below, self._columns = QGridLayout(self.row), 0
        self._below.setContentsMargins(0, 0, 0, 0)
        self._below.setColumnStretch(9, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 6, 6)
        layout.setSpacing(4)
        layout.addLayout(above)
        layout.addWidget(self.row)
        self.hide()
        self.row.hide()
        self.retranslate()

    def say(self, reason: Message | str, remedy: Message | str = "", details: str = "") -> None:
        """Show `reason` and what to do about it; `details` can be copied, for a report."""
        self._of_run, self._ran, self._chose = False, None, False
        self._said = reason, remedy, details
        self.on.hide()
        self._show()

    def say_of_run(self, ended: RunEnded, ran: Recipe | None, *, can_go_on: bool = False) -> None:
        """Show why a run went wrong and what to do about it; where it diverged, what to try after the recipe `ran`."""
        self.on.setVisible(can_go_on)
        self._of_run, self._ran, self._chose = True, ran if ended.outcome == DIVERGED else None, False
        self._said = ended.reason, ended.remedy, ended.details
        self._show()

    def lie_over(self, widget: QWidget) -> None:
        """Stand before the lower edge of `widget`."""
        self._over = widget
        self.setParent(widget.parentWidget())
        widget.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._lie_down()
        return super().eventFilter(watched, event)

    def _lie_down(self) -> None:
        over = self._over
        if over is None:
            return
        self._arrange(over.width() - 40)
        high = min(max(self.heightForWidth(over.width()), self.minimumSizeHint().height()), over.height())
        lower = over.geometry()
        self.setGeometry(lower.left(), lower.bottom() + 1 - high, lower.width(), high)
        self.raise_()

    def _arrange(self, width: int) -> None:
        """Put the remedies into one line, or where they find no room into two columns."""
        buttons = list(self.buttons.values())
        parts = [self._try, *buttons, self._then]
        needed = sum(part.sizeHint().width() + self._below.horizontalSpacing() for part in parts)
        columns = len(buttons) if needed <= width else 2
        if columns == self._columns and self._below.count() == len(parts):
            return
        self._columns = columns
        for part in parts:
            self._below.removeWidget(part)
        alone = columns == len(buttons)
        self._below.addWidget(self._try, 0, 0, 1, 1 if alone else 2)
        for i, button in enumerate(buttons):
            self._below.addWidget(button, 0 if alone else 1 + i // 2, 1 + i if alone else i % 2)
        self._below.addWidget(self._then, 0, 1 + columns if alone else 2)

    def leave_run(self) -> None:
        """Hide what was said of a run: another one comes on screen."""
        if self._of_run:
            self.hide()

    def follow(self, recipe: Recipe) -> None:
        """`recipe` is the one that remedies change; what it has of them already is not offered."""
        self._now = recipe
        if not self.isHidden():
            self._offer()

    def retranslate(self) -> None:
        """Show its own text in the language now in use."""
        self.copy.setText(_("Copy details"))
        self.on.setText(_("Go on"))
        self.dismiss.setToolTip(_("Close"))
        self.dismiss.setAccessibleName(_("Close this message"))
        self.setAccessibleName(_("Message"))
        self._try.setText(_("Try in the recipe:"))
        self._then.setText(_("The recipe is changed; press Train."))
        self._word()

    def _show(self) -> None:
        self._word()
        self.show()
        self._lie_down()

    def _word(self) -> None:
        reason, remedy, details = map(str, self._said)
        escaped = [text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>") for text in (reason, remedy)]
        self.text.setText(f"<b>{escaped[0]}</b> {escaped[1]}".strip())
        self._details = "\n".join(filter(None, (reason, remedy, details)))
        self._offer()

    def _offer(self) -> None:
        found = self._found()
        if set(self.buttons) != {remedy.key for remedy in found}:
            for old in self.buttons.values():
                old.deleteLater()
                self._below.removeWidget(old)
            self.buttons = {remedy.key: self._button() for remedy in found}
        for remedy in found:
            button = self.buttons[remedy.key]
            button.setText(remedy.text)
            button.setVisible(not remedy.done)
        self._then.setVisible(self._chose)
        self.row.setVisible(bool(found))
        self._columns = 0
        self._lie_down()

    def _button(self) -> QPushButton:
        button = QPushButton()
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # a second click must not meet the next button in its place
        button.setSizePolicy(policy)
        button.clicked.connect(self._chosen)
        return button

    def _chosen(self) -> None:
        chosen = next(remedy for remedy in self._found() if self.buttons[remedy.key] is self.sender())
        assert self._now
        self._chose = True
        self.tried.emit(chosen.apply(self._now))

    def _found(self) -> tuple[Remedy, ...]:
        return remedies(self._ran, self._now) if self._ran and self._now else ()

    def _on(self) -> None:
        self.hide()
        self.go_on.emit()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)
