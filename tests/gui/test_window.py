"""The window as a person uses it: with a scripted run, and once with a real one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from explorer.data import DataChoice
from explorer.events import RecipeChanged
from explorer.gui.app import _First
from explorer.gui.layout.painter import Painter
from explorer.gui.pictures import render_window
from explorer.gui.settings import Memory
from explorer.gui.window import Window
from explorer.gui.worker import stored_run
from explorer.i18n import set_language
from explorer.recipe import Recipe
from explorer.runs import RunRecord, open_run
from explorer.session.session import State
from explorer.techniques import Dropout
from tests.gui.scripted import PER_EPOCH, Script

Make = Callable[..., Window]
BUTTON = Qt.MouseButton.LeftButton


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    memory.keep(language="en", scheme="light")
    yield memory
    set_language("en")


@pytest.fixture
def make(qtbot: QtBot, memory: Memory, tmp_path: Path) -> Iterator[Make]:
    """Opens windows; closes them as a person would who answers Yes."""
    made: list[Window] = []

    def open_window(events: Any = None, recipe: Recipe | None = None) -> Window:
        if recipe:
            memory.keep(recipe=recipe.to_json())
        window = Window(memory, events or Script(), tmp_path / "runs")
        made.append(window)
        window.resize(1280, 720)
        window.show()
        return window

    yield open_window
    for window in made:
        window.ask = lambda _question: True  # type: ignore[method-assign]
        window.close()
        qtbot.waitUntil(lambda window=window: not window.isVisible())
        window.deleteLater()


def press(qtbot: QtBot, window: Window, key: str) -> None:
    qtbot.mouseClick(window.transport.buttons[key], BUTTON)


def wait_for(qtbot: QtBot, window: Window, state: State) -> None:
    qtbot.waitUntil(lambda: window.session.state is state)


def test_a_run_from_train_to_the_end(qtbot: QtBot, make: Make) -> None:
    window = make(recipe=Recipe(epochs=2))
    buttons = window.transport.buttons
    assert [key for key, button in buttons.items() if button.isEnabled()] == ["train", "batch", "epoch"]
    press(qtbot, window, "train")
    wait_for(qtbot, window, State.IDLE)
    assert window.session.current
    record = window.session.current.record
    assert record.ended
    assert record.series.steps.last == 2 * PER_EPOCH
    assert window.banner.isHidden()
    assert "80.0 %" in window.transport.message.text()
    assert [key for key, button in buttons.items() if button.isEnabled()] == ["train", "batch", "epoch"]
    qtbot.waitUntil(lambda: not any(panel.dirty for panel in window.grid.visible_panels()))
    loss = next(panel for panel in window.panels if panel.name == "loss")
    assert loss.runs[0].record is record


def test_pause_one_batch_one_epoch_resume_stop(qtbot: QtBot, make: Make) -> None:
    window = make(Script(seconds=0.005), Recipe(epochs=500))
    press(qtbot, window, "train")
    wait_for(qtbot, window, State.RUNNING)
    press(qtbot, window, "pause")
    wait_for(qtbot, window, State.PAUSED)
    assert window.transport.buttons["pause"].text() == "Resume"
    assert window.session.current
    record = window.session.current.record
    qtbot.wait(100)  # what was under way has arrived
    step = record.series.steps.last
    press(qtbot, window, "batch")
    qtbot.waitUntil(lambda: record.series.steps.last == step + 1)
    wait_for(qtbot, window, State.PAUSED)
    press(qtbot, window, "epoch")
    wait_for(qtbot, window, State.RUNNING)
    wait_for(qtbot, window, State.PAUSED)
    assert record.series.steps.last == (step + 1) // PER_EPOCH * PER_EPOCH + PER_EPOCH
    press(qtbot, window, "pause")
    qtbot.waitUntil(lambda: record.series.steps.last > step + 2 * PER_EPOCH)
    press(qtbot, window, "stop")
    wait_for(qtbot, window, State.IDLE)
    assert record.ended
    assert record.ended.outcome == "stopped"


@pytest.mark.filterwarnings("ignore:.*setActiveWindow")
def test_keys_drive_the_run(qtbot: QtBot, make: Make) -> None:
    window = make(Script(seconds=0.002), Recipe(epochs=500))
    QApplication.setActiveWindow(window)
    qtbot.keyClick(window, Qt.Key.Key_F7)
    wait_for(qtbot, window, State.PAUSED)
    assert window.session.current
    assert window.session.current.record.series.steps.last == 1
    qtbot.keyClick(window, Qt.Key.Key_F6)
    wait_for(qtbot, window, State.RUNNING)
    qtbot.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    wait_for(qtbot, window, State.IDLE)
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: window.session.state in (State.STARTING, State.RUNNING))


def test_a_flipped_switch_acts_in_the_run_and_leaves_a_mark(qtbot: QtBot, make: Make) -> None:
    script = Script(seconds=0.002)
    window = make(script, Recipe(epochs=500))
    press(qtbot, window, "batch")
    wait_for(qtbot, window, State.PAUSED)
    card = window.sidebar.cards["dropout"]
    card.switch.click()
    assert card.chip.text() == "next batch"
    window.sidebar.main.editors["batch_size"].setValue(32)
    assert not window.sidebar.main._dots["batch_size"].isHidden()
    press(qtbot, window, "batch")
    assert window.session.current
    record = window.session.current.record
    qtbot.waitUntil(lambda: bool(record.all(RecipeChanged)))
    assert record.changes(record.all(RecipeChanged)[0]) == (f"with {Dropout()}",)
    assert script.recipes[-1].technique(Dropout) == Dropout()
    assert script.recipes[-1].batch_size == 128
    qtbot.waitUntil(lambda: card.chip.text() == "")
    assert f"with {Dropout()}" in window.transport.message.text()
    assert "started fresh: 1" in window.transport.message.text()
    window.menus.actions["undo"].trigger()
    window.menus.actions["undo"].trigger()
    assert window.session.recipe == Recipe(epochs=500)
    assert card.value is None
    window.menus.actions["redo"].trigger()
    assert card.value == Dropout()


def test_a_crash_in_the_worker_leaves_the_window_alive(qtbot: QtBot, make: Make) -> None:
    window = make(Script(fail_at=3, how="crash"))
    press(qtbot, window, "train")
    wait_for(qtbot, window, State.IDLE)
    assert not window.banner.isHidden()
    assert "out of luck" in window.banner.text.text()
    qtbot.mouseClick(window.banner.copy, BUTTON)
    assert "Traceback" in QGuiApplication.clipboard().text()
    assert "Traceback" not in window.banner.text.text()
    window._events = Script()
    press(qtbot, window, "train")
    assert window.banner.isHidden()
    wait_for(qtbot, window, State.IDLE)


def test_divergence_shows_reason_and_remedy(qtbot: QtBot, make: Make) -> None:
    window = make(Script(fail_at=3, how="diverge"))
    press(qtbot, window, "train")
    wait_for(qtbot, window, State.IDLE)
    assert "no longer a finite number" in window.banner.text.text()
    assert "Lower the learning rate." in window.banner.text.text()


def test_input_that_does_not_fit_is_told_without_a_traceback(qtbot: QtBot, make: Make) -> None:
    window = make(Script(how="refuse"))
    press(qtbot, window, "train")
    wait_for(qtbot, window, State.IDLE)
    assert "Choose 8 or less." in window.banner.text.text()
    assert "InputError" not in window.banner.text.text()


def test_closing_asks_while_training_and_waits_for_the_thread(qtbot: QtBot, make: Make) -> None:
    window = make(Script(seconds=0.002), Recipe(epochs=5000))
    press(qtbot, window, "train")
    wait_for(qtbot, window, State.RUNNING)
    questions: list[str] = []
    window.ask = lambda question: bool(questions.append(question))  # type: ignore[method-assign]
    window.close()
    assert window.isVisible()
    assert len(questions) == 1
    assert window.session.state is State.RUNNING
    worker = window._worker
    assert worker is not None
    window.ask = lambda _question: True  # type: ignore[method-assign]
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert window._worker is None
    assert window.session.current
    assert window.session.current.record.ended


def test_recipe_language_scheme_and_layout_are_remembered(qtbot: QtBot, make: Make, memory: Memory) -> None:
    window = make()
    window.change(Recipe(lr=0.25).switched(Dropout(p=0.5)))
    window.menus.actions["language-ru"].trigger()
    window.menus.actions["scheme-dark"].trigger()
    window.menus.actions["runs"].trigger()
    window.grid.arrange(3)
    window.grid.swap(window.grid.cells[0], window.grid.cells[4])
    places = [[panel.name for panel in cell.panels] for cell in window.grid.cells]
    window.close()
    again = make()
    assert again.session.recipe == Recipe(lr=0.25).switched(Dropout(p=0.5))
    assert (memory.language, memory.scheme) == ("ru", "dark")
    assert not again.runs_list.isHidden()
    assert [[panel.name for panel in cell.panels] for cell in again.grid.cells] == places
    again.menus.actions["language-en"].trigger()


def test_a_broken_remembered_recipe_is_told_and_left_out(qtbot: QtBot, make: Make, memory: Memory) -> None:
    memory.keep(recipe='{"lr": "fast"}', grid="nonsense", geometry="nonsense", columns="nonsense")
    window = make()
    assert window.session.recipe == Recipe()
    assert not window.banner.isHidden()
    assert "lr" in window.banner.text.text()


def test_panels_are_enlarged_and_give_their_places_back(qtbot: QtBot, make: Make) -> None:
    window = make()
    loss = window.panels[0]
    visible = list(window.grid.visible_panels())
    assert len(visible) == 4
    qtbot.mouseDClick(loss, BUTTON, pos=loss.rect().topLeft())
    assert list(window.grid.visible_panels()) == [loss]
    qtbot.mouseDClick(loss, BUTTON, pos=loss.rect().topLeft())
    assert list(window.grid.visible_panels()) == visible
    hidden = next(panel for panel in window.panels if panel not in visible)
    window.grid.enlarge(hidden)
    assert list(window.grid.visible_panels()) == [hidden]
    window.grid.enlarge(hidden)
    assert len(list(window.grid.visible_panels())) == 4


def test_one_panel_at_most_is_painted_in_a_tick(qtbot: QtBot, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    window = make()
    window._timer.stop()
    painted: list[str] = []
    for panel in window.panels:
        monkeypatch.setattr(
            panel, "refresh", lambda panel=panel: (painted.append(panel.name), setattr(panel, "dirty", False))
        )
        panel.dirty = True
    window.painter = Painter(window.panels)
    visible = [panel.name for panel in window.grid.visible_panels()]
    for n in range(1, 5):
        window.tick()
        assert len(painted) == n
    window.tick()
    assert sorted(painted) == sorted(visible)
    for panel in window.panels:
        panel.dirty = True
    window.tick()
    assert len(painted) == 4  # each was painted less than a second ago


def test_runs_are_listed_shown_laid_over_and_deleted(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    window = make(store)
    window.menus.actions["runs"].trigger()
    for p in (0.1, 0.2):
        window.change(Recipe(epochs=1).switched(Dropout(p=p)))
        press(qtbot, window, "train")
        wait_for(qtbot, window, State.IDLE)
    rows = window.runs_list.list
    qtbot.waitUntil(lambda: rows.count() == 2)
    qtbot.waitUntil(lambda: [rows.item(i).font().bold() for i in range(2)] == [True, False])
    other = 1
    said = "Epochs 1; with dropout 0.1"
    assert rows.item(other).text() == f"{said} · 80.0\u00a0%"
    rows.item(other).setCheckState(Qt.CheckState.Checked)
    qtbot.waitUntil(lambda: window.panels[0].runs[-1].label == said)
    assert [shown.index for shown in window.panels[0].runs] == [0, 1]
    window.menus.actions["clear"].trigger()
    qtbot.waitUntil(lambda: [rows.item(i).checkState() is Qt.CheckState.Checked for i in range(2)] == [True, False])
    rows.item(other).setCheckState(Qt.CheckState.Checked)
    folder = window.session.screen.overlays[0].folder
    window.ask = lambda _question: True  # type: ignore[method-assign]
    window.commands.delete_run(folder)
    assert not folder.exists()
    assert rows.count() == 1
    assert len(window.panels[0].runs) == 1


def store(recipe: Recipe, control: Any, folder: Path) -> Iterator[Any]:
    from explorer.runs import RunStore

    with RunStore(folder, recipe) as kept:
        yield from kept.recorded(Script()(recipe, control, folder))


def test_files_are_written_and_read(qtbot: QtBot, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = make()
    path = str(tmp_path / "recipe.json")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (path, ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: (path, ""))
    window.change(Recipe(lr=0.33))
    window.commands.save_recipe()
    window.commands.reset_recipe()
    assert window.session.recipe == Recipe()
    window.commands.open_recipe()
    assert window.session.recipe == Recipe(lr=0.33)
    Path(path).write_text('{"depth": 9}')
    window.commands.open_recipe()
    assert "depth is 9" in window.banner.text.text()
    path = str(tmp_path / "missing" / "recipe.json")
    window.commands.save_recipe()
    assert "Choose another place." in window.banner.text.text()


def test_an_error_in_the_window_is_shown_in_it(qtbot: QtBot, make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    window = make()
    first = _First(window, measure=False)
    try:
        raise KeyError("oops")
    except KeyError:
        first.report(*sys.exc_info())  # type: ignore[arg-type]
    assert "oops" in window.banner.text.text()
    assert "Traceback" in capsys.readouterr().err


def test_help_is_there(qtbot: QtBot, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    window = make()
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "information", lambda *arguments: said.append(arguments[2]))
    monkeypatch.setattr(QMessageBox, "about", lambda *arguments: said.append(arguments[2]))
    window.menus.actions["Shortcuts"].trigger()
    window.menus.actions["About"].trigger()
    assert "F5" in said[0]
    assert "Ctrl+Z" in said[0]
    assert "MIT" in said[1]


def test_the_window_as_a_picture(qtbot: QtBot, tmp_path: Path) -> None:
    from explorer.training.control import Control

    record = RunRecord.of(Script()(Recipe(epochs=2), Control(), tmp_path))
    render_window(record, tmp_path / "window.png", 1280, 720, "dark", "en")
    assert (tmp_path / "window.png").stat().st_size > 20_000


def test_a_real_run(qtbot: QtBot, make: Make) -> None:
    recipe = Recipe(width=4, batch_size=32, epochs=1, data=DataChoice(per_class=20), device="cpu")
    window = make(stored_run, recipe)
    press(qtbot, window, "train")
    wait_for_end = 60_000
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=wait_for_end)
    assert window.session.current
    live = window.session.current
    assert live.record.ended
    assert live.record.ended.outcome == "finished", live.record.ended
    stored = open_run(live.folder)
    assert stored.series.steps.last == live.record.series.steps.last == 200 // 32
    assert (live.folder / "checkpoints" / "last.pt").is_file()
    for panel in window.panels:
        window.grid.enlarge(panel)
        panel.refresh()
    assert window.banner.isHidden()


def test_a_card_trains_its_comparison_and_lays_the_runs_over_each_other(qtbot: QtBot, make: Make) -> None:
    window = make(store)
    before = window.session.recipe
    card = window.sidebar.cards["dropout"]
    card.unfold.click()
    qtbot.mouseClick(card.trial, BUTTON)
    qtbot.waitUntil(lambda: len(window.session.screen.runs) == 2 and window.session.state is State.IDLE, timeout=10_000)
    assert window.session.recipe == before
    labels = window.session.screen.titles
    assert labels == [f"Dropout {Dropout().p:g}", "Without dropout"]


def test_the_number_beside_train_is_that_of_seeds_and_stop_ends_them_all(qtbot: QtBot, make: Make) -> None:
    window = make(store)
    window.transport.seeds.setValue(2)
    qtbot.mouseClick(window.transport.buttons["train"], BUTTON)
    assert "run 1 of 2" in window.transport.bar.toolTip()
    assert not window.transport.seeds.isEnabled()
    qtbot.waitUntil(lambda: len(window.session.screen.runs) == 2 and window.session.state is State.IDLE, timeout=10_000)
    assert window.session.screen.titles == ["This recipe, seed 1", "This recipe, seed 0"]
    assert window.transport.bar.toolTip().startswith("epoch")
    qtbot.mouseClick(window.transport.buttons["train"], BUTTON)
    qtbot.mouseClick(window.transport.buttons["stop"], BUTTON)
    qtbot.waitUntil(lambda: window.session.state is State.IDLE, timeout=10_000)
    qtbot.wait(250)
    assert len(window.session.screen.runs) == 1
