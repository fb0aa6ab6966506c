"""The claim that carries the window: a run looks the same while it trains and when it is opened again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from pytestqt.qtbot import QtBot

from explorer import Recipe, open_run
from explorer.data import ImageData
from explorer.events import RecipeChanged, StepDone
from explorer.gui.export.panel_files import to_csv
from explorer.gui.panels import PANELS, Shown
from explorer.runs.mailbox import Mailbox
from explorer.runs.record import RunRecord
from explorer.runs.store import RunStore
from explorer.techniques import Clipping, Dropout


@pytest.mark.usefixtures("qtbot")
def test_live_equals_stored(tiny: Callable[..., ImageData], tmp_path: Path, qtbot: QtBot) -> None:
    from explorer.training.control import Control
    from explorer.training.loop import train

    recipe, control, mailbox, live = Recipe().with_(epochs=2, batch_size=16, width=4), Control(), Mailbox(), RunRecord()
    folder = tmp_path / "run"
    with RunStore(folder, recipe) as store:
        for i, event in enumerate(store.recorded(train(recipe, control=control, data=tiny(noise=0.2)))):
            mailbox.put(event)
            if isinstance(event, StepDone) and event.step == 3:
                control.change(recipe.switched(Dropout()).switched(Clipping(threshold=0.1)).without("normalization"))
            if i % 5 == 0:
                for waiting in mailbox.drain():
                    live.apply(waiting)
    for waiting in mailbox.drain():
        live.apply(waiting)
    stored = open_run(folder)
    assert live.ended is not None
    assert live.ended.outcome == "finished", live.ended.reason
    assert len(live.all(RecipeChanged)) == 1
    for kind in PANELS:
        tables = []
        for record in (live, stored):
            panel = kind()
            qtbot.addWidget(panel)
            panel.show_runs([Shown(record, "run", 0)])
            panel.refresh()
            assert not panel.why_empty()
            tables.append((to_csv(*panel.table()), panel.numbers()))
        assert len(tables[0][0].splitlines()) > 1
        assert tables[0] == tables[1], kind.name
