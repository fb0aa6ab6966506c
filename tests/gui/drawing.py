"""A panel with runs on it, drawn without a window."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from explorer.gui.panels import Panel, Shown
from explorer.runs.record import RunRecord


def drawn(qtbot: QtBot, kind: type[Panel], *records: RunRecord) -> Panel:
    panel = kind()
    qtbot.addWidget(panel)
    panel.resize(640, 400)
    panel.show_runs([Shown(record, f"run {i}", i) for i, record in enumerate(records)])
    panel.refresh()
    return panel


def said(panel: Panel) -> str:
    """Why the panel is empty, as it stands on screen."""
    return panel._why.text() if panel._stack.currentWidget() is panel._why else ""
