"""A message in the window: what went wrong and the remedy. No traceback, no box that has to be clicked away.

It takes the lower end of the recipe, which scrolls, until it is closed: nothing moves when it comes or goes, and no
panel is covered. Where the recipe is folded away it lies over the lower edge of the panels.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from explorer.events import DIVERGED, RunEnded
from explorer.gui.recipe.sidebar import Sidebar
from explorer.i18n import Message, _
from explorer.recipe import Recipe
from explorer.session.remedies import Remedy, remedies

BESIDE = 160
"""Pixels that the recipe keeps in its height where the banner takes the rest of it."""
TEXT = 300
"""Pixels that the text keeps in its width with a button beside it."""


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
        self._beside: Sidebar | None = None
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
        self._ways = QWidget()
        ways = QHBoxLayout(self._ways)
        ways.setContentsMargins(0, 0, 0, 0)
        ways.addWidget(self.on)
        ways.addWidget(self.copy)
        self._above = QGridLayout()
        self._above.setColumnStretch(0, 1)
        self._above.addWidget(self.text, 0, 0)
        self._above.addWidget(self._ways, 0, 1, Qt.AlignmentFlag.AlignTop)
        self._above.addWidget(self.dismiss, 0, 2, Qt.AlignmentFlag.AlignTop)
        self.row, self.buttons = QWidget(), {}  # type: tuple[QWidget, dict[str, QPushButton]]
        self._try, self._then = QLabel(self.row), QLabel(self.row)
        self._below = QGridLayout(self.row)
        self._laid_out: tuple[bool, int] | None = None
        self._below.setContentsMargins(0, 0, 0, 0)
        self._below.setColumnStretch(9, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 6, 6)
        layout.setSpacing(4)
        layout.addLayout(self._above)
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

    def lie_over(self, panels: QWidget, recipe: Sidebar) -> None:
        """Take the lower end of `recipe`, or where that is not there, stand before the lower edge of `panels`."""
        self._over, self._beside = panels, recipe
        self.setParent(panels.parentWidget())
        for widget in (panels, recipe):
            widget.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide) and not self.isHidden():
            self._lie_down()
        return super().eventFilter(watched, event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        if self._beside and self.isHidden():  # not with the whole window
            self._beside.leave_free(0)

    def _lie_down(self) -> None:
        """Where it stands now, and as high as it must be."""
        over, beside, inside = self._over, self._beside, self.parentWidget()
        if over is None or beside is None or inside is None:
            return
        place = QRect(beside.mapTo(inside, QPoint()), beside.size())
        high = self._height_in(place.width())
        aside = beside.isVisibleTo(inside) and high + BESIDE <= place.height()
        if not aside:
            place = over.geometry()
            high = min(self._height_in(place.width()), place.height())
        beside.leave_free(high if aside else 0)
        self.setGeometry(place.left(), place.bottom() + 1 - high, place.width(), high)
        self.raise_()

    def _height_in(self, width: int) -> int:
        """Of all that is said, laid out for such a width."""
        self._arrange(width - 40)
        self._below.activate()
        return max(self.heightForWidth(width), self.minimumSizeHint().height())

    def _arrange(self, width: int) -> None:
        """Put the remedies into one line, or where they find no room into two columns or one, below each other."""
        self._above.removeWidget(self._ways)
        if width >= TEXT + self._ways.sizeHint().width() + self.dismiss.sizeHint().width():
            self._above.addWidget(self._ways, 0, 1, Qt.AlignmentFlag.AlignTop)
        else:
            self._above.addWidget(self._ways, 1, 0, 1, 3, Qt.AlignmentFlag.AlignLeft)
        buttons = list(self.buttons.values())
        parts = [self._try, *buttons, self._then]
        wide = [part.sizeHint().width() + self._below.horizontalSpacing() for part in parts]
        two = max(wide[1:-1:2], default=0) + max(wide[2:-1:2], default=0)
        alone = sum(wide) <= width
        columns = max(1, len(buttons)) if alone else 2 if two <= width else 1
        self._try.setVisible(alone or not self._chose)  # else the other one stands in its place
        if (alone, columns) == self._laid_out and self._below.count() == len(parts):
            return
        self._laid_out = alone, columns
        for part in parts:
            self._below.removeWidget(part)
        self._below.addWidget(self._try, 0, 0, 1, 1 if alone else 2)
        for i, button in enumerate(buttons):
            self._below.addWidget(button, 0 if alone else 1 + i // columns, 1 + i if alone else i % columns)
        self._below.addWidget(self._then, 0, 1 + columns if alone else 0, 1, 1 if alone else 2)

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
        self._laid_out = None
        self._lie_down()

    def _button(self) -> QPushButton:
        button = QPushButton(self.row)
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
