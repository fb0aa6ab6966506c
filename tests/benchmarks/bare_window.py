"""A window with four empty plots and nothing else, that says when it is painted: ours starts against it."""

from __future__ import annotations

import sys

import pyqtgraph as pg
from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QMainWindow, QWidget


class Window(QMainWindow):
    """Leaves once it has been painted."""

    def __init__(self) -> None:
        super().__init__()
        inside = QWidget()
        grid = QGridLayout(inside)
        for i in range(4):
            plot = pg.PlotWidget()
            plot.plot([0, 1, 2], [2, 1, 0])
            grid.addWidget(plot, i // 2, i % 2)
        self.setCentralWidget(inside)
        self.resize(1280, 720)
        self._painted = False

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.say)  # after the children have been painted, too

    def say(self) -> None:
        """What is waited for."""
        print("painted", flush=True)
        self.close()


if __name__ == "__main__":
    app = QApplication(sys.argv[:1])
    window = Window()
    window.show()
    sys.exit(app.exec())
