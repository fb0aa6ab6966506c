"""Which classes of an image set a run trains on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton

from explorer.i18n import _, ngettext

FEWEST = 2
"""Classes that must stay: one class alone is nothing to tell apart."""


class ClassesButton(QToolButton):
    """A button with a menu of classes to tick; none chosen means all. Empty and grey where they are not known."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._classes: tuple[str, ...] = ()
        self._chosen: tuple[str, ...] = ()
        self._actions: list[QAction] = []
        """One for each class; kept for ever, as clearing a menu with connected actions can crash Qt."""
        self._menu = _StayingMenu(self)
        self._everything = self._menu.addAction("")
        self._everything.triggered.connect(self._all)
        self._menu.addSeparator()
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def value_(self) -> tuple[str, ...]:
        """The chosen classes in the order of the image set, or none for all of them."""
        return self._chosen

    def set_value(self, classes: tuple[str, ...], chosen: tuple[str, ...]) -> None:
        """Offer `classes`, with `chosen` ticked, or all where none is."""
        listed = (*classes, *(name for name in chosen if name not in classes))
        if listed != self._classes:
            self._classes = listed
            self._fill()
        self._chosen = chosen
        self._show()

    def retranslate(self) -> None:
        """Name the classes in the language now in use."""
        self._fill()
        self._show()

    def _fill(self) -> None:
        while len(self._actions) < len(self._classes):
            action = self._menu.addAction("")
            action.setCheckable(True)
            action.triggered.connect(self._ticked)
            self._actions.append(action)
        for i, action in enumerate(self._actions):
            listed = i < len(self._classes)
            action.setVisible(listed)
            action.setText(_(self._classes[i]) if listed else "")

    def _show(self) -> None:
        self._everything.setText(_("All classes"))
        self._everything.setEnabled(bool(self._chosen))
        for name, action in zip(self._classes, self._actions, strict=False):
            action.setChecked(not self._chosen or name in self._chosen)
        n = len(self._chosen)
        self.setText(ngettext("{n} class", "{n} classes", n).format(n=n) if n else _("All classes"))
        self.setEnabled(bool(self._classes))

    def _all(self) -> None:
        self._choose(())

    def _ticked(self) -> None:
        pairs = zip(self._classes, self._actions, strict=False)
        ticked = tuple(name for name, action in pairs if action.isChecked())
        if len(ticked) < FEWEST:
            self._show()  # puts the tick back
        else:
            self._choose(() if len(ticked) == len(self._classes) else ticked)

    def _choose(self, chosen: tuple[str, ...]) -> None:
        self._chosen = chosen
        self._show()
        self.edited.emit()


class _StayingMenu(QMenu):
    """Stays open while ticks are set: one wants several."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if not self._tick(self.actionAt(event.position().toPoint())):
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() != Qt.Key.Key_Space or not self._tick(self.activeAction()):
            super().keyPressEvent(event)

    def _tick(self, action: QAction | None) -> bool:
        if action is None or not action.isCheckable():
            return False
        action.trigger()
        return True
