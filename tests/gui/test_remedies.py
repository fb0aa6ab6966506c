"""After a run diverged: what is offered, what a click does, and that it can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from explorer.gui.window import Window
from explorer.recipe import Recipe
from explorer.session.remedies import remedies
from explorer.session.session import State
from explorer.techniques import Activation, Clipping, Initialization, Normalization
from tests.gui.opened import opened
from tests.gui.scripted import Script

BARE = Recipe(lr=0.8).without("normalization").switched(Initialization(kind="large"))


def offered(ran: Recipe, now: Recipe | None = None) -> list[str]:
    return [remedy.key for remedy in remedies(ran, now or ran) if not remedy.done]


def test_what_was_on_already_is_not_offered() -> None:
    assert offered(BARE) == ["lr", "clipping", "normalization", "initialization"]
    assert offered(BARE.switched(Clipping())) == ["lr", "normalization", "initialization"]
    assert offered(BARE.switched(Normalization())) == ["lr", "clipping", "initialization"]
    assert offered(Recipe().switched(Clipping())) == ["lr"]


@pytest.mark.parametrize("kind", ["he_normal", "xavier_uniform", "orthogonal", "torch", "small", "zeros"])
def test_only_start_weights_that_are_too_large_are_blamed(kind: str) -> None:
    assert "initialization" not in offered(BARE.switched(Initialization(kind=kind)))
    assert "initialization" not in offered(BARE.without("initialization"))


def test_each_remedy_changes_one_thing_and_is_then_done() -> None:
    for remedy in remedies(BARE, BARE):
        after = remedy.apply(BARE)
        assert after != BARE
        assert remedy.key not in offered(BARE, after)
        assert len(offered(BARE, after)) == 3
    by_key = {remedy.key: remedy.apply(BARE) for remedy in remedies(BARE, BARE)}
    assert by_key["lr"] == BARE.with_(lr=0.08)
    assert by_key["clipping"] == BARE.switched(Clipping())
    assert by_key["normalization"] == BARE.switched(Normalization())
    assert by_key["initialization"] == BARE.switched(Initialization(kind="he_normal"))


def test_sigmoids_start_as_glorot_says() -> None:
    deep = BARE.switched(Activation(kind="tanh"))
    remedy = remedies(deep, deep)[-1]
    assert remedy.text == "Xavier initialization"
    assert remedy.apply(deep).technique(Initialization) == Initialization(kind="xavier_normal")


def test_the_rate_is_a_tenth_of_the_one_that_failed_whatever_stands_in_the_recipe_now() -> None:
    (remedy,) = (remedy for remedy in remedies(BARE, BARE.with_(lr=1.0)) if remedy.key == "lr")
    assert remedy.text == "Learning rate 0.8 → 0.08"
    assert remedy.apply(BARE.with_(lr=1.0)).lr == 0.08


def diverge(qtbot: QtBot, window: Window) -> None:
    window.press("train")
    qtbot.waitUntil(lambda: window.session.state is State.IDLE)
    qtbot.waitUntil(lambda: not window.banner.isHidden())


def test_a_click_changes_the_recipe_and_undo_takes_it_back(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, events=Script(fail_at=3, how="diverge"), recipe=BARE, example=False) as window:
        diverge(qtbot, window)
        buttons = window.banner.buttons
        assert all(button.isVisible() for button in buttons.values())
        height = window.grid.height()
        places = {key: button.x() for key, button in buttons.items()}
        for key in ("clipping", "lr"):
            qtbot.mouseClick(buttons[key], Qt.MouseButton.LeftButton)
            assert not buttons[key].isVisible()
        assert window.session.recipe == BARE.switched(Clipping()).with_(lr=0.08)
        assert window.sidebar.cards["clipping"].switch.isChecked()
        QApplication.processEvents()
        assert window.grid.height() == height
        assert {key: button.x() for key, button in buttons.items()} == places  # nothing moves under the mouse
        for _change in range(2):
            window.menus.actions["undo"].trigger()
        assert window.session.recipe == BARE
        assert buttons["clipping"].isVisible()
        window.press("train")
        assert window.banner.isHidden()


def test_a_change_by_hand_counts_too_and_a_new_language_names_them_anew(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, events=Script(fail_at=3, how="diverge"), recipe=BARE, example=False) as window:
        diverge(qtbot, window)
        window.sidebar.cards["clipping"].switch.click()
        assert not window.banner.buttons["clipping"].isVisible()
        window.set_language("ru")
        assert window.banner.buttons["normalization"].text() == "Включить нормализацию"


def test_a_run_that_failed_otherwise_is_offered_none(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, events=Script(fail_at=3, how="crash"), recipe=BARE, example=False) as window:
        diverge(qtbot, window)
        assert not window.banner.buttons
        assert window.banner.row.isHidden()
        window.banner.leave_run()
        assert window.banner.isHidden()
        window.banner.say("Something else.")
        window.banner.leave_run()
        assert not window.banner.isHidden()


def test_a_stored_run_says_why_it_went_wrong(qtbot: QtBot, tmp_path: Path) -> None:
    from explorer.runs import RunStore
    from explorer.training.control import Control

    for name, script in (("bad", Script(fail_at=3, how="diverge")), ("good", Script())):
        with RunStore(tmp_path / name, BARE.with_(epochs=1)) as store:
            for _event in store.recorded(script(BARE.with_(epochs=1), Control(), tmp_path)):
                pass
    with opened(qtbot, tmp_path, recipe=BARE, example=False) as window:
        window.show_stored((tmp_path / "bad",))
        qtbot.waitUntil(lambda: not window.banner.isHidden())
        assert "no longer a finite number" in window.banner.text.text()
        assert set(window.banner.buttons) == {"lr", "clipping", "normalization", "initialization"}
        window.show_stored((tmp_path / "good",))
        assert window.banner.isHidden()


def test_the_message_covers_no_panel_and_no_card(qtbot: QtBot, tmp_path: Path) -> None:
    def place(widget: QWidget) -> QRect:
        return QRect(widget.mapToGlobal(QPoint()), widget.size())

    with opened(qtbot, tmp_path, events=Script(fail_at=3, how="diverge"), recipe=BARE, example=False) as window:
        parts = (window.grid, window.right, window.transport, window.sidebar)
        before = list(map(place, parts))
        diverge(qtbot, window)
        QApplication.processEvents()
        assert list(map(place, parts)) == before, "nothing moved"
        banner, sidebar = place(window.banner), window.sidebar
        assert place(sidebar).contains(banner)
        assert all(banner.contains(place(button)) for button in window.banner.buttons.values())
        assert banner.height() >= window.banner.heightForWidth(banner.width())
        sidebar.verticalScrollBar().setValue(sidebar.verticalScrollBar().maximum())
        last = list(sidebar.cards.values())[-1]
        assert place(last).bottom() < banner.top(), "every card can be brought above it"
        window.arrangement.toggle("left")
        QApplication.processEvents()
        assert place(window.columns).contains(place(window.banner)), "where the recipe is folded away, over the panels"
        assert place(window.banner).width() == window.columns.width()
        window.arrangement.toggle("left")
        window.banner.dismiss.click()
        assert sidebar.viewport().height() == sidebar.height()
