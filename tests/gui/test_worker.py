"""Whatever happens in the thread that trains, the window stays; and closing it leaves a run that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from explorer.data import DataChoice
from explorer.events import Event
from explorer.gui.worker import stored_run
from explorer.recipe import Recipe
from explorer.runs import open_run
from explorer.session.session import State
from explorer.training.control import Control
from tests.gui.opened import opened
from tests.gui.scripted import Script

TINY = Recipe(width=4, batch_size=32, epochs=50, data=DataChoice(per_class=40), device="cpu")


class OwnError(BaseException):
    """Not even an Exception."""


@pytest.mark.parametrize("error", [MemoryError, SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, OwnError])
@pytest.mark.parametrize("begun", [False, True])
def test_no_error_takes_the_window_down(qtbot: QtBot, tmp_path: Path, error: type[BaseException], begun: bool) -> None:
    def events(recipe: Recipe, control: Control, folder: Path) -> Iterator[Event]:
        if begun:
            run = Script()(recipe, control, folder)
            yield from (next(run) for _event in range(5))
        raise error("told")

    with opened(qtbot, tmp_path, events=events, example=False) as window:
        window.press("train")
        qtbot.waitUntil(lambda: window.session.state is State.IDLE and window._worker is None)
        assert window.isVisible()
        assert not window.banner.isHidden()
        assert window.session.current
        ended = window.session.current.record.ended
        assert ended
        assert ended.outcome == "failed"
        assert error.__name__ in str(ended.reason)
        window._events = Script()
        window.press("batch")
        qtbot.waitUntil(lambda: window.session.state is State.PAUSED)
        assert window.banner.isHidden()


def test_closing_asks_stops_within_a_batch_and_keeps_the_run(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, events=stored_run, recipe=TINY, example=False) as window:
        window.press("train")
        qtbot.waitUntil(lambda: window.session.state is State.RUNNING, timeout=60_000)
        current = window.session.current
        assert current
        qtbot.waitUntil(lambda: current.record.series.steps.last > 3, timeout=60_000)
        asked: list[str] = []
        window.ask = lambda question: bool(asked.append(question))  # type: ignore[method-assign]
        window.close()
        assert asked
        assert window.isVisible()
        assert window.session.state is State.RUNNING
        window.ask = lambda _question: True  # type: ignore[method-assign]
        window.close()
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
        assert window._worker is None
    stored = open_run(current.folder)
    assert stored.ended
    assert stored.ended.outcome == "stopped"
    assert stored.series.steps.last == stored.ended.step > 3
    assert (current.folder / "checkpoints" / "last.pt").is_file()


def test_at_most_the_batch_under_way_is_finished_after_stop(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, events=Script(seconds=0.05), example=False) as window:
        window.press("train")
        qtbot.waitUntil(lambda: window.session.state is State.RUNNING)
        current = window.session.current
        assert current
        qtbot.waitUntil(lambda: current.record.series.steps.last >= 2)
        window.tick()
        before = current.record.series.steps.last
        window.press("stop")
        qtbot.waitUntil(lambda: window.session.state is State.IDLE)
        assert current.record.series.steps.last <= before + 2  # one may have ended since the last look


def test_a_run_that_is_torn_down_is_stored_as_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.training import loop

    def train(recipe: Recipe, instruments: str, control: Control, checkpoints: Path) -> Iterator[Event]:
        run = Script()(recipe, control, tmp_path)
        yield from (next(run) for _event in range(5))
        raise SystemExit(3)

    monkeypatch.setattr(loop, "train", train)
    with pytest.raises(SystemExit):
        list(stored_run(Recipe(), Control(), tmp_path / "run"))
    ended = open_run(tmp_path / "run").ended
    assert ended
    assert (ended.outcome, str(ended.reason)) == ("failed", "SystemExit: 3")
