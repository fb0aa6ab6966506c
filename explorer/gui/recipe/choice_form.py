"""A choice of one of several kinds, and under it a form for the parameters of the one that is chosen."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from explorer.gui.recipe.editors import ChoiceEditor
from explorer.gui.recipe.form import Form
from explorer.gui.wording import rich
from explorer.i18n import _
from explorer.recipe import CHOICES, Recipe, parse


class ChoiceForm(QWidget):
    """Shows the field `choice` of a recipe. `changed` carries its new value after an edit.

    Each kind keeps what was set in it while others are chosen.
    """

    changed = Signal(object)
    explain = Signal(object)
    """Somebody wants to read about the kind that is chosen; carries it."""

    def __init__(self, choice: str, value: Any, unfolded: bool) -> None:
        super().__init__()
        self.choice, self._value, self._mark = choice, value, ""
        self._field = Recipe.model_fields[choice]
        self._kinds = CHOICES[choice]
        self.kind = ChoiceEditor(tuple(self._kinds), titles={key: kind.title for key, kind in self._kinds.items()})
        self.forms: dict[str, Form] = {}
        self._label, self._dot = QLabel(), QLabel("●")
        self._label.setBuddy(self.kind)
        policy = self._dot.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # a mark must not move the form
        self._dot.setSizePolicy(policy)
        self._dot.setObjectName("mark")
        self.help, self.unfold = QToolButton(), QToolButton()
        self.help.setText("?")
        self.unfold.setCheckable(True)
        for button in (self.help, self.unfold):
            button.setAutoRaise(True)
        head = QGridLayout()
        head.setHorizontalSpacing(4)
        head.setColumnStretch(2, 1)
        for column, widget in enumerate((self._dot, self._label, self.kind, self.help, self.unfold)):
            head.addWidget(widget, 0, column)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._layout.addLayout(head)
        self.kind.edited.connect(self._chosen)
        self.help.clicked.connect(self._asked)
        self.unfold.toggled.connect(self._show_form)
        self.unfold.setChecked(unfolded)
        self.set_value(value)
        self.retranslate()

    @property
    def form(self) -> Form:
        """Of the parameters of the kind that is chosen."""
        return self.forms[self._value.kind]

    def set_value(self, value: Any) -> None:
        """Show `value`, without a signal."""
        self._value = value
        if value.kind not in self.forms:
            names = [name for name in type(value).model_fields if name != "kind"]
            form = self.forms[value.kind] = Form(value, names, self._build)
            form.setContentsMargins(14, 0, 0, 0)  # under the label of the choice
            form.changed.connect(self._edited)
            self._layout.addWidget(form)
        self.form.set_value(value)
        self.kind.set_value(value.kind)
        self._show_form()
        self._name()

    def mark(self, text: str) -> None:
        """Put a dot beside the choice, with `text` as its help; an empty one takes it away."""
        self._mark = text
        self._dot.setVisible(bool(text))
        self._dot.setToolTip(rich(text))

    def commit(self) -> None:
        """Take what is being typed."""
        self.form.commit()

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        self._label.setText(_(self._field.title or ""))
        self.kind.setAccessibleName(_(self._field.title or ""))
        self.kind.setAccessibleDescription(_(self._field.description or ""))
        self.kind.retranslate()
        self.help.setToolTip(_("What it does, formula, papers"))
        self.unfold.setToolTip(_("Its parameters"))
        for form in self.forms.values():
            form.retranslate()
        self.mark(self._mark)
        self._name()

    def _name(self) -> None:
        title = _(type(self._value).title)
        self.kind.setToolTip(rich(_(type(self._value).summary)))
        self.help.setAccessibleName(_("Explain {technique}").format(technique=title))
        self.unfold.setAccessibleName(_("Parameters of {technique}").format(technique=title))

    def _build(self, values: dict[str, Any]) -> Any:
        return getattr(parse({self.choice: values}), self.choice)

    def _show_form(self) -> None:
        shown = self.unfold.isChecked()
        self.unfold.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        for key, form in self.forms.items():
            form.setVisible(shown and key == self._value.kind)

    def _chosen(self) -> None:
        key = self.kind.value_()
        self.set_value(self.forms[key].value if key in self.forms else self._kinds[key]())
        self.changed.emit(self._value)

    def _edited(self, value: Any) -> None:
        self._value = value
        self.changed.emit(value)

    def _asked(self) -> None:
        self.explain.emit(type(self._value))
