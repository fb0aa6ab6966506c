"""What every panel is: a header with numbers, help and export, below it a drawing or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from explorer.events import Floats
from explorer.gui.charts.body import Body
from explorer.gui.charts.conclusion import Conclusion, Said
from explorer.gui.charts.header import BETWEEN, Header
from explorer.gui.charts.plot import Plot
from explorer.gui.charts.shown import NO_RUN, Cell, Shown, before_first_step, not_watched
from explorer.gui.theme import LIGHT, Palette
from explorer.i18n import NOTHING, Message, _
from explorer.runs.bands import RANGE

if TYPE_CHECKING:
    from explorer.training.preview import Preview

__all__ = ["BETWEEN", "Cell", "Panel", "Said", "Shown", "before_first_step", "not_watched"]
"""What whoever writes a panel imports from here."""
CONCLUDING = 0.2
"""Share of a panel's height that what its curves say may take."""
SMALLEST = QSize(180, 120)
"""Of a panel: it shows less, rather than keeping the window from being small."""


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
    """Somebody wants this panel as a file or on the clipboard; carries the panel, and png, svg, pdf, csv or copy."""

    def __init__(self, parent: QWidget | None = None, *, later: bool = False) -> None:
        """`later`: its body is built when it is first shown or drawn; a plot takes 20 ms to build."""
        super().__init__(parent)
        self.built = False
        self.runs: tuple[Shown, ...] = ()
        self.preview: Preview | None = None
        """Of the next run, if it differs from the current one and no run goes on."""
        self.targets: Floats | None = None
        """(classes, classes): what the current run compares with for each class; None while it is not known."""
        self.band = RANGE
        """What is drawn of runs that differ in the seed alone; see bands."""
        self._problem = NOTHING
        self.dirty = False
        self.colours: Palette = LIGHT
        self.plots: list[Plot] = []
        self.twin: Panel | None = None
        """Drawn for files; see picture."""
        self.exporting = False
        """Whether this is drawn for a file, not for the screen."""

        self.header = Header(self.title, self.how_to_read)
        self.header.above.connect(self._show_above)
        self.header.chosen.connect(self._chosen)
        self.header.export.connect(partial(self.export.emit, self))
        self.header.reset.connect(self.show_everything)
        self._why = QLabel()
        self._why.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._why.setWordWrap(True)
        self._why.setMargin(24)
        self.body = Body()
        self._stack = QStackedLayout()
        self._stack.addWidget(self._why)
        self._stack.addWidget(self.body)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addLayout(self._stack, 1)
        self.conclusion = Conclusion()
        whole.addWidget(self.conclusion)
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

    def conclusions(self) -> Said:
        """What the difference between groups of runs says; nothing where there are no groups, or nothing to compare."""
        return ()

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
            self.dirty, last = True, self.header.menu_button
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

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        self.dirty = self.dirty or len(self.runs) > 1  # what its curves say finds more room, or less
        super().resizeEvent(event)

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

    def show_band(self, kind: str) -> None:
        """Draw this of runs that differ in the seed alone, from the next `refresh` on."""
        self.dirty = self.dirty or kind != self.band
        self.band = kind

    def show_preview(self, preview: Preview | None, targets: Floats | None = None, problem: Message = NOTHING) -> None:
        """Show this of the next run from the next `refresh` on, and of the current one its `targets`."""
        if (preview, problem) != (self.preview, self._problem) or targets is not self.targets:
            self.preview, self.targets, self._problem = preview, targets, problem
            self.dirty = True

    @property
    def problem(self) -> str:
        """Why there is no preview, in the language now in use."""
        return str(self._problem)

    def mark(self, event: object) -> None:
        """Take notice that `event` came in."""
        self.dirty = self.dirty or isinstance(event, self.kinds)

    def refresh(self) -> None:
        """Draw now, from the records."""
        self.have_body()
        self.dirty = False
        why = self.why_empty() if self.runs or (self.previews and self.preview) else self.problem or _(NO_RUN)
        self._why.setText(why)
        self._stack.setCurrentWidget(self._why if why else self.body)
        if not why:
            self.draw()
        self.conclusion.say(() if why else self.conclusions(), self.width(), round(CONCLUDING * self.height()))
        self.header.numbers.setText("" if why else self.numbers())
        self.header.offer_above(not self.exporting and any(plot.above for plot in self.plots))

    def _show_above(self, wanted: bool) -> None:
        for plot in self.plots:
            plot.show_whole(wanted)
        self.refresh()

    def retranslate(self) -> None:
        """Put every text into the language now in use."""
        title = _(self.title)
        self.header.retranslate()
        self.setAccessibleName(title)
        self.setAccessibleDescription(_(self.how_to_read))
        self.setWhatsThis(_(self.how_to_read))
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
        self.header.numbers.setPalette(muted)
        for plot in self.plots:
            plot.restyle(palette)
        self.dirty = True

    # Help for panels.

    def add_plot(self, plot: Plot) -> Plot:
        """Have `plot` translated, coloured and reset with the panel."""
        self.plots.append(plot)
        return plot

    def ready(self) -> None:
        """Colour and translate what has been built."""
        self.restyle(self.colours)
        self.retranslate()

    # Slots.

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return SMALLEST

    def show_everything(self) -> None:
        """Undo zooming."""
        for plot in self.plots:
            plot.show_everything()
        self.refresh()

    def _chosen(self) -> None:
        if self.isVisible():
            self.refresh()
        else:
            self.dirty = True
