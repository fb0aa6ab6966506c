"""A technique as a card: switch, one line, the form made from its declaration, and "?" for the whole explanation."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout

from explorer.data import Source
from explorer.gui.recipe.form import Form
from explorer.gui.wording import rich
from explorer.i18n import _
from explorer.recipe import Recipe, build_technique
from explorer.session.session import Difference
from explorer.techniques import Technique
from explorer.techniques.together import clash


class Card(QFrame):
    """One technique. `changed` carries its new value, or None where it was switched off."""

    changed = Signal(object)
    compare = Signal(object)
    """Somebody wants the runs that show what it does; carries the technique."""
    explain = Signal(object)
    """Somebody wants to read the whole explanation; carries the technique's class."""

    def __init__(self, kind: type[Technique]) -> None:
        super().__init__()
        self.kind = kind
        self._reason, self._curable = "", False
        self._mark: Difference | None = None
        self.setObjectName("card")
        self.switch = QCheckBox()
        bold = self.switch.font()
        bold.setBold(True)
        self.switch.setFont(bold)
        self.chip, self.summary = QLabel(), QLabel(wordWrap=True)
        self.chip.setObjectName("mark")
        self.summary.setObjectName("muted")
        self.help, self.unfold = QToolButton(), QToolButton()
        self.help.setText("?")
        self.unfold.setCheckable(True)
        self.unfold.setArrowType(Qt.ArrowType.RightArrow)
        for button in (self.help, self.unfold):
            button.setAutoRaise(True)
        self.form = Form(kind(), build=self._build)
        self.trial = QPushButton()
        self.form.hide()
        self.trial.hide()
        header = QHBoxLayout()
        header.setSpacing(2)
        header.addWidget(self.switch, 1)
        for widget in (self.chip, self.help, self.unfold):
            header.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 4, 6)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addWidget(self.summary)
        layout.addWidget(self.form)
        layout.addWidget(self.trial, alignment=Qt.AlignmentFlag.AlignRight)
        self.switch.clicked.connect(self._switched)
        self.unfold.toggled.connect(self._unfolded)
        self.help.clicked.connect(self._asked)
        self.trial.clicked.connect(self._tried)
        self.form.changed.connect(self._edited)
        self.retranslate()

    @property
    def value(self) -> Technique | None:
        """The technique as it stands in the recipe, or None where it is off."""
        return self.form.value if self.switch.isChecked() else None  # type: ignore[return-value]

    def set_value(self, technique: Technique | None) -> None:
        """Show `technique`, or that it is off; the form keeps its last values then."""
        self.switch.setChecked(technique is not None)
        if technique is not None:
            self.form.set_value(technique)
        self._show_state()

    def refuse(self, reason: str, *, curable: bool = False) -> None:
        """Grey the card and say why; an empty `reason` gives it back. `curable`: with other parameters it could act."""
        if (reason, curable) != (self._reason, self._curable):
            self._reason, self._curable = reason, curable
            self._show_state()

    def mark(self, mark: Difference | None) -> None:
        """Say that it differs from the run on screen, and when it will act."""
        if mark != self._mark:
            self._mark = mark
            self._show_state()

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        title = _(self.kind.title)
        self.switch.setText(title)
        self.switch.setToolTip(rich(_(self.kind.summary)))
        self.help.setToolTip(_("What it does, formula, papers"))
        self.help.setAccessibleName(_("Explain {technique}").format(technique=title))
        self.unfold.setToolTip(_("Its parameters"))
        self.unfold.setAccessibleName(_("Parameters of {technique}").format(technique=title))
        self.trial.setText(_("Compare"))
        self.trial.setToolTip(
            rich(
                _(
                    "Train the runs that show what it does, with as many seeds as stand beside Train, and lay them "
                    "over each other."
                )
            )
        )
        self.trial.setAccessibleName(_("Compare runs: {technique}").format(technique=title))
        self.form.retranslate()
        self._show_state()

    def _show_state(self) -> None:
        on = self.switch.isChecked()
        self.summary.setText(self._reason or _(self.kind.summary))
        self.summary.setObjectName("problem" if self._reason and on else "muted")
        self.summary.style().polish(self.summary)
        self.switch.setEnabled(on or not self._reason)  # what is on can always be switched off
        self.form.setEnabled(not self._reason or self._curable)
        self.trial.setEnabled(not self._reason)
        self.chip.setText(mark_text(self._mark) if self._mark else "")
        self.chip.setToolTip(rich(mark_help(self._mark)) if self._mark else "")

    def _build(self, values: dict[str, Any]) -> Technique:
        return build_technique(self.kind.name, values)

    def _switched(self) -> None:
        self._show_state()
        self.changed.emit(self.value)

    def _edited(self, _value: object) -> None:
        if self.switch.isChecked():
            self.changed.emit(self.value)

    def _unfolded(self, shown: bool) -> None:
        for widget in (self.form, self.trial):
            widget.setVisible(shown)
        self.unfold.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)

    def _tried(self) -> None:
        self.form.commit()
        self.compare.emit(self.form.value)

    def _asked(self) -> None:
        self.explain.emit(self.kind)


def mark_text(mark: Difference) -> str:
    """When a change will act, in two words."""
    return _("next batch") if mark.acts_live else _("next run")


def mark_help(mark: Difference) -> str:
    """The same with what differs, and why it does not act before."""
    when = _("Differs from the run on screen: {change}.").format(change=mark.change)
    then = _("Acts at the next batch.") if mark.acts_live else _("Acts in the next run.")
    return "\n".join(filter(None, (when, then, _(mark.reason))))


def refusal(technique: Technique, recipe: Recipe, source: Source | None) -> str:
    """Why `technique` cannot act in `recipe` with images of `source`, if known; empty if it can."""
    if source and (reason := technique.refuse(source.spec(recipe.data))):
        return str(reason)
    return str(technique.refuse_length(recipe.epochs) or clash(technique, recipe.techniques, recipe.network))
