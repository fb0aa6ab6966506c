"""Thousands of random actions in the real window with the real trainer: nothing breaks, nothing piles up."""

from __future__ import annotations

import gc
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSettings, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from explorer.events import FAILED, FINISHED, STOPPED, Event, RecipeChanged, RunEnded
from explorer.gui.charts.picture import picture
from explorer.gui.charts.plot import Plot
from explorer.gui.export.dialog import ExportDialog
from explorer.gui.settings import Memory
from explorer.gui.translation import use_language
from explorer.gui.window import Window
from explorer.gui.worker import stored_run
from explorer.recipe import Recipe
from explorer.runs import open_run
from explorer.runs.store import RECIPE, list_runs
from explorer.training.control import Control
from tests.gui.monkey import MOST_OVERLAID, Monkey, idle, light

SEED, ACTIONS, SETTLED = 1, 3000, 500
"""After SETTLED actions everything that is made once has been made."""
GROWTH = 1.1
"""By so much the number of objects may differ from then to the end: other layers and runs are on screen."""
HARMLESS = ("This plugin does not support",)
"""What Qt says of every window on the platform without a screen."""


class Problems(list[str]):
    """What nobody may say while the monkey acts."""

    def exception(self, kind: Any, error: Any, trace: Any) -> None:
        self.append("".join(traceback.format_exception(kind, error, trace)))

    def of_qt(self, kind: QtMsgType, _context: object, text: str) -> None:
        if kind is not QtMsgType.QtDebugMsg and not any(word in text for word in HARMLESS):
            self.append(f"Qt: {text}")

    def events(self, recipe: Recipe, control: Control, folder: Path) -> Iterator[Event]:
        """A real run; one that fails with a traceback is a fault of the program, not of the recipe."""
        for event in stored_run(recipe, control, folder):
            if isinstance(event, RunEnded) and event.outcome == FAILED and event.details:
                self.append(f"{event.reason}\n{event.details}\n{recipe.to_json()}")
            yield event


@pytest.fixture
def problems(monkeypatch: pytest.MonkeyPatch) -> Iterator[Problems]:
    problems = Problems()
    monkeypatch.setattr(sys, "excepthook", problems.exception)
    monkeypatch.setattr(sys, "unraisablehook", lambda u: problems.exception(u.exc_type, u.exc_value, u.exc_traceback))
    monkeypatch.setattr(threading, "excepthook", lambda e: problems.exception(e.exc_type, e.exc_value, e.exc_traceback))
    before = qInstallMessageHandler(problems.of_qt)
    yield problems
    qInstallMessageHandler(before)


@pytest.fixture
def monkey(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problems: Problems) -> Iterator[Monkey]:
    """One in a window with a tiny recipe; whatever asks is answered at once."""
    (tmp_path / "files").mkdir()
    memory = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    memory.keep(language="en", scheme="light", runs="1", recipe=light(Recipe(width=4, batch_size=8)).to_json())
    window = Window(memory, problems.events, tmp_path / "runs")
    monkey = Monkey(window, SEED, tmp_path / "files")
    answer_at_once(monkey, monkeypatch)
    window.resize(1280, 720)
    window.show()
    window.show_example()
    window.transport.buttons["train"].click()  # the first run waits for torch
    qtbot.waitUntil(lambda: idle(window), timeout=60_000)
    yield monkey
    monkey.log.close()
    monkeypatch.setattr(QMessageBox, "question", lambda *_a, **_k: QMessageBox.StandardButton.Yes)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    window.deleteLater()
    use_language("en")


def answer_at_once(monkey: Monkey, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may wait for a person: dialogs and menus answer as the monkey draws."""

    def exported(dialog: ExportDialog) -> int:
        dialog.width_.set_value(monkey.rng.randint(100, 400))
        dialog.height_.set_value(monkey.rng.randint(100, 300))
        dialog.colours.setCurrentIndex(monkey.rng.randrange(2))
        monkey.rng.choice((dialog.save, dialog.save, dialog.copy)).click()
        return 1

    def place(_parent: object, _title: str, suggested: str = "", *_more: object) -> tuple[str, str]:
        path = monkey.files / monkey.rng.choice((Path(suggested).name, Path(suggested).name, "missing/file"))
        return (str(path) if suggested else "", "")

    def chosen(menu: QMenu, *_place: object) -> QAction | None:
        return monkey.rng.choice([None, *menu.actions()])

    for method in ("information", "about", "warning", "critical"):
        monkeypatch.setattr(QMessageBox, method, lambda *_a, **_k: QMessageBox.StandardButton.Ok)
    answers = (QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No)
    monkeypatch.setattr(QMessageBox, "question", lambda *_a, **_k: monkey.rng.choice(answers))
    monkeypatch.setattr(QDialog, "exec", lambda _dialog: 0)
    monkeypatch.setattr(ExportDialog, "exec", exported)
    monkeypatch.setattr(QMenu, "exec", chosen)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", place)
    recipes = ("recipe.json", "missing/file", "notes.txt")
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *_a, **_k: (str(monkey.files / monkey.rng.choice(recipes)), "")
    )
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: monkey.rng.choice(("", "/nowhere")))
    (monkey.files / "notes.txt").write_bytes(b"\xff\x00 no recipe")


def counted(window: Window, runs: Path, qtbot: QtBot) -> dict[str, int]:
    """How much there is of what could pile up, with nothing going on and all shown that ever is."""
    window.session.stop()
    qtbot.waitUntil(lambda: idle(window), timeout=20_000)
    window.manual.hide()
    window.menus.actions["language-en"].trigger()
    window.grid.arrange(2)
    window.resize(1280, 720)
    folders = [folder for folder in list_runs(runs) if open_run(folder).epochs]
    for folder in folders[:1]:
        window.show_stored((folder,))
    for folder in folders[1 : 1 + MOST_OVERLAID]:
        window.session.screen.overlay(folder)
    qtbot.waitUntil(lambda: all(shown.rest is None for shown in window.session.screen.runs))
    window.refresh_all()
    for panel in window.panels:
        panel.refresh()
        picture(panel, 300, 200)  # makes the twin that is drawn for files
    for _round in range(3):
        QApplication.processEvents()
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    counts = {
        "QObjects in the window": len(window.findChildren(QObject)),
        "widgets": len(QApplication.allWidgets()),
        "items in plots beside the curves": sum(map(beside_curves, window.findChildren(Plot))),
        # Python remembers each of Qt's threads that ran it as a dummy for a while: nothing piles up.
        "Python's threads": sum(not isinstance(t, threading._DummyThread) for t in threading.enumerate()),
    }
    if sys.platform == "linux":
        counts["threads"] = len(list(Path("/proc/self/task").iterdir()))
        counts["open files"] = len(list(Path("/proc/self/fd").iterdir()))
    return counts


def beside_curves(plot: Plot) -> int:
    """Items of `plot` that are no curves: of those there are as many as runs were ever on screen together."""
    return len(plot.items()) - sum(1 + len(item.childItems()) for item in plot._items.values())


def told(monkey: Monkey, problem: str) -> str:
    return "\n".join((problem, f"seed {monkey.seed}; the last actions:", *monkey.done[-30:]))


def test_nothing_breaks_and_nothing_piles_up(monkey: Monkey, problems: Problems, qtbot: QtBot, tmp_path: Path) -> None:
    window, before = monkey.window, {}
    for number in range(ACTIONS):
        if number == SETTLED:
            before = counted(window, tmp_path / "runs", qtbot)
        try:
            monkey.act()
        except Exception:
            problems.append(traceback.format_exc())
        assert not problems, told(monkey, "\n".join(problems))
        on = {name for name, card in window.sidebar.cards.items() if card.switch.isChecked()}
        wanted = {technique.name for technique in window.session.recipe.techniques}
        assert on == wanted, told(monkey, f"the cards show {on}, the recipe has {wanted}")
    after = counted(window, tmp_path / "runs", qtbot)
    assert not problems, told(monkey, "\n".join(problems))
    grown = {name: (n, after[name]) for name, n in before.items() if after[name] > GROWTH * n}
    assert not grown, f"more at the end than after {SETTLED} actions: {grown}"
    window.close()
    assert not window.isVisible()
    again, complaint = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)).recipe()
    assert (again, complaint) == (window.session.recipe, "")
    runs = {folder: open_run(folder) for folder in (tmp_path / "runs").iterdir()}
    assert {run.ended.outcome for run in runs.values() if run.ended} >= {FINISHED, STOPPED}
    assert all(run.ended for run in runs.values())
    assert any(run.all(RecipeChanged) for run in runs.values())
    for folder in runs:
        assert Recipe.read(folder / RECIPE)
