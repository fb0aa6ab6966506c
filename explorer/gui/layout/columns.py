"""The three columns of the window, and the right one: the layers of the run on screen above, stored runs below.

Where the window is narrow the outer ones fold away, the right one first, and come back by a button or key.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from explorer.gui.layers.layers_list import LayersList
from explorer.gui.recipe.sidebar import WIDTH
from explorer.gui.runs.runs_list import RunsList

FITS = 1280
"""Width of the window in pixels from which on the right column is shown at first: 700 are left for the panels."""
LEFT_FITS = 700
"""And the left one: 370 are left for the panels."""
CENTRE = 300
"""What the panels keep; where it cannot be had beside both outer columns, there is room for one of them at a time."""
LEAST, MOST = 236, 360
"""Width of the right column. The wider it is, the more of the layers' names and norms are in sight."""
SHARE = 0.13
"""What it gets of each pixel beyond FITS."""
PAGE, PAGE_SHARE = (330, 760), 0.34
"""Least and greatest width of a lesson's page, and its share of the window."""


class Columns(QSplitter):
    """Side by side; they follow the width of the window until somebody has moved, shown or folded them."""

    folded = Signal()
    """A column has folded away or come back."""

    def __init__(self, left: QWidget, centre: QWidget, right: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        for column in (left, centre, right):
            self.addWidget(column)
        self.setChildrenCollapsible(False)
        self.setStretchFactor(1, 1)
        self.outer = {"left": left, "right": right}
        self.wanted: dict[str, bool] = {}
        """What somebody has shown or folded; of the others the width decides."""
        self._moved = self._alone = False
        self._kept: tuple[QByteArray, str] | None = None
        """How they stood before a lesson."""
        self.splitterMoved.connect(self._keep)

    def shows(self, name: str) -> bool:
        """Whether the column "left" or "right" is there."""
        return not self.outer[name].isHidden()

    def show_column(self, name: str, shown: bool) -> None:
        """Show or fold a column because somebody wants it so; where there is no room for both, the other one folds."""
        self.wanted[name], self._alone = shown, False
        other = "left" if name == "right" else "right"
        if shown and self.shows(other) and not self._room_for_both():
            self.wanted[other] = False
        self.fold()

    @Slot(bool)
    def leave_alone(self, alone: bool) -> None:
        """Fold both outer columns while one panel fills the window."""
        if alone != self._alone:
            self._alone = alone
            self.fold()
            if not self._moved:
                self._share()

    def make_room(self) -> None:
        """For a lesson: its page on the left, as wide as can be read, and the right column out of the way."""
        if self._kept is None:
            self._kept = (self.state(), self.choices())
        self._moved, self.wanted = False, {"left": True, "right": False}
        self.fold()
        self._share()

    def give_back(self) -> None:
        """Stand as before the lesson."""
        if self._kept is not None:
            kept, self._kept = self._kept, None
            self.restore(*kept)
            if not self._moved:
                self._share()

    def _share(self) -> None:
        """Give each its width."""
        sizes = widths(self.width())
        if self._kept is not None:
            page = max(PAGE[0], min(PAGE[1], round(PAGE_SHARE * self.width())))
            sizes = [page, max(1, self.width() - page), 0]
        self.setSizes(sizes)

    def fold(self) -> None:
        """Show the columns for which there is room, or that are wanted."""
        width = self.width()
        wanted = {"left": width >= LEFT_FITS, "right": width >= FITS} | self.wanted
        if wanted["left"] and wanted["right"] and not self._room_for_both():
            wanted["right"] = False
        if self._alone:
            wanted = dict.fromkeys(wanted, False)
        before = {name: self.shows(name) for name in self.outer}
        for name, column in self.outer.items():
            column.setVisible(wanted[name])
        if before != wanted:
            self.folded.emit()

    def _room_for_both(self) -> bool:
        return self.width() >= WIDTH + CENTRE + LEAST

    def state(self) -> QByteArray:
        """Where somebody has moved them, for `restore`; empty if nobody did."""
        return self.saveState() if self._moved else QByteArray()

    def restore(self, state: QByteArray, wanted: str = "") -> None:
        """Put them where `state` says, if it says anything; `wanted` as `choices` gave it."""
        self._moved = not state.isEmpty() and self.restoreState(state)
        chosen = dict(part.split("=") for part in wanted.split() if part.count("=") == 1)
        self.wanted = {name: chosen[name] == "1" for name in self.outer if name in chosen}
        self.fold()

    def choices(self) -> str:
        """Which columns somebody has shown or folded, for `restore`."""
        return " ".join(f"{name}={int(shown)}" for name, shown in self.wanted.items())

    def reset(self) -> None:
        """Forget what somebody has moved, shown or folded."""
        self._moved, self.wanted = False, {}
        self.fold()
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.fold()
        if not self._moved:
            self._share()

    def _keep(self) -> None:
        self._moved = True


class RightColumn(QSplitter):
    """Two lists, one above the other."""

    def __init__(self, runs: Path | None) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.layers, self.runs = LayersList(), RunsList(runs)
        for widget in (self.layers, self.runs):
            self.addWidget(widget)
        self.setChildrenCollapsible(False)
        self.setMinimumWidth(LEAST)
        self.reset()

    def reset(self) -> None:
        """Give both the same room."""
        self.setSizes([1000, 1000])


def widths(window: int) -> list[int]:
    """Of the three columns at first, in a window of this width."""
    right = max(LEAST, min(MOST, round(LEAST + SHARE * (window - FITS))))
    return [WIDTH, max(1, window - WIDTH - right), right]
