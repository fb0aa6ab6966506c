"""The tree of the layers list: four narrow columns, ticks that can be locked, and spark lines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QTreeWidget,
    QTreeWidgetItem,
)

from explorer.events import Doubles
from explorer.gui.theme import LIGHT, pen, with_figures
from explorer.i18n import _
from explorer.runs.record import RunRecord
from explorer.session.frozen_patterns import LayerGroup
from explorer.session.layer_report import LOOKS, LayerReport

ROOM_FOR_NORM = 290
"""Width in pixels below which the norm is in the tooltip alone."""
ROOMS = (LOOKS // 8 + 1, LOOKS // 4, LOOKS // 2, LOOKS)
"""Looks that a spark has room for: the first ones of a run fill it, and it is drawn to another scale three times."""
FONT = 0.92
"""Of the window's letters: four columns are a lot for the width."""
LAYER, SIZE, NORM, GRADIENT = range(4)
ROW, LOCKED = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
"""Of an item: its place in `Tree.rows`, and whether its tick cannot be changed."""
RIGHT, ELIDE = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, Qt.TextElideMode.ElideRight
Index = QModelIndex | QPersistentModelIndex


class Tree(QTreeWidget):
    """Shows `facts` of `rows`. The norm gives way where there is little room."""

    removed = Signal(object)
    """Delete was pressed; carries the item."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[LayerGroup] = []
        """What each item stands for; a pattern that matches nothing has no layers."""
        self.facts, self.colours = LayerReport(RunRecord()), LIGHT
        self.setColumnCount(4)
        self._cells = Cells(self)
        for column in (LAYER, GRADIENT):  # the others are painted without Python, which takes half the time
            self.setItemDelegateForColumn(column, self._cells)
        self.setUniformRowHeights(True)
        self.setIndentation(10)
        self.setTextElideMode(Qt.TextElideMode.ElideLeft)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # unfolding must not move the columns
        font = with_figures(self.font())
        font.setPointSizeF(FONT * font.pointSizeF())
        self.setFont(font)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(LAYER, QHeaderView.ResizeMode.Stretch)
        for column in (SIZE, NORM):
            self.headerItem().setTextAlignment(column, RIGHT)

    def row(self, item: QTreeWidgetItem) -> LayerGroup:
        """What `item` stands for."""
        return self.rows[item.data(LAYER, ROW)]

    def add(self, parent: QTreeWidget | QTreeWidgetItem, row: LayerGroup) -> QTreeWidgetItem:
        """A new item below `parent`, with what never changes in it."""
        item = QTreeWidgetItem(parent)
        item.setData(LAYER, ROW, len(self.rows))
        self.rows.append(row)
        item.setText(LAYER, row.label)
        item.setText(SIZE, count(self.facts.size(row.layers)) if row.layers else "")
        item.setCheckState(LAYER, Qt.CheckState.Unchecked)
        for column in (SIZE, NORM):
            item.setTextAlignment(column, RIGHT)
        return item

    def fit_columns(self) -> None:
        """Make the columns as wide as their numbers and headings."""
        metrics = self.fontMetrics()
        for column, sample in ((SIZE, "00\u2009000"), (NORM, "0.000"), (GRADIENT, "0" * 7)):
            texts = (sample, self.headerItem().text(column))
            self.setColumnWidth(column, max(map(metrics.horizontalAdvance, texts)) + 8)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Delete and self.currentItem() is not None:
            self.removed.emit(self.currentItem())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.setColumnHidden(NORM, self.width() < ROOM_FOR_NORM)


class Cells(QStyledItemDelegate):
    """Greys a tick that cannot be changed, and paints the last column: a spark, or what became of a frozen layer."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tree)
        self._tree = tree

    def initStyleOption(self, option: Any, index: Index) -> None:  # noqa: N802
        super().initStyleOption(option, index)
        if index.column() == LAYER and index.data(LOCKED):
            text = QPalette.ColorRole.Text
            option.palette.setColor(QPalette.ColorGroup.Disabled, text, option.palette.color(text))
            option.state &= ~QStyle.StateFlag.State_Enabled

    def paint(self, painter: QPainter, option: Any, index: Index) -> None:
        super().paint(painter, option, index)
        if index.column() != GRADIENT:
            return
        tree, colours = self._tree, self._tree.colours
        layers = tree.rows[index.sibling(index.row(), LAYER).data(ROW)].layers
        area = QRectF(option.rect).adjusted(6, 0, -4, 0)
        said = [tree.facts.said(layers, brief) for brief in (False, True)] if layers else strange()
        bad = not layers or bool(tree.facts.tensors(layers))
        strong, weak = (colours.warning, colours.warning) if said[0] and bad else (colours.accent, colours.muted)
        if option.state & QStyle.StateFlag.State_Selected:
            strong = weak = colours.background
        painter.save()
        painter.setFont(option.font)
        painter.setPen(QColor(weak))
        if said[0]:
            if not tree.isColumnHidden(NORM):  # that of a frozen layer stands still, and is in the tooltip
                area.setLeft(area.left() - tree.columnWidth(NORM))
            text = next((text for text in said if option.fontMetrics.horizontalAdvance(text) <= area.width()), said[1])
            painter.drawText(area, RIGHT, option.fontMetrics.elidedText(text, ELIDE, round(area.width())))
        else:
            if (factor := tree.facts.factor(layers)) not in (0, 1):
                text = f"×{factor:.2g}"
                painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
                area.setLeft(area.left() + option.fontMetrics.horizontalAdvance(text) + 4)
            draw_spark(painter, area.adjusted(0, 2, 0, -2), tree.facts.gradient(layers), strong)
        painter.restore()


def strange() -> list[str]:
    """What is said of a pattern that matches no layer, at length and in short."""
    return [_("not in this network"), _("no match")]


def draw_spark(painter: QPainter, area: QRectF, logs: Doubles, colour: str) -> None:
    """A line through `logs`, with gaps where there is no value; its height is at least one power of ten."""
    good = logs[np.isfinite(logs)]
    if len(good) == 0:
        return
    low, high = float(good.min()), float(good.max())
    looks = next(n for n in ROOMS if len(logs) <= n)
    x = area.left() + np.arange(len(logs)) * (area.width() / (looks - 1))
    y = area.center().y() - (logs - (low + high) / 2) / max(1.0, high - low) * area.height()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen(colour))
    painter.drawPath(pg.arrayToQPath(x, y, connect="finite"))


def set_data(item: QTreeWidgetItem, column: int, role: Qt.ItemDataRole | int, value: object) -> None:
    """As setData, but what is the same already costs no painting."""
    if item.data(column, role) != value:
        item.setData(column, role, value)


def count(n: int) -> str:
    """`n` in at most six signs: 12 345, 123k, 1.2M."""
    if n < 100_000:
        return f"{n:,}".replace(",", "\u2009")
    return f"{n / 1000:.0f}k" if n < 999_500 else f"{n / 1e6:.1f}M"


def short(value: float) -> str:
    """`value` with three digits, empty if it is not finite."""
    return f"{value:.3g}" if math.isfinite(value) else ""
