"""Every declaration round-trips through its form, and only people make it emit."""

from __future__ import annotations

import gc
import typing
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QStandardItem, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from explorer.data import DataChoice
from explorer.gui.recipe.data_editor import DataEditor
from explorer.gui.recipe.editors import (
    ChoiceEditor,
    NumberEditor,
    NumbersEditor,
    SeveralEditor,
    TextEditor,
    ToggleEditor,
    WholeEditor,
)
from explorer.gui.recipe.form import Form, editor_for, limits
from explorer.gui.recipe.sidebar import MAIN, MORE
from explorer.gui.wording import suffix
from explorer.i18n import Message, set_language
from explorer.networks import NETWORKS, SmallCNN
from explorer.optimizers import OPTIMIZERS
from explorer.recipe import Recipe, parse
from explorer.techniques import TECHNIQUES, Augmentation, Dropout, Normalization, Schedule, Technique, Transfer

FIELDS = [(kind, name) for kind in TECHNIQUES for name in kind.model_fields]
FIELDS_IDS = [f"{kind.name}.{name}" for kind, name in FIELDS]


def values_to_try(kind: type[BaseModel], name: str) -> list[Any]:
    """The default, each bound and each choice of a field."""
    field = kind.model_fields[name]
    of, values = field.annotation, [field.default]
    if of is bool:
        return [False, True]
    if typing.get_origin(of) is Literal:
        return list(typing.get_args(of))
    if of in (int, float):
        bounds = [getattr(b, "ge", getattr(b, "le", None)) for b in field.metadata]
        return values + [of(b) for b in bounds if b is not None] + [of(b) for b in limits(field)]
    if typing.get_origin(of) is tuple:
        inner = typing.get_args(of)[0]
        if typing.get_origin(inner) is Literal:
            return [*values, *((choice,) for choice in typing.get_args(inner)), typing.get_args(inner)]
        return [*values, (0.5,), (1.0, 2.25, 30.0)]
    return values


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=FIELDS_IDS)
def test_each_default_bound_and_choice_goes_through_the_form_unchanged(
    qtbot: QtBot, kind: type[Technique], name: str
) -> None:
    form = Form(kind())
    qtbot.addWidget(form)
    emitted: list[object] = []
    form.changed.connect(emitted.append)
    for value in values_to_try(kind, name):
        wanted = kind(**{name: value})
        form.set_value(wanted)
        assert form.editors[name].value_() == value
        assert form.value == wanted
    assert not emitted


@pytest.mark.parametrize("kind", TECHNIQUES, ids=lambda kind: kind.name)
def test_everything_is_named_and_explained(qtbot: QtBot, kind: type[Technique]) -> None:
    form = Form(kind())
    qtbot.addWidget(form)
    for name, editor in form.editors.items():
        assert editor.accessibleName()
        assert kind.model_fields[name].description[:20] in editor.toolTip().replace("&lt;", "<")


def test_the_recipe_has_a_form_of_its_own(qtbot: QtBot) -> None:
    recipe = Recipe(lr=3e-4, seed=2**31 - 1, data=DataChoice(name="gauges", per_class=7))
    form = Form(recipe, (*MAIN, *MORE), parse)
    qtbot.addWidget(form)
    assert {name: editor.value_() for name, editor in form.editors.items()} == {
        name: getattr(recipe, name) for name in form.editors
    }


def test_typing_emits_once_when_it_is_done(qtbot: QtBot) -> None:
    form = Form(Dropout())
    qtbot.addWidget(form)
    form.show()
    emitted: list[Any] = []
    form.changed.connect(emitted.append)
    p = form.editors["p"]
    p.setFocus()
    p.selectAll()
    QTest.keyClicks(p, "0,25")
    assert not emitted
    QTest.keyClick(p, Qt.Key.Key_Return)
    assert [value.p for value in emitted] == [0.25]


def test_what_is_typed_counts_when_training_starts(qtbot: QtBot) -> None:
    form = Form(Recipe(), ("lr",), parse)
    qtbot.addWidget(form)
    form.show()
    form.activateWindow()
    lr = form.editors["lr"]
    lr.setFocus()
    lr.selectAll()
    QTest.keyClicks(lr, "5e-3")
    qtbot.waitUntil(lambda: QApplication.focusWidget() is lr)
    form.commit()
    assert form.value.lr == 0.005  # type: ignore[attr-defined]


@pytest.mark.parametrize(("typed", "taken"), [("7", 0.95), ("-1", 0.0), ("e", 0.2), ("1e-2", 0.01)])
def test_out_of_bounds_is_pulled_to_the_bound(qtbot: QtBot, typed: str, taken: float) -> None:
    form = Form(Dropout())
    qtbot.addWidget(form)
    form.show()
    p = form.editors["p"]
    p.selectAll()
    QTest.keyClicks(p, typed)
    QTest.keyClick(p, Qt.Key.Key_Return)
    assert form.value.p == taken  # type: ignore[attr-defined]


def test_arrows_go_by_the_range(qtbot: QtBot) -> None:
    lr, p = NumberEditor(1e-12, 100, 0.1), NumberEditor(0, 0.95, 0.3)
    for widget in (lr, p):
        qtbot.addWidget(widget)
    lr.set_value(0.1)
    p.set_value(0.3)
    seen = []
    for _step in range(3):
        lr.stepBy(-1)
        p.stepBy(1)
        seen.append((lr.value_(), p.value_()))
    assert [a for a, _b in seen] == [0.05, 0.02, 0.01]
    assert all(0.3 < b <= 0.95 and len(str(b)) <= 5 for _a, b in seen)


def test_the_wheel_scrolls_past_an_editor_that_nobody_entered(qtbot: QtBot) -> None:
    form = Form(Normalization())
    qtbot.addWidget(form)
    form.show()
    emitted: list[object] = []
    form.changed.connect(emitted.append)
    for editor in form.editors.values():
        editor.clearFocus()
        down = QWheelEvent(
            QPointF(5, 5),
            QPointF(editor.mapToGlobal(QPoint(5, 5))),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(editor, down)
    assert not emitted


def test_fields_that_do_not_act_are_grey_and_say_why(qtbot: QtBot) -> None:
    form = Form(Schedule(kind="step"))
    qtbot.addWidget(form)
    assert form.editors["gamma"].isEnabled()
    assert not form.editors["rise"].isEnabled()
    assert "one cycle" in form.editors["rise"].toolTip()
    form.set_value(Schedule(kind="one_cycle"))
    assert form.editors["rise"].isEnabled()
    assert not form.editors["gamma"].isEnabled()


def test_a_default_follows_the_choice_that_it_depends_on(qtbot: QtBot) -> None:
    form = Form(Schedule(kind="one_cycle"))
    qtbot.addWidget(form)
    kind, gamma = form.editors["kind"], form.editors["gamma"]
    kind.set_value("exponential")
    kind.edited.emit()
    assert form.value == Schedule(kind="exponential")
    assert gamma.value_() == 0.9
    gamma.set_value(0.5)
    gamma.edited.emit()
    kind.set_value("step")
    kind.edited.emit()
    assert form.value == Schedule(kind="step", gamma=0.5), "what a person set stays"


def test_the_last_place_cannot_be_unticked(qtbot: QtBot) -> None:
    form = Form(Dropout(places=("classifier",)))
    qtbot.addWidget(form)
    boxes = form.editors["places"].boxes
    boxes["classifier"].click()
    assert form.value == Dropout(places=("classifier",))
    boxes["stage1"].click()
    boxes["classifier"].click()
    assert form.value == Dropout(places=("stage1",))


def test_text_is_taken_when_it_is_done_unless_it_is_empty(qtbot: QtBot) -> None:
    form = Form(Transfer(), ("weights",))
    qtbot.addWidget(form)
    line = form.editors["weights"]
    for typed, taken in (("", "official"), (" none ", "none")):
        line.setText(typed)
        line.editingFinished.emit()
        assert form.value.weights == line.text() == taken  # type: ignore[attr-defined]


def test_what_cannot_be_read_as_numbers_is_not_taken(qtbot: QtBot) -> None:
    form = Form(Schedule(kind="multi_step"))
    qtbot.addWidget(form)
    line = form.editors["milestones"]
    line.setText("3; 4.5 6")
    line.editingFinished.emit()
    assert form.value.milestones == (3.0, 4.5, 6.0)  # type: ignore[attr-defined]
    line.setText("soon")
    line.editingFinished.emit()
    assert form.value.milestones == (3.0, 4.5, 6.0)  # type: ignore[attr-defined]
    assert line.text() == "3, 4.5, 6"


class Pair(BaseModel):
    low: int = Field(1, ge=0, le=9, description="low")
    high: int = Field(2, ge=0, le=9, description="high")

    def model_post_init(self, _context: object) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


def test_values_that_do_not_fit_together_are_shown_and_not_taken(qtbot: QtBot) -> None:
    form = Form(Pair())
    qtbot.addWidget(form)
    emitted: list[object] = []
    form.changed.connect(emitted.append)
    form.editors["low"].setValue(5)
    problem = form.findChild(QLabel, "problem")
    assert not emitted
    assert form.value == Pair()
    assert not problem.isHidden()
    assert "low is above high" in problem.text()
    form.editors["low"].setValue(2)
    assert emitted == [Pair(low=2)]
    assert problem.isHidden()


def test_marks_do_not_move_the_form(qtbot: QtBot) -> None:
    form = Form(Dropout())
    qtbot.addWidget(form)
    form.show()
    QApplication.processEvents()
    before = [editor.geometry() for editor in form.editors.values()]
    form.mark({"p": "Differs from the run on screen."})
    QApplication.processEvents()
    assert [editor.geometry() for editor in form.editors.values()] == before


def choose(editor: DataEditor, folder: str) -> None:
    """As if somebody chose `folder` in the dialog."""
    editor.ask_folder = lambda: folder
    editor.combo.setCurrentIndex(editor.combo.count() - 1)
    editor.combo.activated.emit(editor.combo.count() - 1)
    found(editor)


def found(editor: DataEditor) -> None:
    """Let it look through its folder to the end."""
    while editor.searching:
        QTest.qWait(5)


def pictures(folder: Path, **classes: int) -> str:
    """Files that look like pictures: nothing is decoded when a folder is chosen."""
    for name, count in classes.items():
        (folder / name).mkdir(parents=True)
        for index in range(count):
            (folder / name / f"{index}.png").touch()
    return str(folder)


def test_images_come_from_a_list_or_a_folder(qtbot: QtBot, tmp_path: Path) -> None:
    editor, cats = DataEditor(), pictures(tmp_path / "cats", lion=40, puma=40)
    qtbot.addWidget(editor)
    emitted: list[DataChoice] = []
    editor.edited.connect(lambda: emitted.append(editor.value_()))
    choose(editor, "")
    assert not emitted  # nobody chose a folder
    assert editor.combo.value_() == "fashion-mini"
    choose(editor, cats)
    assert emitted == [DataChoice(name=cats)]
    assert editor.combo.currentText() == "cats"
    assert editor.about.text() == "80 pictures, 2 classes."
    editor.per_class.setValue(20)
    assert emitted[-1] == DataChoice(name=cats, per_class=20)
    assert editor.fraction.isHidden()  # a number of images takes its place
    editor.per_class.setValue(editor.per_class.minimum())
    assert emitted[-1].per_class is None
    editor.fraction.setValue(12.5)
    assert emitted[-1] == DataChoice(name=cats, fraction=0.125)
    assert editor.fraction.text() == "12.5 %"


def test_a_wrong_folder_is_refused_when_it_is_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    editor, cats = DataEditor(), pictures(tmp_path / "cats", lion=40, puma=40)
    qtbot.addWidget(editor)
    emitted: list[DataChoice] = []
    editor.edited.connect(lambda: emitted.append(editor.value_()))
    choose(editor, str(Path(cats) / "lion"))
    assert not emitted
    assert editor.combo.value_() == "fashion-mini"
    assert editor.about.objectName() == "problem"
    assert "Did you mean" in editor.about.text()
    assert "lion, puma" in editor.about.text()
    choose(editor, cats)
    assert editor.about.objectName() == "muted"


def test_what_was_left_out_stays_in_sight(qtbot: QtBot, tmp_path: Path) -> None:
    editor, cats = DataEditor(), pictures(tmp_path / "cats", lion=40, puma=40, lynx=0)
    qtbot.addWidget(editor)
    choose(editor, cats)
    assert "without pictures are no classes: lynx" in editor.about.text()
    editor.loaded(editor.value_(), (Message("1 of 80 pictures"),))
    assert editor.about.text() == "80 pictures, 2 classes.\n1 of 80 pictures"
    editor.loaded(DataChoice(), (Message("of other images"),))
    assert "other" not in editor.about.text()


def test_more_per_class_than_the_next_set_has_is_said_and_does_not_block(qtbot: QtBot, tmp_path: Path) -> None:
    editor, cats = DataEditor(), pictures(tmp_path / "cats", lion=10, puma=40)
    qtbot.addWidget(editor)
    editor.set_value(DataChoice(per_class=15))
    choose(editor, cats)
    assert editor.value_() == DataChoice(name=cats)
    assert editor.about.text() == "15 per class is more than “lion” has here (6): all are taken."
    editor.per_class.setValue(9)
    assert editor.about.text() == "There are only 6 training images of “lion”. Ask for at most 6, or for all."
    editor.per_class.setValue(6)
    assert editor.about.text() == "50 pictures, 2 classes."


def test_classes_are_ticked_in_a_menu(qtbot: QtBot) -> None:
    editor = DataEditor()
    qtbot.addWidget(editor)
    emitted: list[DataChoice] = []
    editor.edited.connect(lambda: emitted.append(editor.value_()))
    everything, *actions = (a for a in editor.classes.menu().actions() if not a.isSeparator() and a.isVisible())
    names = [action.text() for action in actions]
    assert len(names) == 10
    assert all(action.isChecked() for action in actions)
    assert editor.classes.text() == "All classes"
    for action in actions[:8]:
        action.trigger()
    assert emitted[-1].classes == tuple(names[8:])
    assert editor.classes.text() == "2 classes"
    actions[9].trigger()  # one class alone is nothing to tell apart
    assert emitted[-1].classes == tuple(names[8:])
    assert actions[9].isChecked()
    actions[0].trigger()
    assert emitted[-1].classes == (names[0], *names[8:])  # the order of the image set
    everything.trigger()
    assert emitted[-1] == DataChoice()
    for action in actions[:2]:
        action.trigger()
    for action in actions[:2]:
        action.trigger()
    assert emitted[-1] == DataChoice()  # all of them are the same as none


def test_classes_of_another_image_set_are_left_behind(qtbot: QtBot) -> None:
    editor = DataEditor()
    qtbot.addWidget(editor)
    editor.set_value(DataChoice(classes=("Coat", "Bag")))
    editor.combo.setCurrentIndex(editor.combo.findData("gauges"))
    editor.combo.activated.emit(editor.combo.currentIndex())
    assert editor.value_() == DataChoice(name="gauges")
    editor.set_value(DataChoice(name="/pictures/cats"))
    found(editor)
    assert not editor.classes.isEnabled()
    assert "There is no folder or table /pictures/cats." in editor.about.text()
    editor.set_value(DataChoice(name="/pictures/cats", classes=("lion", "puma")))
    assert editor.classes.text() == "2 classes"


def test_the_menu_of_classes_stays_open_while_ticks_are_set(qtbot: QtBot) -> None:
    editor = DataEditor()
    qtbot.addWidget(editor)
    editor.show()
    menu = editor.classes.menu()
    menu.popup(editor.mapToGlobal(QPoint(0, 0)))
    first, second = [action for action in menu.actions() if action.isCheckable()][:2]
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(first).center())
    menu.setActiveAction(second)
    QTest.keyClick(menu, Qt.Key.Key_Space)
    assert menu.isVisible()
    assert (first.isChecked(), second.isChecked()) == (False, False)
    assert len(editor.value_().classes) == 8
    menu.hide()


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("en", 1, " epoch"),
        ("en", 2, " epochs"),
        ("en", 0.5, " epochs"),
        ("ru", 1, " эпоха"),
        ("ru", 21, " эпоха"),
        ("ru", 3, " эпохи"),
        ("ru", 0.5, " эпохи"),
        ("ru", 0, " эпох"),
        ("ru", 11, " эпох"),
    ],
)
def test_units_agree_with_their_number(language: str, n: float, said: str) -> None:
    set_language(language)
    try:
        assert suffix("epochs", n) == said
    finally:
        set_language("en")


def test_the_unit_in_an_editor_follows_its_number(qtbot: QtBot) -> None:
    form = Form(Recipe(epochs=1), ("epochs",), parse)
    qtbot.addWidget(form)
    epochs = form.editors["epochs"]
    assert epochs.text() == "1 epoch"
    epochs.stepUp()
    assert epochs.text() == "2 epochs"
    form.set_value(Recipe(epochs=1))
    assert epochs.text() == "1 epoch"
    network = Form(SmallCNN(), ("depth",))
    qtbot.addWidget(network)
    assert network.editors["depth"].currentText() == "8 layers"
    schedule = Form(Schedule(warmup=1.0), ("warmup",))
    qtbot.addWidget(schedule)
    warmup = schedule.editors["warmup"]
    assert warmup.text() == "1 epoch"
    warmup.setValue(1.5)
    assert warmup.text() == "1.5 epochs"
    augmentation = Form(Augmentation(rotation=15), ("rotation",))
    qtbot.addWidget(augmentation)
    assert augmentation.editors["rotation"].text() == "15°"


def test_the_table_has_an_editor_for_every_type_in_use(qtbot: QtBot) -> None:
    kinds: dict[type[QWidget], int] = {}
    for model in (*TECHNIQUES, *NETWORKS, *OPTIMIZERS, Recipe):
        for name, field in model.model_fields.items():
            if name != "kind" if model in (*NETWORKS, *OPTIMIZERS) else model is not Recipe or name in (*MAIN, *MORE):
                editor = editor_for(field)
                qtbot.addWidget(editor)
                kinds[type(editor)] = kinds.get(type(editor), 0) + 1
    assert set(kinds) == {
        NumberEditor,
        WholeEditor,
        ChoiceEditor,
        ToggleEditor,
        SeveralEditor,
        NumbersEditor,
        TextEditor,
        DataEditor,
    }


def test_a_type_without_an_editor_is_named() -> None:
    class Odd(BaseModel):
        what: dict[str, int] = Field({}, description="odd")

    with pytest.raises(TypeError, match="dict"):
        editor_for(Odd.model_fields["what"])


def test_no_wrapper_outlives_the_items_of_the_image_sets(qtbot: QtBot) -> None:
    editor = DataEditor()
    qtbot.addWidget(editor)
    editor.retranslate()
    assert not [thing for thing in gc.get_objects() if type(thing) is QStandardItem]
