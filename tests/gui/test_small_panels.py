"""Panels degrade by showing less: at any size no text touches another one, stands outside, or is cut."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from explorer.events import RecipeChanged, RunEnded, RunStarted
from explorer.gui.panels import Panel
from explorer.gui.window import Window
from explorer.recipe import parse
from explorer.resources import resource
from explorer.runs import RunRecord
from explorer.runs.store import DATABASE, stored_events
from explorer.session.screen import RunOnScreen
from explorer.techniques import Clipping, Dropout
from tests.gui.measured import faults
from tests.gui.opened import opened

SIZES = ((800, 600), (853, 480), (1280, 720), (1920, 1080))
"""The second is a screen of 1280 × 720 at scale 1.5."""


def with_marks() -> RunRecord:
    """The example run, with many live changes at about the same time."""
    folder = sorted(resource("examples").glob(f"*/{DATABASE}"))[0].parent
    events = list(stored_events(folder))
    started = next(event for event in events if isinstance(event, RunStarted))
    recipe, per_epoch, record = parse(started.recipe), started.steps_per_epoch, RunRecord()
    steps = {int(per_epoch * at) for at in (2.2, 2.6, 3, 6, 6.1, 9)}
    for event in events:
        if not isinstance(event, RunEnded):
            record.apply(event)
        if (step := getattr(event, "step", None)) in steps:
            steps.discard(step)
            on = recipe.technique(Dropout)
            off, both = recipe.without("dropout").without("clipping"), recipe.switched(Dropout()).switched(Clipping())
            after = off if on else both
            values = after.model_dump(mode="json")
            record.apply(RecipeChanged(step=step, recipe=values))
            recipe = after
    return record


def settle(window: Window, panel: Panel) -> None:
    """Draw `panel` as often as it takes until nothing moves any more."""
    for _i in range(3):
        panel.refresh()
        QApplication.processEvents()
        panel.grab()


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_text_of_a_panel_touches_another_or_is_cut(qtbot: QtBot, tmp_path: Path, language: str) -> None:
    found = []
    with opened(qtbot, tmp_path, language, example=False) as window:
        window.session.screen.put_first(RunOnScreen(with_marks(), tmp_path, "Example"))
        window.show_all()
        for width, height in SIZES:
            window.resize(width, height)
            qtbot.waitUntil(lambda width=width: window.columns.width() == width)
            for panel in window.panels:
                window.grid.cell_of(panel).select(panel)
                settle(window, panel)
                found += [f"{language} {width}×{height} {fault}" for fault in faults(panel)]
        for panel in window.panels:  # enlarged and back, names must not stay as they were
            for _way in range(2):
                window.grid.enlarge(panel)
                settle(window, panel)
                found += [f"{language} enlarged {fault}" for fault in faults(panel)]
    assert not found, "\n".join(found)


def test_marks_never_lie_over_the_curves(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, tmp_path, example=False) as window:
        record = with_marks()
        window.session.screen.put_first(RunOnScreen(record, tmp_path, "Example"))
        window.show_all()
        loss = window.panels[0]
        plot = loss.plots[0]
        settle(window, loss)
        view = plot.plotItem.vb.sceneBoundingRect()
        strip = plot.mark_strip
        assert len(strip.marks) == 7
        assert strip.placed()
        assert not any(strip.mapRectToScene(box).intersects(view) for box in strip.boxes())
        assert "dropout 0.2" in strip.toolTip()  # what has only a number says its text here
        window.resize(1920, 1080)
        window.grid.enlarge(loss)
        settle(window, loss)
        assert msgspec.json.encode([one.row for one in strip.placed()])
