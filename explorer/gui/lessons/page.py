"""The page of a lesson beside the panels: text, prediction, Start, what came out, why, and the explanation."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer.gui.lessons.claim_card import ClaimCard
from explorer.gui.lessons.options import Options
from explorer.gui.lessons.text_view import TextView
from explorer.gui.theme import Palette
from explorer.i18n import _, ngettext
from explorer.lessons.lesson import Question
from explorer.lessons.playing import Given, Played, compared
from explorer.session.lesson import LessonSession, expected_seconds
from explorer.titles import duration

LEAST = 330
"""Pixels of width: at 800 they leave 450 for the panels."""


LARGER = 1.12
"""Of its letters, than those of the window."""


class LessonPage(QWidget):
    """Shows the open step of a lesson; what people do on it is told by signals."""

    turned = Signal(int)
    left = Signal()
    started = Signal()
    cancelled = Signal()
    predicted = Signal(object)
    """Carries what was predicted."""
    again = Signal()
    """The step is to be played with other seeds."""
    own_images = Signal()
    """The step is to be played on a folder of pictures of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self._lesson: LessonSession | None = None
        self.title, self.heading = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.title.setObjectName("muted")
        self.heading.setObjectName("lesson")
        self.close_, self.text = QToolButton(), TextView()
        self.close_.setText("✕")
        self.close_.setAutoRaise(True)
        self.close_.clicked.connect(self.left)
        self.question, self.options, self.hint = QLabel(wordWrap=True), Options(), QLabel(wordWrap=True)
        self.hint.setObjectName("muted")
        self.start, self.cancel, self.bar = QPushButton(), QPushButton(), QProgressBar()
        self.start.setMinimumHeight(36)
        self.start.clicked.connect(self.started)
        self.cancel.clicked.connect(self.cancelled)
        self.compared, self.card = QLabel(wordWrap=True), ClaimCard()
        self.why, self.answer, self.explain = TextView(), QPlainTextEdit(), QPushButton()
        self.answer.setTabChangesFocus(True)
        self.answer.setFixedHeight(3 * self.fontMetrics().height() + 10)
        self.answer.textChanged.connect(self._answered)
        self.explain.clicked.connect(self._explain)
        self.explanation = TextView()
        self.repeat, self.images = QPushButton(), QPushButton()
        self.repeat.clicked.connect(self.again)
        self.images.clicked.connect(self.own_images)
        self.options.chosen.connect(self._chosen)
        self.back, self.forward, self.number = QPushButton(), QPushButton(), QLabel()
        self.number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.back.clicked.connect(partial(self._turn, -1))
        self.forward.clicked.connect(partial(self._turn, 1))
        self._scroll = QScrollArea()
        self._lay_out()
        self.setMinimumWidth(LEAST)
        font = self.font()
        font.setPointSizeF(LARGER * font.pointSizeF())
        self.setFont(font)  # a page is read, a form is looked at

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 2, 10, 10)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(self.start, 1)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        again = QGridLayout()
        again.addWidget(self.repeat, 0, 0)
        again.addWidget(self.images, 0, 1)
        above = (self.heading, self.text, self.question, self.options, self.hint)
        below = (self.compared, self.card, self.why, self.answer, self.explain, self.explanation)
        parts: tuple[QWidget, ...] = (*above, *below)
        for widget in parts:
            column.addWidget(widget)
        column.insertLayout(len(above), row)
        column.addLayout(again)
        column.addStretch(1)
        self._scroll.setWidget(inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        head, foot, whole = QHBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        head.setContentsMargins(12, 4, 4, 0)
        head.addWidget(self.title, 1)
        head.addWidget(self.close_, 0, Qt.AlignmentFlag.AlignTop)
        foot.setContentsMargins(10, 4, 10, 6)
        foot.addWidget(self.back)
        foot.addWidget(self.number, 1)
        foot.addWidget(self.forward)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self._scroll, 1)
        whole.addLayout(foot)

    # What is shown.

    def show_step(self, lesson: LessonSession, top: bool = False) -> None:
        """Show the step of `lesson` that is open; from its `top`, where it is another one."""
        self._lesson = lesson
        playing = lesson.playing
        step, now, claim = playing.step, playing.now, playing.claim
        self.title.setText(f"{playing.lesson.title}")
        self.heading.setText(str(step.title))
        for view, text in ((self.text, step.text), (self.why, step.why), (self.explanation, step.explanation)):
            view.say(str(text) if text else "")
        self._show_prediction(step.prediction, now)
        done = now.verdict is not None
        self.card.show_verdict(now.verdict)
        said = compared(step.prediction, now) if step.prediction else ""
        self.compared.setText(said)
        self.compared.setVisible(bool(said))
        self.why.setVisible(done and bool(step.why))
        self.answer.setVisible(done and bool(step.why))
        if self.answer.toPlainText() != now.answer:
            self.answer.setPlainText(now.answer)
        self.explain.setVisible(done and bool(step.explanation) and not now.explained)
        self.explanation.setVisible(done and bool(step.explanation) and now.explained)
        for button in (self.repeat, self.images):
            button.setVisible(done and claim is not None)
        total = len(playing.lesson.step)
        self.number.setText(f"{playing.index + 1} / {total}")
        self.number.setAccessibleName(_("Step {n} of {total}").format(n=playing.index + 1, total=total))
        self.show_state()
        if top:
            self._scroll.verticalScrollBar().setValue(0)
        elif done:
            QTimer.singleShot(0, self._scroll_to_result)

    def _show_prediction(self, asked: Question | None, now: Played) -> None:
        self.question.setVisible(asked is not None)
        self.question.setText(f"<b>{asked.question}</b>" if asked else "")
        chooses = asked is not None and asked.kind == "choice"
        self.options.setVisible(chooses)
        if asked and chooses:
            self.options.show_options(asked.options, now.given.choice if now.given else "", self._may_predict())

    def show_state(self) -> None:
        """What can be pressed now, and how far the runs are."""
        lesson = self._lesson
        if lesson is None:
            return
        playing, running = lesson.playing, lesson.comparison is not None
        claim, asked, done = playing.claim, playing.step.prediction, playing.now.verdict is not None
        self.start.setVisible(claim is not None and not running and not done)
        self.start.setEnabled(lesson.can_start)
        if claim:
            runs = len(claim.arm) * claim.seeds
            words = ngettext("Start {n} run", "Start {n} runs", runs).format(n=runs)
            seconds = expected_seconds(claim)
            self.start.setText(f"{words} · {_('about {time}').format(time=duration(seconds))}" if seconds else words)
        self.bar.setVisible(running)
        self.cancel.setVisible(running)
        if lesson.comparison is not None:
            self.bar.setRange(0, 100)
            self.bar.setValue(round(100 * lesson.share))
            self.bar.setFormat(lesson.comparison.standing.replace("%", "%%"))
        hints = {
            "choice": _("Choose one; then Start unlocks."),
            "point": _("Drag the point in the panel beside; then Start unlocks."),
            "sketch": _("Draw in the panel beside, from left to right; then Start unlocks."),
        }
        hint = hints[asked.kind] if asked and playing.locked else ""
        if lesson.unfinished:
            hint = str(lesson.unfinished)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        if asked and asked.kind == "choice":
            for choice in self.options.buttons.values():
                choice.setEnabled(self._may_predict())
        for button in (self.repeat, self.images):
            button.setEnabled(not running)
        self.back.setEnabled(playing.index > 0 and not running)
        self.forward.setEnabled(playing.index < len(playing.lesson.step) - 1 and not running)

    def _may_predict(self) -> bool:
        lesson = self._lesson
        return lesson is not None and lesson.playing.now.verdict is None and lesson.comparison is None

    def _scroll_to_result(self) -> None:
        first = self.compared if self.compared.isVisible() else self.card
        self._scroll.verticalScrollBar().setValue(max(0, first.y() - 8))

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        self.close_.setToolTip(_("Leave the lesson"))
        self.close_.setAccessibleName(_("Leave the lesson"))
        self.text.setAccessibleName(_("Text of the step"))
        self.why.setAccessibleName(_("Question"))
        self.explanation.setAccessibleName(_("Explanation"))
        self.cancel.setText(_("Cancel"))
        self.bar.setAccessibleName(_("Progress of the runs"))
        self.answer.setPlaceholderText(_("Your answer, in a sentence or two"))
        self.answer.setAccessibleName(_("Your answer"))
        self.explain.setText(_("Show the explanation"))
        self.repeat.setText(_("Again, other seeds"))
        self.images.setText(_("On my own images…"))
        self.back.setText(f"◀ {_('Back')}")
        self.forward.setText(f"{_('Next')} ▶")
        if self._lesson:
            self.show_step(self._lesson)

    def restyle(self, palette: Palette) -> None:
        """Draw formulas in these colours."""
        for view in (self.text, self.why, self.explanation):
            view.restyle(palette)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.answer.setFixedHeight(3 * self.fontMetrics().height() + 10)

    # What people do.

    def _turn(self, by: int, *_checked: bool) -> None:
        self.turned.emit(by)

    def _chosen(self, name: str) -> None:
        self.predicted.emit(Given(choice=name))

    def _answered(self) -> None:
        if self._lesson:
            self._lesson.playing.now.answer = self.answer.toPlainText()[:5000]

    def _explain(self) -> None:
        if self._lesson:
            self._lesson.playing.now.explained = True
            self.explain.hide()
            self.explanation.show()
