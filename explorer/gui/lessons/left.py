"""The left column: the recipe; in a lesson its page, and below it just what of the recipe belongs to the step."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from explorer.gui.recipe.sidebar import Sidebar

QWIDGETSIZE_MAX = 16_777_215
"""Of Qt: no limit."""
MOST = 0.45
"""Share of the height that cards and fields have beside a page."""


class LeftColumn(QWidget):
    """Holds the sidebar, and above it the page while there is one."""

    def __init__(self, sidebar: Sidebar) -> None:
        super().__init__()
        self._sidebar, self._page = sidebar, None  # type: tuple[Sidebar, QWidget | None]
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addWidget(sidebar)

    def show_page(self, page: QWidget, fields: tuple[str, ...], cards: tuple[str, ...]) -> None:
        """Show `page`, and of the recipe these fields and cards alone."""
        if self._page is not page:
            self._page = page
            self._layout.insertWidget(0, page, 1)
        page.show()
        self._sidebar.setVisible(self._sidebar.show_only(fields, cards))
        self._fit()

    def show_recipe(self) -> None:
        """Show the whole recipe, and no page."""
        if self._page is not None:
            self._page.hide()
        self._sidebar.show_only(None, ())
        self._sidebar.setMinimumHeight(0)
        self._sidebar.setMaximumHeight(QWIDGETSIZE_MAX)
        self._sidebar.show()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._page is not None and not self._page.isHidden():
            self._sidebar.setFixedHeight(min(self._sidebar.high, round(MOST * self.height())))
