"""The bottom row: train, pause, one batch, one epoch, stop; how far, how fast, and what watching costs."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QPushButton, QSpinBox, QToolButton, QWidget

from explorer.events import InstrumentCost, Progress
from explorer.gui.charts.header import BETWEEN, Readout, fitting
from explorer.gui.theme import Palette, with_figures
from explorer.gui.wording import rich
from explorer.i18n import N_, _, ngettext
from explorer.runs import RunRecord
from explorer.runs.timing import images_per_second, measures, seconds_left, steps_per_epoch, total_steps, watching_share
from explorer.session.session import State
from explorer.titles import duration

BUTTONS = {
    "train": (N_("Train"), "F5", N_("Start a new run with this recipe.")),
    "pause": (N_("Pause"), "F6", N_("Wait before the next batch, or go on.")),
    "batch": (N_("One batch"), "F7", N_("Train on one batch, then wait.")),
    "epoch": (N_("One epoch"), "F8", N_("Train to the end of this epoch, then wait.")),
    "stop": (N_("Stop"), "Shift+F5", N_("End the run before the next batch.")),
}
RESUME = N_("Resume")
COLUMNS = {"left": (N_("Recipe"), "Shift+F9"), "right": (N_("Layers and runs"), "F9")}
"""Outer columns of the window, that fold away."""
MOST_SEEDS = 99
SEEDS = N_("How often to train, each time with another seed: other start weights, another order of the images")


class Transport(QWidget):
    """Buttons and numbers. `pressed` carries the key of a button in BUTTONS."""

    pressed = Signal(str)
    column = Signal(str)
    """A column is to fold away or to come back; carries a key of COLUMNS."""

    def __init__(self) -> None:
        super().__init__()
        self._state = State.IDLE
        self.withheld: tuple[str, ...] = ()
        """Keys of buttons that are not offered now, whatever the run does."""
        self.buttons = {key: QPushButton() for key in BUTTONS}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.setSpacing(6)
        self.columns = {key: QToolButton() for key in COLUMNS}
        for key, fold in self.columns.items():
            fold.setCheckable(True)
            fold.setAutoRaise(True)
            fold.setIconSize(QSize(18, 18))
            fold.setMinimumHeight(34)
            fold.clicked.connect(partial(self._folded, key))
        layout.addWidget(self.columns["left"])
        self.seeds = QSpinBox()
        self.seeds.setRange(1, MOST_SEEDS)
        self.seeds.setPrefix("× ")
        self.seeds.setMinimumHeight(34)
        for key, button in self.buttons.items():
            button.setShortcut(BUTTONS[key][1])
            button.setIconSize(QSize(14, 14))
            button.setMinimumHeight(34)
            button.clicked.connect(self._clicked)
            layout.addWidget(button)
            if key == "train":
                layout.addWidget(self.seeds)
        self.bar, self.message, self.speed = Bar(), Readout(), Readout()
        self.bar.setMaximumHeight(20)
        self.bar.setFont(with_figures(self.bar.font()))
        self.speed.alignment_ = Qt.AlignmentFlag.AlignRight
        self.speed.setObjectName("muted")
        numbers = QGridLayout()
        numbers.setVerticalSpacing(1)
        numbers.setHorizontalSpacing(12)
        numbers.addWidget(self.bar, 0, 0, 1, 2)
        numbers.addWidget(self.message, 1, 0)
        numbers.addWidget(self.speed, 1, 1)
        numbers.setColumnStretch(0, 1)
        numbers.setColumnStretch(1, 1)
        layout.addSpacing(6)
        layout.addLayout(numbers, 1)
        layout.addWidget(self.columns["right"])
        self.retranslate()
        self.show_state(State.IDLE)

    def show_state(self, state: State) -> None:
        """Offer what can be done now."""
        self._state = state
        idle, paused, running = (state is s for s in (State.IDLE, State.PAUSED, State.RUNNING))
        starting = state is State.STARTING
        offered = {
            "train": idle,
            "pause": running or paused,
            "batch": idle or paused,
            "epoch": idle or paused,
            "stop": running or paused or starting,
        }
        for key, button in self.buttons.items():
            button.setEnabled(offered[key] and key not in self.withheld)
        self.seeds.setEnabled(idle)
        self._name_pause()

    def show_run(self, record: RunRecord | None, state: State, among: str = "") -> None:
        """Show where the run of `record` stands, and `among` which others."""
        total = total_steps(record) if record else 0
        waiting = state is State.STARTING or (total == 0 and state is not State.IDLE)
        self.bar.setRange(0, 0 if waiting else max(1, total))
        # A bar that is full to the end would be the loudest thing in the window; the text says that it is done.
        self.bar.setValue(min(record.series.steps.last, total) if record and total and state is not State.IDLE else 0)
        self.bar.say(BETWEEN.join(filter(None, (among, standing(record, state) if record else ""))))
        self.speed.setText(speed(record) if record else "")

    def show_column(self, name: str, shown: bool) -> None:
        """Show whether a column is there."""
        self.columns[name].setChecked(shown)

    def _folded(self, name: str, *_checked: bool) -> None:
        self.columns[name].toggle()  # back: the window says what came of it
        self.column.emit(name)

    def say(self, text: str, help_: str = "") -> None:
        """Show a short message, until the next one, with the whole of it as a tool tip."""
        self.message.setText(text)
        self.message.setToolTip(rich(help_) or text)

    def restyle(self, palette: Palette) -> None:
        """Draw the icons in these colours."""
        shapes = {"train": "play", "pause": "pause", "batch": "step", "epoch": "jump", "stop": "stop"}
        for key, shape in shapes.items():
            self.buttons[key].setIcon(icon(shape, palette.foreground, palette.muted))
        for key, fold in self.columns.items():
            fold.setIcon(icon(key, palette.foreground, palette.muted))

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        for key, (text, shortcut, help_) in BUTTONS.items():
            button = self.buttons[key]
            button.setText(_(text))
            button.setShortcut(shortcut)  # setText takes it away
            button.setToolTip(f"{_(help_)} ({shortcut})")
            button.setAccessibleName(_(text))
        self.seeds.setToolTip(rich(_(SEEDS)))
        self.seeds.setAccessibleName(_("Number of seeds"))
        for key, (text, shortcut) in COLUMNS.items():
            self.columns[key].setToolTip(f"{_(text)} ({shortcut})")
            self.columns[key].setAccessibleName(_(text))
        self.bar.setAccessibleName(_("Progress of the run"))
        pause = self.buttons["pause"]
        wide = max(self._width(pause, _(text)) for text in (BUTTONS["pause"][0], RESUME))
        pause.setMinimumWidth(wide)  # the row must not move when Pause becomes Resume
        self._name_pause()

    def _width(self, button: QPushButton, text: str) -> int:
        button.setText(text)
        return button.sizeHint().width()

    def _name_pause(self) -> None:
        text, shortcut, _help = BUTTONS["pause"]
        button = self.buttons["pause"]
        button.setText(_(RESUME if self._state is State.PAUSED else text))
        button.setShortcut(shortcut)
        button.setAccessibleName(button.text())

    def _clicked(self) -> None:
        self.pressed.emit(next(key for key, button in self.buttons.items() if button is self.sender()))


class Bar(QProgressBar):
    """Says as much of its text as finds room: the parts that matter most stand first."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def say(self, text: str) -> None:
        """Show `text`, in parts with BETWEEN them."""
        if text != self._text:
            self._text = text
            self.setToolTip(text)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setFormat(fitting(self._text, self.width() - 8, self.fontMetrics()).replace("%", "%%"))


def standing(record: RunRecord, state: State) -> str:
    """Where a run stands, in one line."""
    if record.started is None:
        progress = record.latest(Progress)
        return str(progress.what) if progress else ""
    epochs = int(record.recipe["epochs"])
    epoch, batch = divmod(record.series.steps.last, steps_per_epoch(record))
    if record.series.steps.last and batch == 0:
        epoch, batch = epoch - 1, steps_per_epoch(record)
    words = [
        _("epoch {epoch} of {epochs}").format(epoch=min(epoch + 1, epochs), epochs=epochs),
        _("batch {batch} of {batches}").format(batch=batch, batches=steps_per_epoch(record)),
    ]
    if len(record.series.steps.losses):
        loss = record.series.steps.losses[-1]
        words.append(_("loss {loss}").format(loss=f"{loss:.3f}" if loss < 1000 else f"{loss:.1e}"))
    if record.ended is None and state is not State.IDLE:
        if measures(record):
            last = (
                record.series.steps.last >= total_steps(record)
                and bool(record.epochs)
                and record.epochs[-1].epoch >= epochs
            )
            words.append(_("measuring on the test images…") if last else _("measuring…"))
        if (left := seconds_left(record)) is not None:
            words.append(_("{time} left").format(time=duration(left)))
        if state is not State.RUNNING:
            words.append(_(state.value))
    return " · ".join(words)


def speed(record: RunRecord) -> str:
    """Speed and cost of watching."""
    words = []
    if images_per_second(record):
        words.append(_("{n} images/s").format(n=f"{images_per_second(record):,.0f}".replace(",", "\u2009")))
    if record.latest(InstrumentCost):
        words.append(_("watching costs {share:.1f} %").format(share=100 * watching_share(record)))
    return " · ".join(words)


def outcome(record: RunRecord) -> str:
    """How a run ended, with what it reached, in one line."""
    if (end := record.ended) is None:
        return ""
    words = [str(end.reason).rstrip(".")]
    if end.test:
        words.append(_("test accuracy {accuracy:.1f} %").format(accuracy=100 * end.test["accuracy"]))
    if end.best_epoch:
        words.append(_("best epoch {epoch}").format(epoch=end.best_epoch))
    if end.epoch:
        epochs = ngettext("{n} epoch in {time}", "{n} epochs in {time}", end.epoch)
        words.append(epochs.format(n=end.epoch, time=duration(end.seconds)))
    return " · ".join(words)


def icon(shape: str, colour: str, disabled: str) -> QIcon:
    """A plain shape in the text's colour: the style's own icons cannot be seen on a dark ground."""
    made = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled)):
        pixmap = QPixmap(56, 56)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ink))
        painter.setOpacity(1.0 if mode is QIcon.Mode.Normal else 0.5)
        for part in _SHAPES[shape]:
            painter.drawPolygon(part) if isinstance(part, QPolygonF) else painter.drawRect(part)
        painter.end()
        made.addPixmap(pixmap, mode)
    return made


def _triangle(left: float, width: float) -> QPolygonF:
    return QPolygonF([QPointF(left, 8), QPointF(left + width, 28), QPointF(left, 48)])


def _frame() -> list[QPolygonF | QRectF]:
    sides = (4, 8, 48, 4), (4, 44, 48, 4), (4, 8, 4, 40), (48, 8, 4, 40)
    return [QRectF(*side) for side in sides]


_SHAPES: dict[str, list[QPolygonF | QRectF]] = {
    "play": [_triangle(14, 34)],
    "pause": [QRectF(12, 8, 11, 40), QRectF(33, 8, 11, 40)],
    "step": [QRectF(10, 8, 8, 40), _triangle(24, 26)],
    "jump": [_triangle(6, 19), _triangle(25, 19), QRectF(45, 8, 6, 40)],
    "stop": [QRectF(10, 10, 36, 36)],
    "left": [*_frame(), QRectF(10, 14, 11, 28)],
    "right": [*_frame(), QRectF(35, 14, 11, 28)],
}
