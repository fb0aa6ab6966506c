"""The panels of a stored run as files, without a screen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from explorer.errors import InputError
from explorer.gui import theme
from explorer.gui.export.panel_files import export_panel, unwritable
from explorer.gui.panels import PANELS, Panel, Shown
from explorer.i18n import _
from explorer.runs import RunRecord

FORMATS = ("png", "svg", "pdf", "csv")


def export_run(
    record: RunRecord,
    folder: Path | str,
    formats: Sequence[str] = FORMATS,
    label: str = "",
    width: int = 1600,
    height: int = 900,
) -> list[Path]:
    """Write every panel that has something to show to loss.png, gradients.svg … in `folder`, which is made if need be.

    Works without a window and without a screen. Returns the paths written. Raises InputError.
    """
    folder = Path(folder)
    if unknown := sorted(set(formats) - set(FORMATS)):
        raise InputError(
            _("There is no format {name!r}; choose from: {allowed}.").format(
                name=unknown[0], allowed=", ".join(FORMATS)
            )
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None
    panels = render_run_panels(record, label)
    try:
        return [
            export_panel(panel, folder / f"{panel.name}.{ending}", width, height)
            for panel in panels
            if not panel.why_empty()
            for ending in formats
        ]
    finally:
        for panel in panels:
            panel.deleteLater()


def render_run_panels(record: RunRecord, label: str = "") -> list[Panel]:
    """A panel of each kind with this run, drawn, in no window. Makes an application without a screen if need be."""
    headless_application()
    panels = [kind() for kind in PANELS]
    for panel in panels:
        panel.show_runs([Shown(record, label, 0)])
        panel.refresh()
    return panels


def headless_application() -> QApplication:
    """The application, or a new one that needs no screen."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        return app
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication([])
    theme.apply(app, "light")
    return app
