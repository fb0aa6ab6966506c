"""What every panel is: a header with numbers, help and export, below it a drawing or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QImage, QPainter, QResizeEvent, QShowEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWhatsThis,
    QWidget,
)

from explorer.events import Floats
from explorer.gui.charts.header import BETWEEN as BETWEEN  # here for all panels to import, as is Readout
from explorer.gui.charts.header import Readout as Readout
from explorer.gui.charts.header import Selector
from explorer.gui.charts.plot import MOST_WIDE_IN_PICTURES, Plot
from explorer.gui.theme import LIGHT, Palette
from explorer.i18n import N_, _
from explorer.runs.record import RunRecord

if TYPE_CHECKING:
    from explorer.training.preview import Preview

Cell = float | str
NOTHING = N_("No run is on screen. Press Train, or tick a run in the list.")


def before_first_step(record: RunRecord) -> str:
    """Why nothing is drawn of a run without steps: it may be about to begin, so nobody is told to press Train."""
    if record.ended is not None:
        return _("This run ended before its first step.")
    return _("The first step has not been taken yet.")


def not_watched(record: RunRecord, what: str) -> str:
    """Why there is nothing of `what`, translated, of a run that has taken steps."""
    if record.ended is None:
        return _("Nothing has been measured yet: {what}.").format(what=what)
    return _("This run was trained without measuring this: {what}. Runs trained in this window have it.").format(
        what=what
    )


@dataclass(frozen=True)
class Shown:
    """A run on screen. `index` gives it colour and dashes; the first one in a list is the current run."""

    record: RunRecord
    label: str
    index: int


SMALLEST = QSize(180, 120)
"""Of a panel: it shows less, rather than keeping the window from being small."""


class Body(QWidget):
    """Below the header; `fit` chooses what of it is shown on so many pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.fit: Callable[[int, int], None] = lambda _width, _height: None

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self.fit(event.size().width(), event.size().height())
        super().resizeEvent(event)


class Panel(QWidget):
    """Base of all panels. Give the class variables, and write `build`, `draw`, `why_empty`, `table`."""

    name: ClassVar[str]
    title: ClassVar[str]
    how_to_read: ClassVar[str]
    """What is drawn, what healthy looks like, what trouble looks like, and which technique to switch."""
    kinds: ClassVar[tuple[type, ...]]
    """Events after which it has to be drawn again."""
    previews: ClassVar[bool] = False
    """Whether it shows something of the next run, too."""
    pace: ClassVar[float] = 1.0
    """Seconds in which it is painted at most once: the more a paint costs, the longer (it stalls both cores)."""

    export = Signal(object, str)
    """Somebody wants this panel as a file or on the clipboard; carries the panel, and png, svg, csv or copy."""

    def __init__(self, parent: QWidget | None = None, *, later: bool = False) -> None:
        """`later`: its body is built when it is first shown or drawn; a plot takes 20 ms to build."""
        super().__init__(parent)
        self.built = False
        self.runs: tuple[Shown, ...] = ()
        self.preview: Preview | None = None
        """Of the next run, if it differs from the current one and no run goes on."""
        self.targets: Floats | None = None
        """(classes, classes): what the current run compares with for each class; None while it is not known."""
        self.problem = ""
        """Why there is no preview, translated."""
        self.dirty = False
        self.colours: Palette = LIGHT
        self.plots: list[Plot] = []
        self._choices: list[tuple[QComboBox, str, list[tuple[str, str]], bool]] = []
        self._in_menu: dict[QComboBox, QMenu] = {}
        self._twin: Panel | None = None
        self.exporting = False
        """Whether this is drawn for a file, not for the screen."""

        self._title, self._numbers, self._why = QLabel(), Readout(), QLabel()
        bold = self._title.font()
        bold.setBold(True)
        self._title.setFont(bold)
        self._why.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._why.setWordWrap(True)
        self._why.setMargin(24)
        self._help, self._menu_button, self._menu = QToolButton(), QToolButton(), QMenu(self)
        self._above = QToolButton()
        self._above.setText("▲")
        self._above.setCheckable(True)
        self._above.toggled.connect(self._show_above)
        self._above.hide()
        self._help.setText("?")
        self._help.clicked.connect(self.explain)
        self._menu_button.setText("⋯")
        self._menu_button.setMenu(self._menu)
        self._menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        for button in (self._above, self._help, self._menu_button):
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._actions = {
            "png": self._menu.addAction("", partial(self.export.emit, self, "png")),
            "svg": self._menu.addAction("", partial(self.export.emit, self, "svg")),
            "csv": self._menu.addAction("", partial(self.export.emit, self, "csv")),
            "copy": self._menu.addAction("", partial(self.export.emit, self, "copy")),
            "all": self._menu.addAction("", self.show_everything),
        }

        self._header = QHBoxLayout()
        self._header.setContentsMargins(8, 4, 4, 2)
        self._header.setSpacing(6)
        self._header.addWidget(self._title)
        self._header.addSpacing(6)
        self._header.addWidget(self._numbers, 1)
        self._header.addWidget(self._above)
        self._header.addWidget(self._help)
        self._header.addWidget(self._menu_button)
        self.body = Body()
        self._stack = QStackedLayout()
        self._stack.addWidget(self._why)
        self._stack.addWidget(self.body)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self._header)
        whole.addLayout(self._stack, 1)
        self.setAutoFillBackground(True)
        Panel.retranslate(self)  # the header alone
        if not later:
            self.have_body()

    # What a panel of its own writes.

    def build(self) -> None:
        """Make plots, put them into `body`, and selectors into the header."""

    def why_empty(self) -> str:
        """Why there is nothing to draw and which switch would change that, translated; empty if there is something."""
        raise NotImplementedError

    def draw(self) -> None:
        """Bring the drawing up to date with `runs`. Called only when `why_empty` is empty."""
        raise NotImplementedError

    def numbers(self) -> str:
        """The current numbers for the header, translated, with BETWEEN them; the most important first."""
        return ""

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        """Header and rows of what is drawn; names in the header stay English, for programs."""
        raise NotImplementedError

    # What the window calls.

    def have_body(self) -> None:
        """Build the body, unless it is there."""
        if not self.built:
            self.built = True
            before: set[QWidget] = set(self.findChildren(QWidget))
            widget: QWidget
            self.build()
            self.ready()
            self.dirty, last = True, self._menu_button
            for widget in self.findChildren(QWidget):  # by Tab they come here, not after all that was there before
                here = widget.window() is self.window()  # unlike what a selector drops down
                if here and widget not in before and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    QWidget.setTabOrder(last, widget)
                    last = widget

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        if not self.built:
            self.have_body()
            self.body.fit(self.body.width(), self.body.height())
        super().showEvent(event)

    def dress(self, palette: Palette) -> None:
        """Take these colours: at once, or when the body is built."""
        self.colours = palette
        if self.built:
            self.restyle(palette)

    def translate(self) -> None:
        """Take the language now in use: the body when it is built."""
        if self.built:
            self.retranslate()
        else:
            Panel.retranslate(self)

    def show_runs(self, runs: Sequence[Shown]) -> None:
        """Draw these runs from the next `refresh` on."""
        self.runs = tuple(runs)
        self.dirty = True

    def show_preview(self, preview: Preview | None, targets: Floats | None = None, problem: str = "") -> None:
        """Show this of the next run from the next `refresh` on, and of the current one its `targets`."""
        if (preview, problem) != (self.preview, self.problem) or targets is not self.targets:
            self.preview, self.targets, self.problem = preview, targets, problem
            self.dirty = True

    def mark(self, event: object) -> None:
        """Take notice that `event` came in."""
        self.dirty = self.dirty or isinstance(event, self.kinds)

    def refresh(self) -> None:
        """Draw now, from the records."""
        self.have_body()
        self.dirty = False
        why = self.why_empty() if self.runs or (self.previews and self.preview) else self.problem or _(NOTHING)
        self._why.setText(why)
        self._stack.setCurrentWidget(self._why if why else self.body)
        if not why:
            self.draw()
        self._numbers.setText("" if why else self.numbers())
        self._above.setVisible(not self.exporting and (self._above.isChecked() or any(p.above for p in self.plots)))

    def _show_above(self, wanted: bool) -> None:
        for plot in self.plots:
            plot.show_whole(wanted)
        self.refresh()

    def retranslate(self) -> None:
        """Put every text into the language now in use."""
        title = _(self.title)
        self._title.setText(title)
        self.setAccessibleName(title)
        self.setAccessibleDescription(_(self.how_to_read))
        self.setWhatsThis(_(self.how_to_read))
        self._above.setToolTip(_("Let the axis reach the points far above the others"))
        self._above.setAccessibleName(_("Let the axis reach all points: {panel}").format(panel=title))
        self._help.setToolTip(_("How to read this"))
        self._help.setAccessibleName(_("How to read this: {panel}").format(panel=title))
        self._menu_button.setToolTip(_("Save or copy"))
        self._menu_button.setAccessibleName(_("Save or copy: {panel}").format(panel=title))
        for key, text in (
            ("png", _("Save the picture (PNG)…")),
            ("svg", _("Save the drawing (SVG)…")),
            ("csv", _("Save the numbers (CSV)…")),
            ("copy", _("Copy the picture")),
            ("all", _("Show everything again")),
        ):
            self._actions[key].setText(text)
        for box, name, options, _in_title in self._choices:
            box.setAccessibleName(f"{title}: {_(name)}")
            box.setToolTip(_(name))
            for i, (_key, text) in enumerate(options):
                box.setItemText(i, _(text))
            if (menu := self._in_menu.get(box)) is not None:
                menu.setTitle(_(name))
                for action, (_key, text) in zip(menu.actions(), options, strict=True):
                    action.setText(_(text))
        for plot in self.plots:
            plot.retranslate()
            plot.setAccessibleName(title)
        self.dirty = True

    def restyle(self, palette: Palette) -> None:
        """Draw in these colours from the next `refresh` on."""
        self.colours = palette
        colours = palette.qt()
        colours.setColor(colours.ColorRole.Window, palette.background)
        self.setPalette(colours)
        muted = self._why.palette()
        muted.setColor(muted.ColorRole.WindowText, palette.muted)
        self._why.setPalette(muted)
        self._numbers.setPalette(muted)
        for plot in self.plots:
            plot.restyle(palette)
        self.dirty = True

    def picture(self, width: int, height: int, scale: float = 1.0, palette: Palette = LIGHT) -> QImage:
        """The panel without its buttons, laid out on `width` × `height` and drawn `scale` times as large."""
        twin = self._drawn_twin(width, height, scale, palette)
        image = QImage(QSize(width, height) * scale, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        image.fill(palette.background)
        twin.render(image)
        return image

    def svg(self, width: int, height: int, scale: float = 1.0, palette: Palette = LIGHT) -> bytes:
        """The same as SVG; text stays text."""
        twin, buffer, generator = self._drawn_twin(width, height, scale, palette), QBuffer(), QSvgGenerator()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator.setOutputDevice(buffer)
        generator.setSize(QSize(width, height) * scale)
        generator.setViewBox(QRect(0, 0, width, height))
        generator.setResolution(round(self.logicalDpiX()))  # else text comes out smaller than it was laid out
        generator.setTitle(_(self.title))
        painter = QPainter(generator)
        painter.fillRect(0, 0, width, height, palette.background)
        twin.render(painter, QPoint())
        painter.end()
        return bytes(buffer.data().data())

    # Help for panels.

    def add_choice(
        self, name: str, options: Sequence[tuple[str, str]] = (), in_title: bool = True, in_menu: bool = False
    ) -> QComboBox:
        """A selector in the header; each option is a key and a text marked with N_. Its change draws anew.

        `in_title`: pictures say in their title what is chosen. `in_menu`: it stands in the menu of the panel instead,
        so that the header keeps its room.
        """
        box, listed = Selector(), list(options)
        for key, text in listed:
            box.addItem(text, key)
        box.currentIndexChanged.connect(self._chosen)
        if in_menu:
            box.setParent(self)
            box.hide()
            self._add_to_menu(box)
        else:
            self._header.insertWidget(self._header.count() - 3, box)
        self._choices.append((box, name, listed, in_title))
        return box

    def _add_to_menu(self, box: QComboBox) -> None:
        menu, group = QMenu(self._menu), QActionGroup(self)
        for i in range(box.count()):
            action = menu.addAction("", partial(box.setCurrentIndex, i))
            action.setCheckable(True)
            action.setChecked(i == box.currentIndex())
            group.addAction(action)
        self._menu.addSeparator()
        self._menu.addMenu(menu)
        self._in_menu[box] = menu

    def fill_body(self, *widgets: QWidget, stretch: Sequence[int] = (), least: Sequence[int] = ()) -> QHBoxLayout:
        """Put these side by side below the header, with shares of the width as `stretch`.

        `least`: pixels that each needs; where there is no room for all, the last ones are hidden.
        """
        row = QHBoxLayout(self.body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for i, widget in enumerate(widgets):
            row.addWidget(widget, stretch[i] if stretch else 1)

        def fit(width: int, _height: int) -> None:
            for i, widget in enumerate(widgets[1:], 1):
                widget.setVisible(sum(least[: i + 1]) <= width)

        if least:
            self.body.fit = fit
        return row

    def fill_grid(self, plots: Sequence[QWidget], columns: int, least: QSize) -> None:
        """Put these, the most important first, in rows of `columns`; where they have not `least` each, show fewer."""
        grid = QGridLayout(self.body)
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

        self.body.fit = fit
        fit(10_000, 10_000)

    def add_plot(self, plot: Plot) -> Plot:
        """Have `plot` translated, coloured and reset with the panel."""
        self.plots.append(plot)
        return plot

    def ready(self) -> None:
        """Colour and translate what has been built."""
        self.restyle(self.colours)
        self.retranslate()

    # Slots.

    def show_title(self, shown: bool) -> None:
        """Whether the header says what this is; where a tab does, numbers have the room."""
        self._title.setVisible(shown)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return SMALLEST

    def explain(self) -> None:
        """Show how to read this panel."""
        QWhatsThis.showText(self._help.mapToGlobal(QPoint(0, self._help.height())), _(self.how_to_read), self._help)

    def show_everything(self) -> None:
        """Undo zooming."""
        for plot in self.plots:
            plot.show_everything()
        self.refresh()

    def _chosen(self, _index: int) -> None:
        if self.isVisible():
            self.refresh()
        else:
            self.dirty = True

    # A panel is drawn for export by a hidden twin, so that what is on screen keeps its size, colours and zoom.

    def _drawn_twin(self, width: int, height: int, scale: float, palette: Palette) -> Panel:
        self.have_body()
        if self._twin is None:
            self._twin = type(self)(self)
            self._twin.exporting = True
        twin = self._twin
        for plot in twin.plots:
            plot.most_wide, plot.picture_scale = MOST_WIDE_IN_PICTURES, scale
        twin.hide()
        twin._help.hide()
        twin._menu_button.hide()
        twin.show_title(True)
        twin.show_runs(self.runs)
        twin.show_preview(self.preview, self.targets, self.problem)
        twin.restyle(palette)
        twin.resize(width, height)
        twin.copy_state(self)
        twin.refresh()
        said = [_(self.title)]
        for (mine, _name, _options, in_title), (its, *_rest) in zip(self._choices, twin._choices, strict=True):
            if in_title:
                said.append(mine.currentText())
            its.hide()
        twin._title.setText(" · ".join(filter(None, said)))
        return twin

    def copy_state(self, other: Panel) -> None:
        """Choose what is chosen in `other`, a panel of the same kind."""
        for (mine, *_mine), (its, *_its) in zip(self._choices, other._choices, strict=True):
            mine.blockSignals(True)
            if mine.count() != its.count():
                mine.clear()
                for i in range(its.count()):
                    mine.addItem(its.itemText(i), its.itemData(i))
            mine.setCurrentIndex(its.currentIndex())
            mine.blockSignals(False)
        for ours, theirs in zip(self.plots, other.plots, strict=True):
            ours.show_whole(theirs.whole)
            ours.copy_zoom(theirs)
