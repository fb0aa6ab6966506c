"""A card switches its technique, explains it, and says why it cannot act and when a change will."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from explorer.data import sources
from explorer.gui.recipe.card import Card, refusal
from explorer.gui.recipe.manual import Manual, page
from explorer.gui.recipe.sidebar import Sidebar
from explorer.recipe import Recipe
from explorer.session.session import Difference
from explorer.techniques import TECHNIQUES, Dropout, LabelDistribution, Normalization, Schedule, Skip, Technique

SOURCES = {source.name: source for source in sources()}


@pytest.mark.parametrize("kind", TECHNIQUES, ids=lambda kind: kind.name)
def test_switching_off_and_on_gives_the_same_technique_back(qtbot: QtBot, kind: type[Technique]) -> None:
    card = Card(kind)
    qtbot.addWidget(card)
    emitted: list[Technique | None] = []
    card.changed.connect(emitted.append)
    assert card.value is None
    card.set_value(kind())
    assert card.value == kind()
    assert not emitted
    card.switch.click()
    card.switch.click()
    assert emitted == [None, kind()]


def test_parameters_of_a_switched_off_technique_wait(qtbot: QtBot) -> None:
    card = Card(Dropout)
    qtbot.addWidget(card)
    emitted: list[Technique | None] = []
    card.changed.connect(emitted.append)
    card.form.editors["p"].setValue(0.5)
    assert not emitted
    card.switch.click()
    assert emitted == [Dropout(p=0.5)]


def test_it_unfolds(qtbot: QtBot) -> None:
    card = Card(Dropout)
    qtbot.addWidget(card)
    card.show()
    assert not card.form.isVisible()
    card.unfold.click()
    assert card.form.isVisible()


def test_what_cannot_act_is_grey_and_says_why(qtbot: QtBot) -> None:
    card = Card(LabelDistribution)
    qtbot.addWidget(card)
    reason = refusal(LabelDistribution(), Recipe(), SOURCES["fashion-mini"])
    assert reason
    card.refuse(reason)
    assert not card.switch.isEnabled()
    assert card.summary.text() == reason
    card.refuse("")
    assert card.switch.isEnabled()
    assert card.summary.text() == LabelDistribution.summary


def test_what_only_its_own_parameters_forbid_can_be_mended_in_the_card(qtbot: QtBot) -> None:
    sidebar = Sidebar(Recipe(epochs=3), lambda _kind: None)
    qtbot.addWidget(sidebar)
    card = sidebar.cards["schedule"]
    sidebar.changed.connect(lambda recipe: sidebar.show_recipe(recipe, {}))
    for on in (True, False):
        if card.switch.isChecked() != on:
            card.switch.click()
        sidebar.show_recipe(sidebar._recipe.with_(epochs=3), {})
        card.form.editors["warmup"].setValue(3)
        card.form.editors["warmup"].edited.emit()
        assert "never reaches its peak" in card.summary.text()
        assert (card.form.isEnabled(), card.trial.isEnabled(), card.switch.isEnabled()) == (True, False, on)
        card.form.editors["warmup"].setValue(1)
        card.form.editors["warmup"].edited.emit()
        assert card.summary.text() == Schedule.summary
        assert card.switch.isEnabled()


def test_what_is_on_can_be_switched_off_even_if_it_cannot_act(qtbot: QtBot) -> None:
    card = Card(LabelDistribution)
    qtbot.addWidget(card)
    card.set_value(LabelDistribution())
    card.refuse("No order.")
    assert card.switch.isEnabled()
    card.switch.click()
    assert card.value is None
    assert not card.switch.isEnabled()


def test_ordered_images_suit_label_distribution() -> None:
    assert refusal(LabelDistribution(), Recipe(), SOURCES["gauges"]) == ""
    assert refusal(LabelDistribution(), Recipe(), None) == ""  # known when they are loaded


def test_a_taken_slot_refuses() -> None:
    class OtherNorm(Normalization):
        name = "other_norm"

    assert "Normalization" in refusal(OtherNorm(), Recipe(), None)
    assert refusal(Normalization(), Recipe(), None) == ""


def test_a_mark_says_when_and_what(qtbot: QtBot) -> None:
    card = Card(Dropout)
    qtbot.addWidget(card)
    card.mark(Difference(True, "with dropout 0.3"))
    assert card.chip.text() == "next batch"
    assert "with dropout 0.3" in card.chip.toolTip()
    card.mark(Difference(False, "with dropout 0.3", "It decides the size of the weights."))
    assert card.chip.text() == "next run"
    assert "It decides the size of the weights." in card.chip.toolTip()
    card.mark(None)
    assert card.chip.text() == ""


@pytest.mark.parametrize("kind", TECHNIQUES, ids=lambda kind: kind.name)
def test_the_explanation_has_everything(qtbot: QtBot, kind: type[Technique]) -> None:
    text = page(kind)
    assert kind.title in text
    assert "Look at" in text
    for field in kind.model_fields.values():
        assert field.description is not None
        assert field.description.split("&")[0][:15] in text


def test_the_manual_shows_one_technique_at_a_time_without_stopping_anything(qtbot: QtBot) -> None:
    manual = Manual(None)  # type: ignore[arg-type]
    qtbot.addWidget(manual)
    manual.explain(Dropout)
    manual.explain(Skip)
    assert manual.isVisible()
    assert not manual.isModal()
    assert manual.windowTitle() == "Skip connections"
    assert "arxiv.org/abs/" in manual.text.toHtml()


def test_every_technique_has_a_card_and_a_click_changes_the_recipe(qtbot: QtBot) -> None:
    recipe = Recipe()
    sidebar = Sidebar(recipe, lambda _kind: None)
    qtbot.addWidget(sidebar)
    assert list(sidebar.cards) == [kind.name for kind in TECHNIQUES]
    emitted: list[Recipe] = []
    sidebar.changed.connect(emitted.append)
    sidebar.cards["skip"].switch.click()
    sidebar.show_recipe(emitted[-1], {})
    sidebar.cards["dropout"].switch.click()
    sidebar.show_recipe(emitted[-1], {})
    sidebar.main.editors["epochs"].setValue(3)
    assert emitted[-1] == recipe.without("skip").switched(Dropout()).with_(epochs=3)
    assert len(emitted) == 3
