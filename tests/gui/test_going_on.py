"""A stored run goes on in the window: at once where it broke off; where there is a choice, it is asked first."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from explorer.errors import InputError
from explorer.events import RunEnded, RunResumed
from explorer.gui.runs import going_on as dialogs
from explorer.gui.runs.going_on import GoOnDialog
from explorer.gui.worker import stored_run
from explorer.runs import open_run
from explorer.session.session import State
from explorer.session.ways_on import GoingOn
from explorer.techniques import EarlyStopping, Normalization, Schedule
from tests.gui.opened import opened
from tests.session.test_going_on import RECIPE, begin, same


def test_a_cut_off_run_goes_on_from_its_banner(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    folder = begin(tmp_path / "runs" / "cut off", kill=8)
    with opened(qtbot, tmp_path, events=stored_run, example=False) as window:
        window.show_stored((folder,))
        qtbot.waitUntil(lambda: window.banner.on.isVisible(), timeout=10_000)
        window.banner.on.click()
        shown = window.session.current
        assert shown
        assert shown.folder == folder
        qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=60_000)
        assert shown.record.ended
        assert shown.record.latest(RunResumed)
        assert (
            shown.record.series.steps.numbers.tolist()
            == open_run(folder).series.steps.numbers.tolist()
            == list(range(1, 16))
        )
        assert window.session.recipe == RECIPE
    same(folder, begin(tmp_path / "whole"))


def test_one_that_cannot_go_on_is_shown_as_it_was_with_the_reason(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begin(tmp_path / "cut off", kill=8)

    def refuse(*_given: object) -> None:
        raise InputError("the images have gone")
        yield

    with opened(qtbot, tmp_path, events=refuse, example=False) as window:
        window.show_stored((folder,))
        qtbot.waitUntil(lambda: window.banner.on.isVisible(), timeout=10_000)
        window.runs_list.go_on.emit(folder)
        qtbot.waitUntil(
            lambda: window.session.state is State.IDLE and window.session.current.record.series.steps.last > 0
        )  # type: ignore[union-attr]
        window.show_all()
        assert "the images have gone" in window.banner.text.text()


def test_a_finished_run_needs_more_epochs_and_says_what_that_means_for_its_schedule(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begin(tmp_path / "run", RECIPE.with_(epochs=1))
    way = GoingOn(folder, open_run(folder))
    assert not way.at_once
    anew, constant = way.ways(4)
    assert "jumps from" in str(anew.text)
    assert (anew.recipe.epochs, constant.recipe.epochs) == (4, 4)
    assert constant.recipe.technique(Schedule) is None
    assert constant.recipe.lr == pytest.approx(open_run(folder).series.steps.rates[-1])
    with opened(qtbot, tmp_path, example=False) as window:
        dialog = GoOnDialog(window, way)
        dialog.epochs.setValue(3)
        dialog.ways[1].click()
        assert dialog.recipe == way.ways(3)[1].recipe
        assert "3 epochs" in dialog.ways[0].text()
        monkeypatch.setattr(GoOnDialog, "exec", lambda _self: 0)
        assert dialogs.how_to_go_on(window, folder) is None
        dialog.deleteLater()


def test_one_that_stopped_early_must_wait_for_longer(tmp_path: Path) -> None:
    eager = RECIPE.with_(epochs=9, lr=1e-6, techniques=(Normalization(), EarlyStopping(patience=0)))
    folder = begin(tmp_path / "run", eager)
    record = open_run(folder)
    if len(record.epochs) == 9:
        pytest.skip("it got better all the time")
    first, off = GoingOn(folder, record).ways(0)
    assert first.recipe.technique(EarlyStopping) == EarlyStopping(patience=5)
    assert off.recipe.technique(EarlyStopping) is None


def test_where_there_is_nothing_to_go_on_from_that_is_said(tmp_path: Path) -> None:
    folder = begin(tmp_path / "run", stop=7)
    for name in ("last.pt", "best.pt"):
        (folder / "checkpoints" / name).unlink()
    with pytest.raises(InputError, match="no checkpoint to go on from"):
        GoingOn(folder, open_run(folder))
    assert isinstance(open_run(folder).ended, RunEnded)
