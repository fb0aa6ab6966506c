"""One small widget per kind of value. Each emits `edited` when a person changed it, never when a program did."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from explorer.gui.wording import choice_label, suffix
from explorer.i18n import _

DECIMALS = 12
NARROW = 6
"""Characters that an editor asks room for, so that the column with the recipe can be made narrow."""


class _Undoing:
    """Leaves Ctrl+Z and Ctrl+Shift+Z to the recipe, except while something is being typed here.

    A filter, not an override of `event`: an override also sees its own deletion, and Shiboken 6.8 then crashes.
    """

    def typing(self) -> bool:
        """Whether the text is not the one that the value has."""
        raise NotImplementedError

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and not self.typing():
            undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
            if event.matches(undo) or event.matches(redo):
                event.ignore()
                return True
        return False


class NumberEditor(_Undoing, QDoubleSpinBox):
    """A real number, shown as short as it can be. Arrows go 1-2-5 where the range spans many orders of magnitude.

    With `empty`, the lowest value stands for None and shows that text, with the number that `default` gives it; so does
    a line that is cleared.
    """

    edited = Signal()

    def __init__(self, low: float, high: float, default: float, unit: str = "", empty: str = "") -> None:
        super().__init__()
        self.installEventFilter(self)
        self._unit, self._empty, self._default = unit, empty, default
        low -= 10.0**-DECIMALS if empty else 0
        # What may be left open depends on other things, by orders of magnitude.
        self._logarithmic = bool(empty) or (high > 0 and high >= 1000 * abs(default) and default > 0)
        self.setDecimals(DECIMALS)
        self.setRange(low, high)
        self.setSingleStep(_nice(min(abs(default) / 4 or math.inf, (high - low) / 20)))
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(self._report)
        self.retranslate()

    def value_(self) -> float | None:
        """What is shown."""
        return None if self._is_empty() else self.value()

    def set_value(self, value: float | None) -> None:
        """Show `value`."""
        with QSignalBlocker(self):
            self.setValue(self.minimum() if value is None else value)
        _bend(self, self._unit)

    def set_default(self, value: float) -> None:
        """The number that is meant where nothing is said."""
        self._default = value
        self.retranslate()

    def retranslate(self) -> None:
        """Show the unit and the empty text in the language now in use."""
        if self._empty:
            with QSignalBlocker(self):
                self.setSpecialValueText(f"{_(self._empty)}: {self.textFromValue(self._default)}")
        _bend(self, self._unit)

    def typing(self) -> bool:
        shown = self.specialValueText() if self._is_empty() else self.textFromValue(self.value()) + self.suffix()
        return self.lineEdit().text() != shown

    def _is_empty(self) -> bool:
        return bool(self._empty) and self.value() == self.minimum()

    def _means_empty(self, text: str) -> bool:
        return bool(self._empty) and text.strip() in ("", self.specialValueText())

    def textFromValue(self, value: float) -> str:  # noqa: N802
        return f"{value:.10g}"

    def valueFromText(self, text: str) -> float:  # noqa: N802
        if self._means_empty(text):
            return self.minimum()
        try:
            return float(self._bare(text))
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        bare = self._bare(text)
        if self._means_empty(text):
            return QValidator.State.Acceptable, text, position
        if not re.fullmatch(r"[+-]?\d*\.?\d*(e[+-]?\d*)?", bare, re.IGNORECASE):
            return QValidator.State.Invalid, text, position
        try:
            inside = self.minimum() <= float(bare) <= self.maximum()
        except ValueError:
            inside = False
        return (QValidator.State.Acceptable if inside else QValidator.State.Intermediate), text, position

    def fixup(self, text: str) -> str:
        try:
            return self.textFromValue(min(max(float(self._bare(text)), self.minimum()), self.maximum()))
        except ValueError:
            return self.specialValueText() if self._is_empty() else self.textFromValue(self.value())

    def stepBy(self, steps: int) -> None:  # noqa: N802
        if self._is_empty():
            self.setValue(self._default)
            return
        if not self._logarithmic:
            # Steps of 0.05 from 0.3 must not leave 0.35000000000000003 behind.
            self.setValue(round(self.value() + steps * self.singleStep(), DECIMALS))
            return
        for _step in range(abs(steps)):
            self.setValue(_next_125(self.value(), 1 if steps > 0 else -1))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        _wheel(self, event, super().wheelEvent)

    def _bare(self, text: str) -> str:
        return text.removesuffix(self.suffix()).strip().replace(",", ".")

    def _report(self) -> None:
        _bend(self, self._unit)
        self.edited.emit()


class WholeEditor(_Undoing, QSpinBox):
    """A whole number; with `empty`, the lowest value stands for None and shows that text."""

    edited = Signal()

    def __init__(self, low: int, high: int, unit: str = "", empty: str = "") -> None:
        super().__init__()
        self.installEventFilter(self)
        self._unit, self._empty = unit, empty
        self.setRange(low - bool(empty), high)
        if high - low >= 1000:
            self.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(self._report)
        self.retranslate()

    def value_(self) -> int | None:
        """What is shown."""
        return None if self._empty and self.value() == self.minimum() else self.value()

    def set_value(self, value: int | None) -> None:
        """Show `value`."""
        with QSignalBlocker(self):
            self.setValue(self.minimum() if value is None else value)
        _bend(self, self._unit)

    def retranslate(self) -> None:
        """Show unit and empty text in the language now in use."""
        with QSignalBlocker(self):
            self.setSpecialValueText(_(self._empty))
        _bend(self, self._unit)

    def typing(self) -> bool:
        special = self.specialValueText() if self.value() == self.minimum() else ""
        return self.lineEdit().text() != (special or self.textFromValue(self.value()) + self.suffix())

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        _wheel(self, event, super().wheelEvent)

    def _report(self) -> None:
        _bend(self, self._unit)
        self.edited.emit()


class ChoiceEditor(QComboBox):
    """One of a few values."""

    edited = Signal()

    def __init__(self, values: Sequence[Any], unit: str = "", titles: Mapping[Any, str] | None = None) -> None:
        """`titles`: of the values that have one of their own, to be translated."""
        super().__init__()
        self._unit, self._titles = unit, titles or {}
        for value in values:
            self.addItem("", value)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(NARROW)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.activated.connect(self._report)
        self.retranslate()

    def value_(self) -> Any:
        """The chosen value."""
        return self.currentData()

    def set_value(self, value: Any) -> None:
        """Choose `value`."""
        self.setCurrentIndex(self.findData(value))

    def retranslate(self) -> None:
        """Name the values in the language now in use."""
        for i in range(self.count()):
            value = self.itemData(i)
            text = _(self._titles[value]) if value in self._titles else choice_label(value)
            self.setItemText(i, text + (suffix(self._unit, value) if self._unit else ""))

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        _wheel(self, event, super().wheelEvent)

    def _report(self) -> None:
        self.edited.emit()


class ToggleEditor(QCheckBox):
    """Yes or no."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.clicked.connect(self._report)

    def value_(self) -> bool:
        """Whether it is ticked."""
        return self.isChecked()

    def set_value(self, value: bool) -> None:
        """Tick it or not."""
        self.setChecked(value)

    def retranslate(self) -> None:
        """It has no text of its own."""

    def _report(self) -> None:
        self.edited.emit()


class SeveralEditor(QWidget):
    """Any of a few values, but at least `least` of them: the last ones cannot be unticked."""

    edited = Signal()

    def __init__(self, values: Sequence[Any], least: int) -> None:
        super().__init__()
        self._least = least
        self.boxes = {value: QCheckBox() for value in values}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(2)
        for box in self.boxes.values():
            layout.addWidget(box)
            box.clicked.connect(self._clicked)
        self.setFocusProxy(next(iter(self.boxes.values())))
        self.retranslate()

    def value_(self) -> tuple[Any, ...]:
        """The ticked values."""
        return tuple(value for value, box in self.boxes.items() if box.isChecked())

    def set_value(self, values: Sequence[Any]) -> None:
        """Tick `values`."""
        for value, box in self.boxes.items():
            box.setChecked(value in values)

    def retranslate(self) -> None:
        """Name the values in the language now in use."""
        for value, box in self.boxes.items():
            box.setText(choice_label(value))

    def _clicked(self) -> None:
        sender = self.sender()
        if isinstance(sender, QCheckBox) and not sender.isChecked() and len(self.value_()) < self._least:
            sender.setChecked(True)
        else:
            self.edited.emit()


class TextEditor(_Undoing, QLineEdit):
    """A line of text that is not empty, taken when it is done."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.installEventFilter(self)
        self._value = ""
        self.setMinimumWidth(60)
        self.editingFinished.connect(self._finished)

    def value_(self) -> str:
        """The last text that was taken."""
        return self._value

    def set_value(self, value: str) -> None:
        """Show `value`."""
        self._value = value
        self.setText(value)

    def retranslate(self) -> None:
        """What is typed is the same in every language."""

    def typing(self) -> bool:
        return self.text() != self._value

    def _finished(self) -> None:
        before, after = self._value, self.text().strip()
        self.set_value(after or before)
        if self._value != before:
            self.edited.emit()


class NumbersEditor(_Undoing, QLineEdit):
    """NumbersEditor with commas between them. What is not a number stays to be mended, marked, and is not taken."""

    edited = Signal()

    def __init__(self, unit: str = "") -> None:
        super().__init__()
        self.installEventFilter(self)
        self._unit, self._value = unit, ()  # type: tuple[str, tuple[float, ...]]
        self.setMinimumWidth(60)
        self.editingFinished.connect(self._finished)
        self.retranslate()

    def value_(self) -> tuple[float, ...]:
        """The last numbers that could be read."""
        return self._value

    def set_value(self, value: Sequence[float]) -> None:
        """Show `value`."""
        self._value = tuple(value)
        self.setText(self._shown())

    def retranslate(self) -> None:
        """Show what to type in the language now in use."""
        self.setPlaceholderText(_("numbers, with commas between"))

    def typing(self) -> bool:
        return self.text() != self._shown()

    def _shown(self) -> str:
        return ", ".join(f"{number:.10g}" for number in self._value)

    def _finished(self) -> None:
        words = [word for word in re.split(r"[,;\s]+", self.text()) if word]
        try:
            value = tuple(float(word) for word in words)
        except ValueError:
            self.set_value(self._value)
            return
        if value != self._value:
            self._value = value
            self.edited.emit()


def _wheel(widget: QWidget, event: QWheelEvent, handle: Callable[[QWheelEvent], None]) -> None:
    """Let the list scroll, unless the person has gone into this very editor."""
    if widget.hasFocus():
        handle(event)
    else:
        event.ignore()


def _bend(box: QSpinBox | QDoubleSpinBox, unit: str) -> None:
    """Let the unit agree with the number shown."""
    wanted = suffix(unit, box.value())
    if wanted != box.suffix():
        with QSignalBlocker(box):
            box.setSuffix(wanted)


def _nice(step: float) -> float:
    """The largest 1, 2 or 5 times a power of ten that is no larger than `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return round(max(m for m in (1, 2, 5) if m * power <= step * 1.000001) * power, DECIMALS)


def _next_125(value: float, direction: int) -> float:
    """The next of …, 0.1, 0.2, 0.5, 1, 2, 5, … above or below `value`."""
    if value <= 0:
        return 1e-6 if direction > 0 else 0.0
    exponent = math.floor(math.log10(value))
    ladder = [float(f"{m}e{e}") for e in range(exponent - 1, exponent + 2) for m in (1, 2, 5)]
    if direction > 0:
        return next(rung for rung in ladder if rung > value * 1.000001)
    return next(rung for rung in reversed(ladder) if rung < value * 0.999999)
