"""Panels keep to their cells: arranged, enlarged, dragged, and remembered by any version of the program."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QMimeData, QObject, QPoint, Qt
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from explorer.gui.layout.grid import FRONT, LEAST, MIME, PanelGrid
from explorer.gui.panels import Panel
from explorer.i18n import set_language


def panel_of(name: str) -> Panel:
    kind = type(name, (Panel,), {"name": name, "title": name.capitalize(), "how_to_read": "", "kinds": ()})
    made = kind()
    made.ready()
    return made


@pytest.fixture
def grid(qtbot: QtBot) -> Iterator[PanelGrid]:
    names = ("samples", "schedule", *FRONT, "targets", "confusion", "calibration", "activations")
    made = PanelGrid([panel_of(name) for name in names])
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    yield made
    set_language("en")


def places(grid: PanelGrid) -> list[list[str]]:
    return [[panel.name for panel in cell.panels] for cell in grid.cells]


def seen(grid: PanelGrid) -> list[str]:
    return [panel.name for panel in grid.visible_panels()]


def named(grid: PanelGrid, name: str) -> Panel:
    return next(panel for panel in grid.panels if panel.name == name)


def test_the_main_panels_are_in_front_at_first(grid: PanelGrid) -> None:
    assert [cell[0] for cell in places(grid)] == list(FRONT)
    assert sorted(map(len, places(grid))) == [2, 2, 3, 3]
    assert sorted(seen(grid)) == sorted(FRONT)
    grid.arrange(3)
    assert len(seen(grid)) == 6
    assert set(FRONT) < set(seen(grid))


@pytest.mark.parametrize(("width", "columns", "rows"), [(700, 2, 5), (1000, 3, 4), (3000, 4, 3)])
def test_all_panels_have_cells_of_their_own_and_room(
    qtbot: QtBot, grid: PanelGrid, width: int, columns: int, rows: int
) -> None:
    grid.resize(width, 500)
    grid.arrange_all()
    assert (grid.columns, grid.rows) == (columns, rows)
    assert len(seen(grid)) == len(grid.panels)
    assert (grid.width(), grid.height()) == (width, 500)
    qtbot.waitUntil(lambda: all(panel.height() > 0.8 * LEAST.height() for panel in grid.panels))
    loss = named(grid, "loss")
    grid.enlarge(loss)
    assert seen(grid) == ["loss"]
    qtbot.waitUntil(lambda: loss.height() <= 500)
    grid.enlarge(loss)
    assert len(seen(grid)) == len(grid.panels)


def test_a_panel_is_moved_to_another_cell_and_a_lone_one_changes_places(grid: PanelGrid) -> None:
    target = grid.cell_of(named(grid, "metrics"))
    samples, loss = named(grid, "samples"), named(grid, "loss")
    source = grid.cell_of(samples)
    grid.place(samples, target)
    assert grid.cell_of(samples) is target
    assert target.stack.currentWidget() is samples
    assert target.tabs.tabText(target.tabs.currentIndex()) == "Samples"
    assert source.stack.currentWidget() is loss
    grid.place(samples, target)
    assert [panel.name for panel in target.panels].count("samples") == 1
    grid.arrange_all()
    grid.place(loss, grid.cell_of(samples))
    assert all(len(cell) <= 1 for cell in places(grid))
    assert seen(grid) == [panel.name for panel in grid.panels]


def test_a_drop_from_a_header_swaps_and_one_from_a_tab_moves(grid: PanelGrid, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = grid.cells[0], grid.cells[1]
    ours, theirs = source.stack.currentWidget(), target.stack.currentWidget()
    counts = len(source.panels), len(target.panels)

    def drop(by: QObject) -> None:
        data = QMimeData()
        data.setData(MIME, b"")
        action, left, none = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        event = QDropEvent(QPoint(5, 5), action, data, left, none)
        monkeypatch.setattr(event, "source", lambda: by)
        target.dropEvent(event)

    drop(source)
    assert (source.stack.currentWidget(), target.stack.currentWidget()) == (theirs, ours)
    assert (len(source.panels), len(target.panels)) == counts
    drop(source.tabs)
    assert target.stack.currentWidget() is theirs
    assert (len(source.panels), len(target.panels)) == (counts[0] - 1, counts[1] + 1)


def test_an_arrangement_is_remembered(grid: PanelGrid) -> None:
    grid.arrange_all()
    grid.swap(grid.cells[0], grid.cells[4])
    state, before = grid.state(), places(grid)
    grid.arrange(3)
    assert grid.restore(state)
    assert places(grid) == before
    assert len(seen(grid)) == len(grid.panels)


def test_an_arrangement_of_another_version_is_kept_as_far_as_it_goes(grid: PanelGrid) -> None:
    state = json.dumps(
        {
            "columns": 2,
            "cells": [["metrics", "loss"], ["gone"], ["gradients", "loss"], []],
            "front": [1, 0, 99, -5],
            "sizes": [[100, 200]],
        }
    )
    assert grid.restore(state)
    assert sorted(name for cell in places(grid) for name in cell) == sorted(panel.name for panel in grid.panels)
    assert places(grid)[0][:2] == ["metrics", "loss"]
    assert "loss" in seen(grid)
    assert len(seen(grid)) == 4


@pytest.mark.parametrize(
    "state",
    [
        "", "nonsense", "[]", "{}", "null", '{"columns": 2}',
        '{"columns": 2, "cells": 5, "front": [], "sizes": []}',
        '{"columns": 2, "cells": [[], [], [], []], "front": [0, 0, 0, null], "sizes": []}',
        '{"columns": 2, "cells": [1, 2, 3, 4], "front": [0, 0, 0, 0], "sizes": []}',
        '{"columns": 2, "cells": [[[]], [], [], []], "front": [0, 0, 0, 0], "sizes": []}',
        '{"columns": 1000000, "rows": 1000000, "cells": [], "front": [], "sizes": []}',
        '{"columns": "2", "cells": [[], [], [], []], "front": [0, 0, 0, 0], "sizes": []}',
        '{"columns": 2, "cells": [[], [], [], []], "front": [0, 0, 0, 0], "sizes": [["a"]]}',
    ],
)  # fmt: skip
def test_nonsense_changes_nothing(grid: PanelGrid, state: str) -> None:
    before = places(grid)
    assert not grid.restore(state)
    assert places(grid) == before
    assert len(seen(grid)) == 4


def test_a_row_without_panels_takes_no_room(grid: PanelGrid) -> None:
    names = [panel.name for panel in grid.panels]
    state = {"columns": 1, "rows": 3, "cells": [names[:5], names[5:], []], "front": [0, 0, 0], "sizes": []}
    assert grid.restore(json.dumps(state))
    assert len(seen(grid)) == 2
    assert not grid.cells[2].isVisible()
    grid.toggle(grid.cells[0])
    grid.toggle(grid.cells[0])
    assert not grid.cells[2].isVisible()
