"""Run beside the tests: opens the window at the first start on the screen there is, and says what is outside of it.

`on_screen.py LANGUAGE` prints a JSON object: the size of the window, and the controls that cannot be reached.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QRect, QSettings
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QScrollArea,
    QTreeWidget,
    QWidget,
)

from explorer.gui.settings import Memory
from explorer.gui.translation import use_language
from explorer.gui.window import Window

CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QTreeWidget)


def rolled(widget: QWidget) -> bool:
    """Whether `widget` can be scrolled to, down to it."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def outside(window: Window) -> list[str]:
    """Visible controls that do not stand inside the window, or, where they scroll, within its width."""
    whole, found = window.rect(), list[str]()
    for widget in window.findChildren(QWidget):
        if not isinstance(widget, CONTROLS) or not widget.isVisible() or not widget.width():
            continue
        place = QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size())
        inside = whole.left() <= place.left() and place.right() <= whole.right()
        if not rolled(widget):
            inside = inside and whole.contains(place)
        if not inside and widget.objectName() not in ("ScrollLeftButton", "ScrollRightButton"):
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            found.append(f"{type(widget).__name__} {text or widget.accessibleName()!r} {place.getRect()}")
    return found


def main(language: str) -> None:
    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat))
        memory.keep(language=language)
        use_language(language)
        window = Window(memory, runs=Path(folder))
        window.show()
        app.processEvents()
        window.refresh_all()
        app.processEvents()
        free = window.screen().availableGeometry()
        found = outside(window)
        for name in ("left", "right"):  # brought back or folded away by hand, all stays inside, too
            window.arrangement.toggle(name)
            app.processEvents()
            found += [f"{name}: {one}" for one in outside(window)]
        ways = [button.isVisible() for button in window.transport.columns.values()]
        train = window.transport.buttons["train"]
        told = {
            "free": free.getRect(),
            "window": window.frameGeometry().getRect(),
            "inside": free.contains(window.frameGeometry()),
            "outside": found,
            "ways_back": all(ways),
            "train": train.isVisible() and window.rect().contains(train.mapTo(window, train.rect().bottomRight())),
        }
        window.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
