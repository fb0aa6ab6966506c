"""The centre: panels in a grid of splitters, with tabs where a cell holds several; a double click enlarges one.

A panel is dragged by its header to change places with another, and by its tab to move to another cell.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QByteArray, QMimeData, QPoint, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QDrag, QDragEnterEvent, QDropEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from explorer.gui.panels import Panel
from explorer.i18n import _

MIME = "application/x-training-explorer-panel"
HEADER = 34
"""Height in pixels of the part of a panel by which it is dragged and enlarged."""
FRONT = ("loss", "metrics", "gradients", "normalization")
"""In front at first, in this order; the others are behind them."""
LEAST = QSize(300, 220)
"""Of a cell in pixels, where there are as many as find room; the grid scrolls where somebody wants more of them."""
FONT = 0.92
"""Of the window's letters, in tabs: so three Russian names stand beside each other at 1280 pixels."""
NARROWEST = 200
"""Of a cell in an arrangement of somebody's own."""
MOST = 16
"""Rows or columns that a remembered arrangement may have."""


class Tabs(QTabBar):
    """Of a cell. Its tabs can be dragged to another cell."""

    def __init__(self, cell: GridCell) -> None:
        super().__init__()
        self.cell = cell
        self._pressed: QPoint | None = None
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        font = self.font()
        font.setPointSizeF(FONT * font.pointSizeF())
        self.setFont(font)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        super().mousePressEvent(event)
        self._pressed = event.position().toPoint() if self.tabAt(event.position().toPoint()) >= 0 else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        super().mouseMoveEvent(event)
        if self._pressed is not None and far(event, self._pressed):
            self._pressed = None
            self.cell.drag(self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        super().mouseReleaseEvent(event)
        self._pressed = None


class GridCell(QFrame):
    """A place in the grid. With one panel it shows no tab."""

    def __init__(self, grid: PanelGrid) -> None:
        super().__init__()
        self._grid = grid
        self._pressed: QPoint | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAcceptDrops(True)
        self.tabs, self.stack = Tabs(self), QStackedWidget()
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
            panel.dress(panel.colours)  # a style sheet gives a widget that moves the colours it had at first
            panel.header.title.setVisible(len(panels) == 1)  # else its tab says it, and numbers have the room
        current = min(max(0, current), len(panels) - 1)
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
        self.tabs.setAccessibleName(_("Panels in this place"))
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
        if self._pressed is not None and far(event, self._pressed):
            self._pressed = None
            self.drag(self)

    def drag(self, by: Tabs | GridCell) -> None:
        """Let the panel in front be dragged, by the tabs or by the rest of the cell."""
        panel = self.stack.currentWidget()
        if isinstance(panel, Panel):
            data, drag = QMimeData(), QDrag(by)
            data.setData(MIME, QByteArray(panel.name.encode()))
            drag.setMimeData(data)
            drag.exec(Qt.DropAction.MoveAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        source = event.source()
        if event.mimeData().hasFormat(MIME) and source is not self and source is not self.tabs:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        source = event.source()
        if isinstance(source, GridCell):
            event.acceptProposedAction()
            self._grid.swap(source, self)
        elif isinstance(source, Tabs) and isinstance(panel := source.cell.stack.currentWidget(), Panel):
            event.acceptProposedAction()
            self._grid.place(panel, self)


def far(event: QMouseEvent, start: QPoint) -> bool:
    """Whether the mouse has gone so far from `start` that a drag is meant."""
    return (event.position().toPoint() - start).manhattanLength() >= QApplication.startDragDistance()


class PanelGrid(QWidget):
    """Holds every panel all the time; only their places change."""

    filling = Signal(bool)
    """Whether one panel is to fill the window."""

    def __init__(self, panels: Sequence[Panel]) -> None:
        super().__init__()
        self.panels = list(panels)
        self.cells: list[GridCell] = []
        self.enlarged: GridCell | None = None
        self.columns = self.rows = 0
        self.own = False
        """Whether somebody has arranged the panels; else there are as many cells as find room, four at most."""
        self._only: list[Panel] = []
        """Those that are there while all others are out of the way; empty otherwise."""
        self._kept: str | None = None
        """How the panels stood before that, as `state` says it."""
        self._rows = QSplitter(Qt.Orientation.Vertical)
        self._rows.setChildrenCollapsible(False)
        self._rows.splitterMoved.connect(self._moved)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._rows)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)
        self._spread(2, 2)

    def arrange(self, columns: int, rows: int = 2) -> None:
        """So many cells, as somebody wants them."""
        self.own = True
        self._spread(columns, rows)

    def reset(self) -> None:
        """As many cells as find room, however large the window becomes."""
        self.own = False
        self.columns = 0
        self._fit()

    def show_only(self, panels: Sequence[Panel]) -> None:
        """Keep these alone in sight, in two cells at most; the first of them has one for itself."""
        if self._kept is None:
            self._kept = self.state()
        self._only, self.own, self.columns = list(panels), False, 0
        self._fit()

    def show_every(self) -> None:
        """Put all panels back where they stood before `show_only`."""
        if self._kept is not None:
            kept, self._kept, only = self._kept, None, self._only
            self._only = []
            for panel in only:
                panel.setParent(self)  # out of its cell, if it is none of ours
            if not self.restore(kept):
                self.reset()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self.own:
            return
        columns, rows = (2 if room >= 2 * least else 1 for room, least in (
            (self.width(), LEAST.width()), (self.height(), LEAST.height())
        ))  # fmt: skip
        if self._only:  # a wide plot is read more easily than a high one
            several = len(self._only) > 1
            columns, rows = (1, 2 if several else 1) if rows == 2 else (columns if several else 1, 1)
        if (columns, rows) != (self.columns, self.rows):
            enlarged = self.enlarged.stack.currentWidget() if self.enlarged else None
            with QSignalBlocker(self):  # one that fills the window goes on filling it
                self._spread(columns, rows)
                if isinstance(enlarged, Panel):
                    self.enlarge(enlarged)

    def _spread(self, columns: int, rows: int) -> None:
        """So many cells, the panels spread over them in order, those of FRONT first."""
        self._build(columns, rows)
        if self._only:
            self._fill([self._only] if len(self.cells) == 1 else [self._only[:1], self._only[1:]])
            return
        ordered = sorted(self.panels, key=lambda panel: FRONT.index(panel.name) if panel.name in FRONT else len(FRONT))
        cells = len(self.cells)
        self._fill([[panel for j, panel in enumerate(ordered) if j % cells == i] for i in range(cells)])

    def arrange_all(self) -> None:
        """Every panel in a cell of its own, in as many columns as there is room for."""
        n = len(self.panels)
        columns = max(2, min(math.ceil(math.sqrt(n)), self.width() // LEAST.width()))
        self.arrange(columns, math.ceil(n / columns))

    def visible_panels(self) -> Iterator[Panel]:
        """Those that somebody can see."""
        return (panel for panel in dict.fromkeys((*self.panels, *self._only)) if panel.isVisible())

    def cell_of(self, panel: Panel) -> GridCell:
        """Where `panel` is."""
        return next(cell for cell in self.cells if panel in cell.panels)

    def toggle(self, cell: GridCell) -> None:
        """Let `cell` fill the whole grid, or give the others their places back."""
        self.enlarged = None if self.enlarged is cell else cell
        self._show_cells()

    def give_back(self) -> None:
        """Give the others their places back, if one fills the grid."""
        if self.enlarged is not None:
            self.toggle(self.enlarged)

    def enlarge(self, panel: Panel) -> None:
        """Let `panel` fill the whole grid; a second time gives the others their places back."""
        if not any(panel in cell.panels for cell in self.cells):
            return  # it is out of the way, see `show_only`
        cell = self.cell_of(panel)
        if self.enlarged is cell and cell.stack.currentWidget() is panel:
            self.toggle(cell)
            return
        cell.select(panel)
        if self.enlarged is not cell:
            self.enlarged = None
            self.toggle(cell)

    def swap(self, one: GridCell, other: GridCell) -> None:
        """Exchange the panels in front of two cells."""
        self.own = True
        ours, theirs = one.panels, other.panels
        i, j = one.stack.currentIndex(), other.stack.currentIndex()
        ours[i], theirs[j] = theirs[j], ours[i]
        one.put(ours, i)
        other.put(theirs, j)

    def place(self, panel: Panel, cell: GridCell) -> None:
        """Put `panel` in front of `cell`; the only panel of a cell changes places instead, so that none is empty."""
        source = self.cell_of(panel)
        if source is cell:
            return
        self.own = True
        if len(source.panels) == 1:
            self.swap(source, cell)
            return
        before = source.panels.index(panel) - 1
        source.put([other for other in source.panels if other is not panel], before)
        cell.put([*cell.panels, panel], len(cell.panels))

    def state(self) -> str:
        """Who is where and how large, for `restore`; empty if nobody has arranged anything."""
        if not self.own:
            return ""
        splitters = [self._rows, *self._row_splitters()]
        return json.dumps(
            {
                "columns": self.columns,
                "rows": self.rows,
                "cells": [[panel.name for panel in cell.panels] for cell in self.cells],
                "front": [cell.stack.currentIndex() for cell in self.cells],
                "sizes": [splitter.sizes() for splitter in splitters] if self.enlarged is None else [],
            }
        )

    def restore(self, state: str) -> bool:
        """Put everything where `state` says; False if it makes no sense.

        Panels that it does not know go to the cells with the fewest; names that are no panel's are passed over.
        """
        named = {panel.name: panel for panel in self.panels}
        try:
            saved = json.loads(state)
            columns, cells, front, sizes = (saved[key] for key in ("columns", "cells", "front", "sizes"))
            rows = saved.get("rows", 2)
            whole = all(isinstance(n, int) and 1 <= n <= MOST for n in (columns, rows))
            if not whole or not len(cells) == len(front) == columns * rows:
                return False
            groups = [[named.pop(name) for name in cell if name in named] for cell in cells]
            fronts, wanted = [int(i) for i in front], [[int(size) for size in row] for row in sizes]
        except (ValueError, TypeError, KeyError, AttributeError):
            return False
        for panel in named.values():
            min(groups, key=len).append(panel)
        self.own = True
        self._build(columns, rows)
        self._fill(groups, fronts)
        for splitter, its in zip([self._rows, *self._row_splitters()], wanted, strict=False):
            splitter.setSizes(its)
        return True

    def retranslate(self) -> None:
        """Name the tabs in the language now in use."""
        self._scroll.setAccessibleName(_("Panels"))
        for cell in self.cells:
            cell.retranslate()

    def _moved(self, *_where: int) -> None:
        self.own = True

    def _row_splitters(self) -> list[QSplitter]:
        return [row for i in range(self._rows.count()) if isinstance(row := self._rows.widget(i), QSplitter)]

    def _build(self, columns: int, rows: int) -> None:
        for panel in (*self.panels, *self._only):
            panel.setParent(self)  # the old cells go, the panels stay
        for row in self._row_splitters():
            row.setParent(None)
            row.deleteLater()
        self.enlarged, self.columns, self.rows = None, columns, rows
        self.cells = [GridCell(self) for _i in range(rows * columns)]
        for r in range(rows):
            row = QSplitter(Qt.Orientation.Horizontal)
            row.setChildrenCollapsible(False)
            for cell in self.cells[r * columns : (r + 1) * columns]:
                row.addWidget(cell)
            row.setSizes([1000] * columns)
            row.splitterMoved.connect(self._moved)
            self._rows.addWidget(row)
        self._rows.setSizes([1000] * rows)

    def _fill(self, groups: Sequence[Sequence[Panel]], front: Sequence[int] = ()) -> None:
        for i, (cell, panels) in enumerate(zip(self.cells, groups, strict=True)):
            cell.put(panels, front[i] if i < len(front) else 0)
        self._show_cells()
        self.retranslate()

    def _show_cells(self) -> None:
        """Those that hold a panel, or the enlarged one alone."""
        for row, first in zip(self._row_splitters(), range(0, len(self.cells), self.columns), strict=True):
            cells = self.cells[first : first + self.columns]
            seen = [bool(cell.panels) and self.enlarged in (None, cell) for cell in cells]
            for cell, shown in zip(cells, seen, strict=True):
                cell.setVisible(shown)
            row.setVisible(any(seen))
        self.filling.emit(self.enlarged is not None)
        alone = self.enlarged is not None or not self.own
        self._rows.setMinimumHeight(0 if alone or self.rows <= 2 else self.rows * LEAST.height())
        self._rows.setMinimumWidth(0 if alone else self.columns * NARROWEST)
