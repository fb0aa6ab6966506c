"""The window takes no more than its share, however much its panels cost, and never stands still for long."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from explorer.gui.layout.painter import DEBT, SHARE, Budget, Painter
from explorer.gui.panels.loss import LossPanel

TICK = 0.1


@pytest.mark.parametrize("cost", [0.001, 0.008, 0.03])
def test_painting_takes_its_share_and_no_more(cost: float) -> None:
    used = clock = 0.0
    budget = Budget(lambda: used, lambda: clock)
    painted = 0
    for _tick in range(6000):
        clock += TICK
        used += 0.0002  # what a tick takes without painting
        if budget.allows():
            used += cost
            painted += 1
    affordable = (SHARE * TICK - 0.0002) / cost
    assert painted / 6000 == pytest.approx(min(1, affordable), rel=0.05)


def test_a_panel_is_painted_in_time_even_where_the_window_has_no_time_left(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = LossPanel()
    qtbot.addWidget(panel)
    panel.show()
    painter = Painter([panel])
    monkeypatch.setattr(Budget, "allows", lambda _budget: False)
    monkeypatch.setattr("explorer.gui.layout.painter.LONGEST", 0.0)
    panel.dirty = True
    painter.paint_one(training=True)
    assert not panel.dirty


def test_after_a_burst_of_work_the_next_paint_comes_within_seconds() -> None:
    used = clock = 0.0
    budget = Budget(lambda: used, lambda: clock)
    used, clock = 5.0, 5.0  # a dialog was laid out, say
    assert not budget.allows()
    clock += 1.01 * DEBT / SHARE
    assert budget.allows()
