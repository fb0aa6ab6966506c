"""The program as its command starts it, beside which a test can ask what is on the screen, and where.

`python tests/gui/watched.py FOLDER`: whenever FOLDER/ask appears, FOLDER/answer.json says what a person would see:
every visible widget, entry of a menu and row of a list with its text and its place on the screen. It changes nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QRect, Qt, QTimer, Slot
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QLabel, QLineEdit, QMenu, QWidget

import explorer.__main__ as program
from explorer.gui import app

Seen = dict[str, Any]


class Watcher(QObject):
    """Answers when asked."""

    def __init__(self, window: QWidget, folder: Path) -> None:
        super().__init__(window)
        self.asked, self.answer = folder / "ask", folder / "answer.json"
        timer = QTimer(self, interval=20)
        timer.timeout.connect(self.look)
        timer.start()

    @Slot()
    def look(self) -> None:
        """Answer, if somebody has asked since the last look."""
        if self.asked.exists():
            self.asked.unlink()
            part = self.answer.with_suffix(".part")
            part.write_text(json.dumps(list(everything())), encoding="utf-8")
            part.replace(self.answer)


def everything() -> Iterator[Seen]:
    """What is on the screen: of a widget of which only a part is seen, the place of that part."""
    for widget in QApplication.allWidgets():
        seen = widget.visibleRegion().boundingRect()
        if not widget.isVisible() or seen.isEmpty():
            if isinstance(widget, QAbstractButton) and widget.isVisible():
                yield described(widget, QRect())  # can be scrolled to
            continue
        yield described(widget, seen)
        if isinstance(widget, QMenu):
            for action in widget.actions():
                yield place("entry", action.text(), widget, widget.actionGeometry(action))
        if isinstance(widget, QAbstractItemView):
            yield from rows(widget)


def described(widget: QWidget, seen: QRect) -> Seen:
    """`widget` by its accessible name, or else by its text."""
    text = widget.text() if isinstance(widget, QAbstractButton | QLabel | QLineEdit) else widget.windowTitle()
    return place(type(widget).__name__, widget.accessibleName() or text, widget, seen) | {
        "text": text,
        "enabled": widget.isEnabled(),
        "on": isinstance(widget, QAbstractButton) and widget.isChecked(),
        "window": int(widget.winId()) if widget.isWindow() else 0,
    }


def rows(view: QAbstractItemView) -> Iterator[Seen]:
    """The rows of a list or a tree that are seen, and whether they are ticked; the ticks stand at their left end."""
    model = view.model()
    stack = [model.index(row, 0) for row in range(model.rowCount())] if model else []
    while stack:
        index = stack.pop(0)
        stack += [model.index(row, 0, index) for row in range(model.rowCount(index))]
        area = view.visualRect(index) & view.viewport().rect()
        if not area.isEmpty():
            ticked = index.data(Qt.ItemDataRole.CheckStateRole)
            row = place("row", index.data() or "", view.viewport(), area)
            yield row | {"view": view.accessibleName(), "on": ticked is not None and Qt.CheckState(ticked).value == 2}


def place(kind: str, name: str, widget: QWidget, area: QRect) -> Seen:
    """`area` of `widget` on the screen: x and y of its left upper corner, width and height."""
    corner = widget.mapToGlobal(area.topLeft())
    return {"kind": kind, "name": name, "area": [corner.x(), corner.y(), area.width(), area.height()]}


def main(folder: Path) -> int:
    """As the command `training-explorer`."""
    window = app.Window

    def watched(*arguments: Any) -> Any:
        made = window(*arguments)
        Watcher(made, folder)
        return made

    app.Window = watched  # type: ignore[assignment, misc]
    return program.main([])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
