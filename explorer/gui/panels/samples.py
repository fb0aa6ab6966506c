"""Samples: what the network really sees."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from explorer.events import Bytes, RecipeChanged, RunStarted, SampleGrid
from explorer.gui.panels.base import Cell, Panel
from explorer.gui.theme import LIGHT, Palette
from explorer.i18n import N_, _
from explorer.runs.record import RunRecord
from explorer.techniques.augmentation import describe_drawn


class SamplesPanel(Panel):
    """Pairs of one batch: the image in the data, and as it was trained, with its target and what it drew."""

    name = "samples"
    title = N_("Samples")
    how_to_read = N_(
        "Each pair is one image of a recent batch: left as it is in the data, right as the network saw it, below it the "
        "target and what it drew. Healthy: you can still tell the class from the right picture, and every image drew "
        "something else. If both pictures are the same, switch on augmentation; if you cannot tell the class, weaken "
        "it. Targets with several classes come from mixing, label smoothing or label distribution learning."
    )
    kinds = (RunStarted, SampleGrid, RecipeChanged)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = Grid()
        self.fill_body(self.grid)
        self._seen: tuple[object, ...] = ()
        self.ready()

    def why_empty(self) -> str:
        if self.runs[0].record.samples is None:
            return _("No batch has been looked at yet: press Train; the samples come with the first one.")
        return ""

    def draw(self) -> None:
        grid = self.runs[0].record.samples
        seen = (grid, self.colours, _(self.title))
        if self._seen != seen and grid is not None:
            self._seen = seen
            texts = captions(self.runs[0].record)
            self.grid.show_pairs([(to_image(a), to_image(b)) for a, b in zip(grid.before, grid.after, strict=True)], texts)

    def restyle(self, palette: Palette) -> None:
        super().restyle(palette)
        self.grid.colours = palette

    def numbers(self) -> str:
        grid = self.runs[0].record.samples
        return "" if grid is None else _("batch of step {step} · left: data, right: as trained").format(step=grid.step)

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        record = self.runs[0].record
        grid = record.samples
        if grid is None:
            return ["image", "label", "target", "drawn"], []
        names = sorted(grid.drawn)
        rows: list[list[Cell]] = [
            [float(i), class_name(record, int(label)), *captions(record)[i], *(float(grid.drawn[name][i]) for name in names)]
            for i, label in enumerate(grid.labels)
        ]
        return ["image", "label", "target", "drawn", *names], rows


class Grid(QWidget):
    """Pairs of images, enlarged by whole factors without smoothing, each with two texts."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[QImage, QImage]] = []
        self.texts: list[tuple[str, str]] = []
        self.colours = LIGHT

    def show_pairs(self, pairs: list[tuple[QImage, QImage]], texts: list[tuple[str, str]]) -> None:
        """Show these from now on."""
        self.pairs, self.texts = pairs, texts
        self.update()

    def cells(self) -> list[QRect]:
        """Where each pair stands. Where not all would be recognisable, fewer are shown."""
        if not self.pairs:
            return []
        rows, columns = max(
            ((r, c) for r in range(1, 9) for c in range(1, 9)), key=lambda shape: self._worth(*shape)
        )
        width, height = self.width() // columns, self.height() // rows
        shown = min(len(self.pairs), rows * columns)
        return [QRect(i % columns * width, i // columns * height, width, height) for i in range(shown)]

    def _factor(self, width: float, height: float) -> float:
        """Enlargement on a cell of that size; whole numbers of screen pixels where it is more than 1."""
        first, line, ratio = self.pairs[0][0], self.fontMetrics().height(), self.devicePixelRatioF()
        room = min((width - 18) / 2 / first.width(), (height - 3 * line - 10) / first.height())
        return max(int(room * ratio) / ratio if room * ratio >= 1 else room, 0.05)

    def _worth(self, rows: int, columns: int) -> tuple[bool, float, int]:
        """How good a grid is: captions fit, many pairs, large ones up to three times their size, few holes."""
        width, height = self.width() / columns, self.height() / rows
        shown, holes = min(len(self.pairs), rows * columns), max(0, rows * columns - len(self.pairs))
        factor = self._factor(width, height)
        side = factor * self.pairs[0][0].width()
        legible = width >= 11 * self.fontMetrics().averageCharWidth() and side >= 40
        return legible, shown**0.6 * min(side, 96) + 0.01 * factor, -holes

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter, line = QPainter(self), self.fontMetrics().height()
        for cell, pair, (target, drawn) in zip(self.cells(), self.pairs, self.texts, strict=False):
            inner, factor = cell.adjusted(6, 3, -6, -3), self._factor(cell.width(), cell.height())
            side = pair[0].width() * factor
            for i, image in enumerate(pair):
                place = QRectF(inner.left() + i * (side + 6), inner.top(), side, image.height() * factor)
                painter.drawImage(place, image)
            top = int(inner.top() + pair[0].height() * factor + 2)
            painter.setPen(self.colours.foreground)
            painter.drawText(QRect(inner.left(), top, inner.width(), line), 0, self._cut(target, inner.width()))
            painter.setPen(self.colours.muted)
            for row, text in enumerate(wrapped(drawn, inner.width(), self.fontMetrics())):
                painter.drawText(QRect(inner.left(), top + (row + 1) * line, inner.width(), line), 0, text)

    def _cut(self, text: str, width: int) -> str:
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)

    def event(self, event) -> bool:  # type: ignore[no-untyped-def]
        if isinstance(event, QHelpEvent):
            for cell, texts in zip(self.cells(), self.texts, strict=False):
                if cell.contains(event.pos()):
                    QToolTip.showText(event.globalPos(), "\n".join(texts), self, cell)
                    return True
        return super().event(event)


def to_image(pixels: Bytes) -> QImage:
    """uint8 (1 or 3, H, W) as a picture with memory of its own."""
    channels, height, width = pixels.shape
    rgb = np.ascontiguousarray(np.broadcast_to(pixels[:3] if channels >= 3 else pixels[:1], (3, height, width)).transpose(1, 2, 0))
    return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def class_name(record: RunRecord, index: int) -> str:
    """Name of a class, or its number."""
    names = record.started.classes if record.started else ()
    return names[index] if index < len(names) else str(index)


def captions(record: RunRecord) -> list[tuple[str, str]]:
    """For each image its target and what it drew."""
    grid = record.samples
    if grid is None:
        return []
    texts = []
    for i, target in enumerate(grid.targets):
        drawn = {name: float(values[i]) for name, values in grid.drawn.items()}
        texts.append((describe_target(record, target), describe_drawn(drawn)))
    return texts


def describe_target(record: RunRecord, target: np.ndarray) -> str:  # type: ignore[type-arg]
    """"70% Coat + 30% Bag": the classes whose share stands out from the rest, largest first."""
    order = np.argsort(-target, kind="stable")
    floor = float(np.median(target)) if len(target) > 2 else 0.0
    named = [int(k) for k in order if target[k] > max(floor + 0.03, 0.05)][:3]
    if len(named) == 1 and target[named[0]] > 0.995:
        return class_name(record, named[0])
    return " + ".join(f"{target[k]:.0%} {class_name(record, k)}" for k in named)


def wrapped(text: str, width: int, metrics: QFontMetrics, lines: int = 2) -> list[str]:
    """`text` in at most `lines` lines, broken between its parts."""
    rows: list[str] = []
    for part in text.split(" · ") if text else []:
        longer = f"{rows[-1]} · {part}" if rows else part
        if rows and (metrics.horizontalAdvance(longer) <= width or len(rows) == lines):
            rows[-1] = longer
        else:
            rows.append(part)
    return [metrics.elidedText(row, Qt.TextElideMode.ElideRight, width) for row in rows]
