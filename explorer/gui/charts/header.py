"""What stands in the header of a panel: its current numbers, and selectors."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy

from explorer.gui.theme import with_figures

BETWEEN = " · "
"""Between the numbers of a header."""


def fitting(text: str, width: int, metrics: QFontMetrics) -> str:
    """As many whole parts of `text`, with BETWEEN them, as find room: perhaps none, but never half of one."""
    parts = text.split(BETWEEN)
    while parts and metrics.horizontalAdvance(BETWEEN.join(parts)) > width:
        parts.pop()
    return BETWEEN.join(parts)


class Readout(QLabel):
    """One line of current numbers, the most important first: those that find no room are left out, rather than cut or
    pushing anything aside. All are in the tooltip.
    """

    alignment_ = Qt.AlignmentFlag.AlignLeft

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setFont(with_figures(self.font()))

    def setText(self, text: str) -> None:  # noqa: N802
        if text != self.text():
            super().setText(text)
            self.setToolTip(text)

    def shown(self) -> str:
        """What finds room."""
        return fitting(self.text(), self.width(), self.fontMetrics())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | self.alignment_, self.shown())


class Selector(QComboBox):
    """As wide as what is chosen, so that numbers find room beside it; its list is as wide as it needs."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.currentTextChanged.connect(self._fit)

    def _fit(self, _text: str) -> None:
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802
        hint, metrics = super().sizeHint(), self.fontMetrics()
        widest = max((metrics.horizontalAdvance(self.itemText(i)) for i in range(self.count())), default=0)
        hint.setWidth(hint.width() - widest + metrics.horizontalAdvance(self.currentText()))
        return hint

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.sizeHint()

    def showPopup(self) -> None:  # noqa: N802
        self.view().setMinimumWidth(super().sizeHint().width())
        super().showPopup()
