"""The header of a panel: its title, current numbers, selectors, and what one can do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton, QWhatsThis, QWidget

from explorer.gui.theme import with_figures
from explorer.i18n import N_, _

BETWEEN = " · "
"""Between the numbers of a header."""
_FORMATS = {
    "png": N_("Save the picture (PNG)…"),
    "svg": N_("Save the drawing (SVG)…"),
    "pdf": N_("Save a page (PDF)…"),
    "csv": N_("Save the numbers (CSV)…"),
    "copy": N_("Copy the picture"),
}


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


@dataclass(frozen=True)
class Choice:
    """A selector of a header: what it chooses, and its options, each a key and a text marked with N_."""

    box: QComboBox
    name: str
    options: list[tuple[str, str]]
    in_title: bool
    menu: QMenu | None


class Header(QWidget):
    """Title, numbers, selectors and buttons of a panel."""

    chosen = Signal()
    """Something else is chosen in a selector."""
    above = Signal(bool)
    """Whether axes are to reach the points far above the others."""
    export = Signal(str)
    """Somebody wants png, svg, pdf, csv or copy."""
    reset = Signal()
    """Somebody wants to see everything again."""

    def __init__(self, title: str, how_to_read: str) -> None:
        """Both marked with N_."""
        super().__init__()
        self._texts = title, how_to_read
        self.title, self.numbers = QLabel(), Readout()
        bold = self.title.font()
        bold.setBold(True)
        self.title.setFont(bold)
        self.help, self.menu_button, self._menu = QToolButton(), QToolButton(), QMenu(self)
        self._above = QToolButton()
        self._above.setText("▲")
        self._above.setCheckable(True)
        self._above.toggled.connect(self.above)
        self._above.hide()
        self.help.setText("?")
        self.help.clicked.connect(self.explain)
        self.menu_button.setText("⋯")
        self.menu_button.setMenu(self._menu)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        for button in (self._above, self.help, self.menu_button):
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._actions = {key: self._menu.addAction("", partial(self.export.emit, key)) for key in _FORMATS}
        self._actions["all"] = self._menu.addAction("", self.reset.emit)
        self._choices: list[Choice] = []

        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 4, 4, 2)
        self._row.setSpacing(6)
        self._row.addWidget(self.title)
        self._row.addSpacing(6)
        self._row.addWidget(self.numbers, 1)
        self._row.addWidget(self._above)
        self._row.addWidget(self.help)
        self._row.addWidget(self.menu_button)

    def add_choice(
        self, name: str, options: Sequence[tuple[str, str]] = (), in_title: bool = True, in_menu: bool = False
    ) -> QComboBox:
        """A selector; each option is a key and a text marked with N_. Its change draws the panel anew.

        `in_title`: pictures say in their title what is chosen. `in_menu`: it stands in the menu of the panel instead,
        so that the header keeps its room.
        """
        box, listed = Selector(), list(options)
        for key, text in listed:
            box.addItem(text, key)
        box.currentIndexChanged.connect(self.chosen)
        if in_menu:
            box.setParent(self)
            box.hide()
        else:
            self._row.insertWidget(self._row.count() - 3, box)
        self._choices.append(Choice(box, name, listed, in_title, self._add_to_menu(box) if in_menu else None))
        return box

    def _add_to_menu(self, box: QComboBox) -> QMenu:
        menu, group = QMenu(self._menu), QActionGroup(self)
        for i in range(box.count()):
            action = menu.addAction("", partial(box.setCurrentIndex, i))
            action.setCheckable(True)
            action.setChecked(i == box.currentIndex())
            group.addAction(action)
        self._menu.addSeparator()
        self._menu.addMenu(menu)
        return menu

    def offer_above(self, offered: bool) -> None:
        """Show the button for points far above the others: while it is pressed, too."""
        self._above.setVisible(offered or self._above.isChecked())

    def explain(self) -> None:
        """Show how to read the panel."""
        QWhatsThis.showText(self.help.mapToGlobal(QPoint(0, self.help.height())), _(self._texts[1]), self.help)

    def retranslate(self) -> None:
        """Put every text into the language now in use."""
        title = _(self._texts[0])
        self.title.setText(title)
        self._above.setToolTip(_("Let the axis reach the points far above the others"))
        self._above.setAccessibleName(_("Let the axis reach all points: {panel}").format(panel=title))
        self.help.setToolTip(_("How to read this"))
        self.help.setAccessibleName(_("How to read this: {panel}").format(panel=title))
        self.menu_button.setToolTip(_("Save or copy"))
        self.menu_button.setAccessibleName(_("Save or copy: {panel}").format(panel=title))
        for key, text in (_FORMATS | {"all": N_("Show everything again")}).items():
            self._actions[key].setText(_(text))
        for choice in self._choices:
            choice.box.setAccessibleName(f"{title}: {_(choice.name)}")
            choice.box.setToolTip(_(choice.name))
            for i, (_key, text) in enumerate(choice.options):
                choice.box.setItemText(i, _(text))
            if choice.menu is not None:
                choice.menu.setTitle(_(choice.name))
                for action, (_key, text) in zip(choice.menu.actions(), choice.options, strict=True):
                    action.setText(_(text))

    # For a panel that is drawn for a file.

    def hide_buttons(self) -> None:
        """Show nothing that could be pressed, and the title."""
        self.help.hide()
        self.menu_button.hide()
        self.title.show()

    def choose_as(self, other: Header) -> None:
        """Choose what is chosen in `other`, the header of a panel of the same kind."""
        for mine, its in zip(self._choices, other._choices, strict=True):
            mine.box.blockSignals(True)
            if mine.box.count() != its.box.count():
                mine.box.clear()
                for i in range(its.box.count()):
                    mine.box.addItem(its.box.itemText(i), its.box.itemData(i))
            mine.box.setCurrentIndex(its.box.currentIndex())
            mine.box.blockSignals(False)

    def say_choices(self) -> None:
        """Say in the title what is chosen, in place of the selectors."""
        said = [_(self._texts[0])]
        for choice in self._choices:
            if choice.in_title:
                said.append(choice.box.currentText())
            choice.box.hide()
        self.title.setText(" · ".join(filter(None, said)))
