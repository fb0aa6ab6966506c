"""Pictures of a stored run without a screen: every panel, and the whole window."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from explorer.i18n import language
from explorer.runs import RunRecord


def export_pictures(record: RunRecord, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write every panel in each of `formats` ("png", "svg"), and with "png" the window; the files written.

    Raises InputError if `folder` cannot be written.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before Qt is loaded

    from explorer.gui.app import render_window
    from explorer.gui.export import export_run

    written = export_run(record, folder, formats, record.recipe["data"]["name"])
    if "png" in formats:
        window = folder / "window.png"
        render_window(record, window, 1600, 900, language=language())
        written.append(window)
    return written
