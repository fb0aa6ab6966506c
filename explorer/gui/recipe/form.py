"""A form made from any declaration: a table from type to editor; names, bounds, units and help come with the fields."""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Literal, Protocol

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QGridLayout, QLabel, QSizePolicy, QWidget

from explorer.data import DataChoice
from explorer.errors import InputError, said
from explorer.gui.recipe.data_editor import DataEditor
from explorer.gui.recipe.editors import (
    DECIMALS,
    ChoiceEditor,
    NumberEditor,
    NumbersEditor,
    SeveralEditor,
    TextEditor,
    ToggleEditor,
    WholeEditor,
)
from explorer.gui.wording import choice_label, field_label, rich, suffix
from explorer.i18n import N_, NOTHING, _
from explorer.techniques import Technique

UNBOUNDED = 10**9
TALL_TOP = 5
"""Pixels by which a label is lowered beside an editor of several lines, to stand at the height of the first."""


class Editor(Protocol):
    """What each editor can do; all are widgets with a signal `edited`."""

    def value_(self) -> Any: ...
    def set_value(self, value: Any) -> None: ...
    def retranslate(self) -> None: ...


class Form(QWidget):
    """Labels and editors for the fields of `value`'s class. `changed` carries a new, validated value."""

    changed = Signal(object)

    def __init__(
        self,
        value: BaseModel,
        fields: Collection[str] = (),
        build: Callable[[dict[str, Any]], BaseModel] | None = None,
    ) -> None:
        """Show `fields` of `value` (all, if empty). `build` makes a value from its fields, or raises InputError."""
        super().__init__()
        self._value = value
        self._build = build or type(value).model_validate
        declared = type(value).model_fields
        self._fields = {name: declared[name] for name in fields or declared}
        self._labels: dict[str, QLabel] = {}
        self._dots: dict[str, QLabel] = {}
        self._marks: Mapping[str, str] = {}
        self._problem = QLabel(self, wordWrap=True)
        self._problem.setObjectName("problem")
        self._problem.hide()
        self._wrong = NOTHING
        self._editors: dict[str, Any] = {}

    @property
    def editors(self) -> dict[str, Any]:
        """The editor of each field, made when it is first seen or asked for: of 88 a start shows nine."""
        if self.layout() is None:
            self._make_editors()
        return self._editors

    def _make_editors(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        for row, (name, field) in enumerate(self._fields.items()):
            editor = editor_for(field)
            label, dot = QLabel(), QLabel("●")
            label.setBuddy(editor)
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            policy = dot.sizePolicy()
            policy.setRetainSizeWhenHidden(True)  # a mark must not move the form
            dot.setSizePolicy(policy)
            dot.setObjectName("mark")
            dot.hide()
            tall = isinstance(editor, SeveralEditor | DataEditor)
            place = Qt.AlignmentFlag.AlignTop if tall else Qt.AlignmentFlag.AlignVCenter
            for column, widget in enumerate((dot, label)):
                widget.setContentsMargins(0, TALL_TOP if tall else 0, 0, 0)
                grid.addWidget(widget, row, column, place)
            grid.addWidget(editor, row, 2)
            self._dots[name], self._labels[name], self._editors[name] = dot, label, editor
            editor.edited.connect(self._edited)
        grid.addWidget(self._problem, len(self._fields), 0, 1, 3)
        self.set_value(self._value)
        self.retranslate()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Make the editors before anybody sees that there are none."""
        if self.layout() is None:
            self._make_editors()
        super().showEvent(event)

    @property
    def value(self) -> BaseModel:
        """The last valid value."""
        return self._value

    def set_value(self, value: BaseModel) -> None:
        """Show `value`, without a signal."""
        self._value = value
        for name, editor in self._editors.items():
            if editor.value_() != getattr(value, name):
                editor.set_value(getattr(value, name))
        self._wrong = NOTHING
        self._say()
        self._grey()

    def show_only(self, names: Collection[str] | None) -> bool:
        """Keep these fields in sight (None: all of them); whether there is one."""
        for name, editor in self.editors.items():
            shown = names is None or name in names
            for widget in (editor, self._labels[name]):
                widget.setVisible(shown)
            self._dots[name].setVisible(shown and name in self._marks)
        return names is None or any(name in names for name in self.editors)

    def mark(self, marks: Mapping[str, str]) -> None:
        """Put a dot beside the fields in `marks`, with the text as its help, and take it from the others."""
        self._marks = marks
        for name, dot in self._dots.items():
            dot.setVisible(name in marks and not self._labels[name].isHidden())
            dot.setToolTip(rich(marks.get(name, "")))

    def commit(self) -> None:
        """Take what is being typed, as if the person had left the editor."""
        focus = QApplication.focusWidget()
        if focus is not None and self.isAncestorOf(focus):
            if isinstance(focus, QAbstractSpinBox):
                focus.interpretText()
            elif isinstance(focus, NumbersEditor | TextEditor):
                focus.editingFinished.emit()

    def retranslate(self) -> None:
        """Show all text in the language now in use."""
        for name, editor in self._editors.items():
            field, label = self._fields[name], self._labels[name]
            text = field_label(name, field)
            label.setText(text)
            editor.setAccessibleName(text)
            editor.setAccessibleDescription(_(field.description or ""))
            editor.retranslate()
            for box in getattr(editor, "boxes", {}).values():
                box.setAccessibleName(f"{text}: {box.text()}")
        self.mark(self._marks)
        self._grey()
        self._say()

    def _edited(self) -> None:
        name = next(name for name, editor in self._editors.items() if editor is self.sender())
        values = {key: getattr(self._value, key) for key in type(self._value).model_fields}
        change = {name: self._editors[name].value_()}
        if isinstance(self._value, Technique):
            values = type(self._value).changed(values, change)
        try:
            value = self._build(values | change)
        except (InputError, ValidationError) as error:
            self._wrong = said(error)
            self._say()
            return
        self._wrong = NOTHING
        self._say()
        if value != self._value:
            self.set_value(value)  # other fields may stand at a default that goes with this one
            self.changed.emit(value)

    def _say(self) -> None:
        """What is wrong with what was typed, if anything."""
        self._problem.setText(str(self._wrong))
        self._problem.setVisible(bool(self._wrong))

    def _grey(self) -> None:
        """Grey the fields that do not act with the others as they are, and say so."""
        for name, editor in self._editors.items():
            field = self._fields[name]
            needs = _when(field)
            acts = all(str(getattr(self._value, other)) in map(str, allowed) for other, allowed in needs.items())
            help_ = _(field.description or "")
            if bounds := limits_text(field):
                help_ += f"\n{bounds}"
            if not acts:
                help_ += "\n" + "\n".join(
                    _("Acts only where {field} is: {values}.").format(
                        field=field_label(other, type(self._value).model_fields[other]),
                        values=", ".join(map(choice_label, allowed)),
                    )
                    for other, allowed in needs.items()
                )
            for widget in (self._labels[name], editor):
                widget.setEnabled(acts)
                widget.setToolTip(rich(help_))


def editor_for(field: FieldInfo) -> Any:
    """The editor for a field of this type. Raises TypeError for a type that has none yet."""
    kind, unit = field.annotation, _extra(field).get("unit", "")
    least = next((m.min_length for m in field.metadata if isinstance(m, annotated_types.MinLen)), 0)
    optional = typing.get_origin(kind) in (typing.Union, types.UnionType) and type(None) in typing.get_args(kind)
    if optional:
        kind = next(k for k in typing.get_args(kind) if k is not type(None))
    if kind is bool:
        return ToggleEditor()
    if typing.get_origin(kind) is Literal:
        return ChoiceEditor(typing.get_args(kind), unit)
    if kind is int:
        low, high = limits(field)
        empty = str(_extra(field).get("empty", N_("all"))) if optional else ""
        return WholeEditor(math.ceil(low), math.floor(high), unit, empty)
    if kind is float:
        low, high = limits(field)
        return NumberEditor(low, high, float(field.default or 1), unit, N_("auto") if optional else "")
    if kind is str:
        return TextEditor()
    if kind is DataChoice:
        return DataEditor()
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        if typing.get_origin(inner) is Annotated:
            inner = typing.get_args(inner)[0]
        if typing.get_origin(inner) is Literal:
            return SeveralEditor(typing.get_args(inner), least)
        if inner is float:
            return NumbersEditor(unit)
    raise TypeError(f"no editor for {field.annotation}")


def limits(field: FieldInfo) -> tuple[float, float]:
    """The lowest and the highest value that the declaration allows an editor to show."""
    whole = field.annotation is int
    low, high = (-UNBOUNDED, UNBOUNDED)  # type: tuple[float, float]
    for bound in field.metadata:
        match bound:
            case annotated_types.Ge():
                low = float(bound.ge)  # type: ignore[arg-type]
            case annotated_types.Gt():
                low = float(bound.gt) + (1 if whole else 10.0**-DECIMALS)  # type: ignore[arg-type]
            case annotated_types.Le():
                high = float(bound.le)  # type: ignore[arg-type]
            case annotated_types.Lt():
                high = float(bound.lt) - (1 if whole else 1e-9)  # type: ignore[arg-type]
    return low, min(high, 2**31 - 1) if whole else high


def limits_text(field: FieldInfo) -> str:
    """The bounds as a person reads them: "0 ≤ … < 1"."""
    low = high = ""
    for bound in field.metadata:
        match bound:
            case annotated_types.Ge():
                low = f"{bound.ge:g} ≤ "
            case annotated_types.Gt():
                low = f"{bound.gt:g} < "
            case annotated_types.Le():
                high = f" ≤ {bound.le:g}"
            case annotated_types.Lt():
                high = f" < {bound.lt:g}"
    return f"{low}…{high}" if low or high else ""


def with_unit(text: str, field: FieldInfo, n: float) -> str:
    """`text`, which says the number `n`, with the field's unit."""
    return text + suffix(str(_extra(field).get("unit", "")), n)


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _when(field: FieldInfo) -> dict[str, list[str]]:
    when: dict[str, list[str]] = _extra(field).get("when", {})
    return when
