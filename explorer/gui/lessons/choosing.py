"""The list of lessons: title, goal, minutes; or a file of one's own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from explorer.i18n import _
from explorer.lessons import Lesson, shipped


class Choosing(QDialog):
    """`chosen` is the lesson that somebody took; `file` whether they want to open one of their own instead."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.lessons, self.file = shipped(), False
        self.setWindowTitle(_("Lessons"))
        self.list, self.goal = QListWidget(), QLabel(wordWrap=True)
        self.list.setAccessibleName(_("Lessons"))
        for number, lesson in enumerate(self.lessons, 1):
            minutes = _("{n} min").format(n=lesson.minutes)
            self.list.addItem(QListWidgetItem(f"{number}.  {lesson.title}  ·  {minutes}"))
        self.goal.setMinimumHeight(4 * self.fontMetrics().height())
        self.goal.setAlignment(Qt.AlignmentFlag.AlignTop)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText(_("Begin"))
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(_("Cancel"))
        own = QPushButton(_("Open a lesson file…"))
        buttons.addButton(own, QDialogButtonBox.ButtonRole.ActionRole)
        own.clicked.connect(self._own)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.list.currentRowChanged.connect(self._tell)
        self.list.itemDoubleClicked.connect(self.accept)
        layout = QVBoxLayout(self)
        for widget in (self.list, self.goal, buttons):
            layout.addWidget(widget)
        self.list.setCurrentRow(0)
        self.resize(620, 480)

    @property
    def chosen(self) -> Lesson:
        """The lesson that is marked."""
        return self.lessons[max(0, self.list.currentRow())]

    def _tell(self, row: int) -> None:
        self.goal.setText(str(self.lessons[row].goal))

    def _own(self) -> None:
        self.file = True
        self.accept()


def choose(parent: QWidget) -> Lesson | Path | None:
    """A lesson of the program, or the file of another one; None if neither is wanted."""
    dialog = Choosing(parent)
    accepted, chosen, file = dialog.exec(), dialog.chosen, dialog.file
    dialog.deleteLater()
    if not accepted:
        return None
    return ask_file(parent) if file else chosen


def ask_file(parent: QWidget) -> Path | None:
    """The file of a lesson."""
    path, _filter = QFileDialog.getOpenFileName(parent, _("Open a lesson"), "", _("Lessons (*.toml)"))
    return Path(path) if path else None


def ask_images(parent: QWidget) -> Path | None:
    """A folder of pictures of one's own."""
    path = QFileDialog.getExistingDirectory(parent, _("A folder with one sub-folder of pictures for each class"))
    return Path(path) if path else None
