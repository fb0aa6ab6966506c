"""What stands below the header of a panel, and how much of it where there is little room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget


class Body(QWidget):
    """Below the header; `fit` chooses what of it is shown on so many pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.fit: Callable[[int, int], None] = lambda _width, _height: None

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self.fit(event.size().width(), event.size().height())
        super().resizeEvent(event)

    def fill(self, *widgets: QWidget, stretch: Sequence[int] = (), least: Sequence[int] = ()) -> QHBoxLayout:
        """Put these side by side, with shares of the width as `stretch`.

        `least`: pixels that each needs; where there is no room for all, the last ones are hidden.
        """
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for i, widget in enumerate(widgets):
            row.addWidget(widget, stretch[i] if stretch else 1)

        def fit(width: int, _height: int) -> None:
            for i, widget in enumerate(widgets[1:], 1):
                widget.setVisible(sum(least[: i + 1]) <= width)

        if least:
            self.fit = fit
        return row

    def fill_grid(self, plots: Sequence[QWidget], columns: int, least: QSize) -> None:
        """Put these, the most important first, in rows of `columns`; where they have not `least` each, show fewer."""
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)

        def fit(width: int, height: int) -> None:
            across = max(1, min(columns, width // least.width()))
            down = max(1, min(-(-len(plots) // columns), height // least.height()))
            for i, plot in enumerate(plots):
                grid.removeWidget(plot)
                if i < across * down:
                    grid.addWidget(plot, i // across, i % across)
                plot.setVisible(i < across * down)

        self.fit = fit
        fit(10_000, 10_000)
