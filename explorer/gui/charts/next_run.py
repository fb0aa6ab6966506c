"""What panels that show the next run have in common: whether it differs in what they show, and how it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from explorer.errors import InputError
from explorer.gui.charts.annotations import Entry
from explorer.gui.charts.shown import Shown
from explorer.gui.theme import Palette, pen
from explorer.recipe import parse
from explorer.techniques import Aspect

if TYPE_CHECKING:
    from explorer.training.preview import Preview


def differing(preview: Preview | None, runs: Sequence[Shown], *aspects: Aspect) -> Preview | None:
    """`preview`, if the next run differs from the current one in one of `aspects`."""
    if preview is None or not runs or not runs[0].record.recipe:
        return preview
    try:
        before = parse(runs[0].record.recipe)
    except InputError:  # of another version
        return preview
    return preview if before.signature(*aspects) != preview.recipe.signature(*aspects) else None


def next_pen(palette: Palette) -> QPen:
    """For lines and frames of the next run: dotted and in the colour of text, as no run is drawn."""
    return pen(palette.foreground, (1, 3))


def filled(colour: QColor, text: str) -> Entry:
    """In a legend, a filled bar."""
    line = pen(colour, width=8)
    line.setCapStyle(Qt.PenCapStyle.FlatCap)
    return Entry(line, False, text)
