"""What is wrong with the texts of a panel: those that touch each other, stand outside, or are cut."""

from __future__ import annotations

from itertools import combinations

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QComboBox, QLabel, QStyle, QStyleOptionComboBox

from explorer.gui.charts.plot import Plot
from explorer.gui.panels import Panel

SLACK = 1.5
"""Pixels by which boxes of texts may touch: their letters do not."""


def texts_of(plot: Plot) -> list[tuple[str, QRectF]]:
    """Every text that `plot` draws, and where, in pixels of its scene."""
    found: list[tuple[str, QRectF]] = []
    legend, marks = plot.legend_strip, plot.mark_strip
    named = [entry.text for _x, _y, entry in legend._places(legend.size().width())]
    for strip, texts in (
        (legend, [text for text in legend.ends if text] if legend.gradient else named),
        (marks, [one.text for one in marks.placed()]),
    ):
        for text, box in zip(texts, strip.boxes(), strict=True):
            if text:
                found.append((text, strip.mapRectToScene(box)))
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        painter = QPainter(image)
        painter.setFont(axis.font())
        specs = axis.generateDrawSpecs(painter)
        painter.end()
        for rect, _flags, text in specs[2] if specs else ():
            if text:
                found.append((text, axis.mapRectToScene(QRectF(rect))))
        if axis.label.isVisible() and axis.label.toPlainText():
            found.append((axis.label.toPlainText(), axis.label.mapRectToScene(inner(axis.label))))
    return found


def inner(label: object) -> QRectF:
    """Of the label of an axis, without the margin that a text item keeps around its text."""
    assert isinstance(label, pg.QtWidgets.QGraphicsTextItem)
    return label.boundingRect().adjusted(4, 4, -4, -4)


def faults(panel: Panel) -> list[str]:
    """In words, for a failing test."""
    found: list[str] = []
    for i, plot in enumerate(panel.plots):
        if not plot.isVisible():
            continue
        where = f"{panel.name} {i} ({plot.width()}×{plot.height()})"
        texts, room = texts_of(plot), QRectF(plot.rect())
        for text, box in texts:
            if not room.adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(box):
                found.append(f"{where}: {text!r} stands outside: {box}")
            if "…" in text:
                found.append(f"{where}: {text!r} is cut")
        for (one, a), (two, b) in combinations(texts, 2):
            shared = a.intersected(b)
            if shared.width() > SLACK and shared.height() > 3:
                found.append(f"{where}: {one!r} and {two!r} touch: {a} {b}")
    for box in panel.findChildren(QComboBox):
        if box.isVisible():
            option = QStyleOptionComboBox()
            box.initStyleOption(option)
            part = QStyle.SubControl.SC_ComboBoxEditField
            room_ = box.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, part, box).width()
            if box.fontMetrics().horizontalAdvance(box.currentText()) > room_ + 4:
                found.append(f"{panel.name}: {box.currentText()!r} finds no room in its selector")
    for label in panel.findChildren(QLabel):
        one_line = label.isVisible() and not label.wordWrap() and type(label) is QLabel
        if one_line and label.fontMetrics().horizontalAdvance(label.text()) > label.width() + 1:
            found.append(f"{panel.name}: {label.text()!r} is cut")
    return found
