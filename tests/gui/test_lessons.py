"""A lesson in the window, by mouse and keyboard: predict, run, see; and everything back in its place after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from explorer.gui.lessons.outcome import OutcomePanel
from explorer.gui.lessons.page import LessonPage
from explorer.gui.lessons.strips import round_numbers
from explorer.gui.window import Window
from explorer.lessons.verdict import Outcome
from explorer.recipe import Recipe
from explorer.session.session import State
from tests.gui.opened import opened
from tests.gui.scripted import Script

SMALL = Path(__file__).parents[1] / "lessons" / "small.toml"
LEFT = Qt.MouseButton.LeftButton


def parts(window: Window) -> tuple[LessonPage, OutcomePanel]:
    assert window.desk._parts
    return window.desk._parts


def sketch(window: Window, until: float) -> None:
    """Draw with the mouse from the left end of the plot to this share of its width."""
    _page, outcome = parts(window)
    plot = outcome.plot
    box = plot.plotItem.vb.sceneBoundingRect()
    y = int(box.center().y())
    QTest.mousePress(plot.viewport(), LEFT, pos=QPoint(int(box.left() + 0.03 * box.width()), y))
    for share in (0.3, 0.5, 0.7, until):
        QTest.mouseMove(plot.viewport(), QPoint(int(box.left() + share * box.width()), y - 10))
    QTest.mouseRelease(plot.viewport(), LEFT, pos=QPoint(int(box.left() + until * box.width()), y - 10))


def finished(qtbot: QtBot, window: Window) -> None:
    def is_finished() -> bool:
        window.tick()
        return window.session.state is State.IDLE and window.desk.lesson.comparison is None  # type: ignore[union-attr]

    qtbot.waitUntil(is_finished)


def test_a_choice_is_made_before_anything_is_trained_and_all_is_put_back(qtbot: QtBot, tmp_path: Path) -> None:
    script = Script()
    with opened(qtbot, tmp_path, events=script, recipe=Recipe(epochs=1), example=False) as window:
        window.press("train")
        qtbot.waitUntil(lambda: window.session.state is State.IDLE)
        script.recipes.clear()
        before = (window.session.recipe, window.session.current, window.grid.state(), window.columns.shows("right"))
        cells = [cell.panels for cell in window.grid.cells]
        assert window.desk.begin(SMALL)
        page, _outcome = parts(window)
        cards = [name for name, card in window.sidebar.cards.items() if card.isVisible()]
        fields = [name for name, editor in window.sidebar.main.editors.items() if editor.isVisible()]
        assert (cards, fields) == (["dropout"], ["epochs"])
        assert {panel.name for panel in window.grid.visible_panels()} == {"outcome", "loss"}
        assert not window.columns.shows("right")
        assert not page.start.isEnabled()
        assert not window.transport.buttons["train"].isEnabled()
        QTest.keyClick(page.options.buttons["none"], Qt.Key.Key_Space)
        assert page.start.isEnabled()
        QTest.mouseClick(page.start, LEFT)
        finished(qtbot, window)
        assert len(script.recipes) == 2 * 2
        assert [recipe.seed for recipe in script.recipes] == [0, 0, 1, 1]
        assert page.card.isVisible()
        assert page.compared.text()
        assert not page.start.isVisible()
        QTest.keyClicks(page.answer, "Because.")
        assert window.desk.lesson.playing.now.answer == "Because."  # type: ignore[union-attr]
        assert not page.explanation.isVisible()
        QTest.mouseClick(page.explain, LEFT)
        assert page.explanation.isVisible()
        QTest.mouseClick(page.repeat, LEFT)
        assert not page.card.isVisible()
        QTest.mouseClick(page.options.buttons["some"], LEFT)
        QTest.mouseClick(page.start, LEFT)
        finished(qtbot, window)
        assert [recipe.seed for recipe in script.recipes[4:]] == [2, 2, 3, 3]
        QTest.mouseClick(page.close_, LEFT)
        after = (window.session.recipe, window.session.current, window.grid.state(), window.columns.shows("right"))
        assert after == before
        assert [cell.panels for cell in window.grid.cells] == cells
        assert window.sidebar.cards["mixing"].isVisible()


def test_a_sketch_is_whole_before_start_and_stays_beside_the_curve(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, events=Script(), example=False) as window:
        assert window.desk.begin("when-to-stop")
        window.menus.actions["lesson-next"].trigger()
        page, outcome = parts(window)
        qtbot.waitExposed(outcome.plot)
        assert not page.start.isEnabled()
        sketch(window, until=0.6)
        assert not page.start.isEnabled()
        sketch(window, until=0.98)
        assert page.start.isEnabled()
        drawn = outcome.pencil.y.copy()
        QTest.mouseClick(window.transport.buttons["train"], LEFT)
        finished(qtbot, window)
        assert outcome.plot.drawn("sketch") is not None
        assert outcome.plot.drawn("mean 0") is not None
        assert (outcome.pencil.y[3:-3] == drawn[3:-3]).all()
        sketch(window, until=0.9)  # the result is there: nothing is drawn over it
        assert (outcome.pencil.y[3:-3] == drawn[3:-3]).all()
        assert outcome.table()[1]


def test_cancel_leaves_the_step_to_be_begun_anew(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, events=Script(seconds=0.2), example=False) as window:
        assert window.desk.begin(SMALL)
        page, _outcome = parts(window)
        QTest.keyClick(page.options.buttons["none"], Qt.Key.Key_Space)
        QTest.mouseClick(page.start, LEFT)
        qtbot.waitUntil(lambda: window.session.state is State.RUNNING)
        window.desk.leave()  # not while a run goes on
        assert window.desk.lesson is not None
        qtbot.waitUntil(lambda: (window.tick(), page.cancel.isVisible())[1])
        QTest.mouseClick(page.cancel, LEFT)
        finished(qtbot, window)
        assert window.desk.lesson.playing.now.verdict is None
        assert page.start.isEnabled()
        assert "Cancelled" in page.hint.text()


@pytest.mark.parametrize("how", ["diverge", "crash"])
def test_runs_that_diverge_are_a_result_and_runs_that_fail_are_none(qtbot: QtBot, tmp_path: Path, how: str) -> None:
    with opened(qtbot, tmp_path, events=Script(fail_at=3, how=how), example=False) as window:
        assert window.desk.begin(SMALL)
        page, _outcome = parts(window)
        QTest.keyClick(page.options.buttons["none"], Qt.Key.Key_Space)
        QTest.mouseClick(page.start, LEFT)
        finished(qtbot, window)
        verdict = window.desk.lesson.playing.now.verdict  # type: ignore[union-attr]
        if how == "diverge":
            assert verdict is not None
            assert verdict.outcome is Outcome.FAILS
            assert window.banner.isHidden()
        else:
            assert verdict is None
            assert page.hint.text()


def test_a_lesson_is_read_in_both_languages_without_a_new_start(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, events=Script(), example=False) as window:
        assert window.desk.begin("when-to-stop")
        page, _outcome = parts(window)
        assert page.heading.text() == "Two losses"
        window.set_language("ru")
        assert page.heading.text() == "Две кривые потерь"


def test_ticks_are_round_numbers() -> None:
    assert round_numbers(0.0, 1.0, 6) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert round_numbers(0.0265, 0.0695, 5) == [0.03, 0.04, 0.05, 0.06]
    assert round_numbers(-3.1, 4.2, 6) == [-2, 0, 2, 4]
