"""The centre: panels in a grid of splitters, with tabs where a cell holds several; a double click enlarges one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QByteArray, QMimeData, QPoint, Qt
from PySide6.QtGui import QDrag, QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QSplitter, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from explorer.gui.panels import Panel
from explorer.i18n import _

MIME = "application/x-training-explorer-panel"
HEADER = 34
"""Height in pixels of the part of a panel by which it is dragged and enlarged."""


class Cell(QFrame):
    """A place in the grid. With one panel it shows no tab."""

    def __init__(self, grid: PanelGrid) -> None:
        super().__init__()
        self._grid = grid
        self._pressed: QPoint | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAcceptDrops(True)
        self.tabs, self.stack = QTabBar(), QStackedWidget()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.currentChanged.connect(self._turned)
        self.tabs.tabBarDoubleClicked.connect(self._enlarge)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tabs)
        layout.addWidget(self.stack)

    @property
    def panels(self) -> list[Panel]:
        """Those in this cell, in the order of their tabs."""
        return [panel for i in range(self.stack.count()) if isinstance(panel := self.stack.widget(i), Panel)]

    def put(self, panels: Sequence[Panel], current: int = 0) -> None:
        """Hold these panels from now on."""
        self.tabs.blockSignals(True)
        while self.tabs.count():
            self.tabs.removeTab(0)
        for old in self.panels:
            self.stack.removeWidget(old)
        for panel in panels:
            self.tabs.addTab(_(panel.title))
            self.stack.addWidget(panel)
        self.tabs.setCurrentIndex(current)
        self.stack.setCurrentIndex(current)
        self.tabs.setVisible(len(panels) > 1)
        self.tabs.blockSignals(False)

    def select(self, panel: Panel) -> None:
        """Bring `panel` to the front."""
        self.tabs.setCurrentIndex(self.panels.index(panel))
        self.stack.setCurrentWidget(panel)

    def retranslate(self) -> None:
        """Name the tabs in the language now in use."""
        for i, panel in enumerate(self.panels):
            self.tabs.setTabText(i, _(panel.title))

    def _turned(self, index: int) -> None:
        self.stack.setCurrentIndex(index)

    def _enlarge(self) -> None:
        self._grid.toggle(self)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._enlarge()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        top = self.stack.y() + HEADER
        self._pressed = event.position().toPoint() if event.position().y() < top else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        panel = self.stack.currentWidget()
        if self._pressed is None or not isinstance(panel, Panel):
            return
        if (event.position().toPoint() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            data, drag = QMimeData(), QDrag(self)
            data.setData(MIME, QByteArray(panel.name.encode()))
            drag.setMimeData(data)
            drag.exec(Qt.DropAction.MoveAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if event.mimeData().hasFormat(MIME) and event.source() is not self:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        source = event.source()
        if isinstance(source, Cell):
            event.acceptProposedAction()
            self._grid.swap(source, self)


class PanelGrid(QWidget):
    """Holds every panel all the time; only their places change."""

    def __init__(self, panels: Sequence[Panel]) -> None:
        super().__init__()
        self.panels = list(panels)
        self.cells: list[Cell] = []
        self.enlarged: Cell | None = None
        self.columns = 0
        self._rows = QSplitter(Qt.Orientation.Vertical)
        self._rows.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._rows)
        self.arrange(2)

    def arrange(self, columns: int) -> None:
        """Two rows of `columns` cells, the panels spread over them in order."""
        self._build(columns)
        cells = len(self.cells)
        self._fill([[panel for j, panel in enumerate(self.panels) if j % cells == i] for i in range(cells)])

    def visible_panels(self) -> Iterator[Panel]:
        """Those that somebody can see."""
        return (panel for panel in self.panels if panel.isVisible())

    def cell_of(self, panel: Panel) -> Cell:
        """Where `panel` is."""
        return next(cell for cell in self.cells if panel in cell.panels)

    def toggle(self, cell: Cell) -> None:
        """Let `cell` fill the whole grid, or give the others their places back."""
        self.enlarged = None if self.enlarged is cell else cell
        for other in self.cells:
            other.setVisible(self.enlarged in (None, other))
        for i in range(self._rows.count()):
            row = self._rows.widget(i)
            row.setVisible(self.enlarged is None or row.isAncestorOf(self.enlarged))

    def enlarge(self, panel: Panel) -> None:
        """Let `panel` fill the whole grid; a second time gives the others their places back."""
        cell = self.cell_of(panel)
        if self.enlarged is cell and cell.stack.currentWidget() is panel:
            self.toggle(cell)
            return
        cell.select(panel)
        if self.enlarged is not cell:
            self.enlarged = None
            self.toggle(cell)

    def swap(self, one: Cell, other: Cell) -> None:
        """Exchange the panels in front of two cells."""
        ours, theirs = one.panels, other.panels
        i, j = one.stack.currentIndex(), other.stack.currentIndex()
        ours[i], theirs[j] = theirs[j], ours[i]
        one.put(ours, i)
        other.put(theirs, j)

    def state(self) -> str:
        """Who is where and how large, for `restore`."""
        splitters = [self._rows, *self._row_splitters()]
        return json.dumps(
            {
                "columns": self.columns,
                "cells": [[panel.name for panel in cell.panels] for cell in self.cells],
                "front": [cell.stack.currentIndex() for cell in self.cells],
                "sizes": [splitter.sizes() for splitter in splitters] if self.enlarged is None else [],
            }
        )

    def restore(self, state: str) -> bool:
        """Put everything where `state` says; False if it does not fit (another version wrote it)."""
        named = {panel.name: panel for panel in self.panels}
        try:
            saved = json.loads(state)
            columns, cells, front, sizes = (saved[key] for key in ("columns", "cells", "front", "sizes"))
            fits = columns in (2, 3) and len(cells) == len(front) == 2 * columns
            if not fits or sorted(name for cell in cells for name in cell) != sorted(named):
                return False
            self._build(columns)
            self._fill([[named[name] for name in cell] for cell in cells], [int(i) for i in front])
            for splitter, wanted in zip([self._rows, *self._row_splitters()], sizes, strict=False):
                splitter.setSizes([int(size) for size in wanted])
        except (ValueError, TypeError, KeyError):
            return False
        return True

    def retranslate(self) -> None:
        """Name the tabs in the language now in use."""
        for cell in self.cells:
            cell.retranslate()

    def _row_splitters(self) -> list[QSplitter]:
        return [row for i in range(self._rows.count()) if isinstance(row := self._rows.widget(i), QSplitter)]

    def _build(self, columns: int) -> None:
        for panel in self.panels:
            panel.setParent(self)  # the old cells go, the panels stay
        for row in self._row_splitters():
            row.setParent(None)
            row.deleteLater()
        self.enlarged, self.columns = None, columns
        self.cells = [Cell(self) for _i in range(2 * columns)]
        for r in range(2):
            row = QSplitter(Qt.Orientation.Horizontal)
            row.setChildrenCollapsible(False)
            for cell in self.cells[r * columns : (r + 1) * columns]:
                row.addWidget(cell)
            row.setSizes([1000] * columns)
            self._rows.addWidget(row)
        self._rows.setSizes([1000, 1000])

    def _fill(self, groups: Sequence[Sequence[Panel]], front: Sequence[int] = ()) -> None:
        for i, (cell, panels) in enumerate(zip(self.cells, groups, strict=True)):
            cell.put(panels, front[i] if i < len(front) else 0)
            cell.setVisible(bool(panels))
