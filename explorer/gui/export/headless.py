"""What the window draws of a stored run as files, without a screen."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from explorer.errors import InputError
from explorer.gui import theme
from explorer.gui.export import animation, report
from explorer.gui.export.panel_files import export_panel, unwritable, write
from explorer.gui.panels import PANELS, Panel, Shown
from explorer.i18n import Message
from explorer.runs import RunRecord
from explorer.runs.store import stored_events

OF_PANELS = ("png", "svg", "pdf", "csv")
FORMATS = (*OF_PANELS, "report", "gif")


def export_run(
    record: RunRecord,
    folder: Path | str,
    formats: Sequence[str] = OF_PANELS,
    label: str = "",
    width: int = 1600,
    height: int = 900,
    run: Path | None = None,
) -> Iterator[Path]:
    """Write what is drawn of a run into `folder`, which is made if need be, and yield each path once it is there.

    Of every panel that has something to show loss.png, gradients.svg …; report.html and report.pdf; and as loss.gif …
    how the panels came about, which needs the folder `run`. Works without a window and without a screen. Raises
    InputError.
    """
    folder = Path(folder)
    if unknown := sorted(set(formats) - set(FORMATS)):
        raise InputError(
            Message("There is no format {name!r}; choose from: {allowed}.", name=unknown[0], allowed=", ".join(FORMATS))
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None
    panels = render_run_panels(record, label)
    shown = [panel for panel in panels if not panel.why_empty()]
    try:
        for panel, ending in itertools.product(shown, [name for name in OF_PANELS if name in formats]):
            yield export_panel(panel, folder / f"{panel.name}.{ending}", width, height)
        if "report" in formats:
            page = report.html(record, shown, label)
            yield write(folder / "report.html", page.encode())
            yield write(folder / "report.pdf", report.pdf(page, label))
        if "gif" in formats and run is not None:
            for panel in shown:
                if moving := animation.gif(type(panel), stored_events(run), len(record.epochs), label):
                    yield write(folder / f"{panel.name}.gif", moving)
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
