"""Network and optimizer are chosen in the window, each with parameters of its own; a rate can be left open."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from explorer.gui.recipe.choice_form import ChoiceForm
from explorer.gui.recipe.form import Form
from explorer.gui.recipe.sidebar import Sidebar
from explorer.i18n import set_language
from explorer.networks import MLP, SmallCNN, ViT
from explorer.optimizers import SGD, AdamW
from explorer.recipe import Recipe, parse


def chosen(form: ChoiceForm, key: str) -> None:
    index = form.kind.findData(key)
    form.kind.setCurrentIndex(index)
    form.kind.activated.emit(index)


def test_a_kind_brings_its_own_parameters_and_keeps_what_was_set(qtbot: QtBot) -> None:
    form = ChoiceForm("network", SmallCNN(width=8), unfolded=True)
    qtbot.addWidget(form)
    form.show()
    emitted: list[Any] = []
    form.changed.connect(emitted.append)
    assert set(form.form.editors) == {"depth", "width"}
    chosen(form, "vit")
    assert set(form.form.editors) == {"patch", "width", "depth", "heads"}
    assert form.form.isVisible()
    assert not form.forms["small_cnn"].isVisible()
    form.form.editors["depth"].setValue(2)
    chosen(form, "small_cnn")
    chosen(form, "vit")
    assert emitted == [ViT(), ViT(depth=2), SmallCNN(width=8), ViT(depth=2)]
    form.set_value(MLP(width=32))
    assert (form.kind.value_(), form.form.editors["width"].value_()) == ("mlp", 32)
    assert len(emitted) == 4


def test_everything_is_named_reachable_and_translated(qtbot: QtBot) -> None:
    form = ChoiceForm("optimizer", SGD(), unfolded=False)
    qtbot.addWidget(form)
    form.show()
    assert not form.form.isVisible()
    QTest.keyClick(form.unfold, Qt.Key.Key_Space)
    assert form.form.isVisible()
    asked: list[object] = []
    form.explain.connect(asked.append)
    QTest.keyClick(form.help, Qt.Key.Key_Space)
    assert asked == [SGD]
    set_language("ru")
    try:
        form.retranslate()
        assert form.kind.accessibleName() == "Оптимизатор"
        assert form.help.accessibleName()
        assert form.form.editors["momentum"].accessibleName()
    finally:
        set_language("en")


def test_what_is_no_beta_is_not_taken_and_said(qtbot: QtBot) -> None:
    form = ChoiceForm("optimizer", AdamW(), unfolded=True)
    qtbot.addWidget(form)
    emitted: list[Any] = []
    form.changed.connect(emitted.append)
    betas = form.form.editors["betas"]
    for typed in ("0.9, 1.5", "0.8, 0.95"):
        betas.setText(typed)
        betas.editingFinished.emit()
    assert emitted == [AdamW(betas=(0.8, 0.95))]


def test_the_sidebar_changes_the_recipe_and_shows_the_rate_that_follows(qtbot: QtBot) -> None:
    sidebar = Sidebar(Recipe(), lambda _kind: None)
    qtbot.addWidget(sidebar)
    changed: list[Recipe] = []
    sidebar.changed.connect(changed.append)
    chosen(sidebar.choices["optimizer"], "adamw")
    assert changed[-1].optimizer == AdamW()
    sidebar.show_recipe(changed[-1], {})
    assert sidebar.main.editors["lr"].text() == f"auto: {AdamW.rate:g}"
    chosen(sidebar.choices["network"], "pretrained")
    sidebar.show_recipe(changed[-1], {})
    assert "own layers" in sidebar.cards["normalization"].summary.text()


@pytest.mark.parametrize(("typed", "taken"), [("0.05", 0.05), ("", None), ("auto: 0.2", None)])
def test_a_rate_is_typed_or_left_open(qtbot: QtBot, typed: str, taken: float | None) -> None:
    form = Form(Recipe(lr=0.1), ("lr",), parse)
    qtbot.addWidget(form)
    form.show()
    lr = form.editors["lr"]
    lr.set_default(0.2)
    lr.lineEdit().setText(typed)
    QTest.keyClick(lr, Qt.Key.Key_Return)
    assert form.value.lr == taken  # type: ignore[attr-defined]


def test_arrows_begin_at_the_rate_that_was_left_open(qtbot: QtBot) -> None:
    form = Form(Recipe(), ("lr",), parse)
    qtbot.addWidget(form)
    lr = form.editors["lr"]
    lr.set_default(0.01)
    assert lr.text() == "auto: 0.01"
    lr.stepUp()
    assert lr.value_() == 0.01
    lr.stepUp()
    assert lr.value_() == 0.02
