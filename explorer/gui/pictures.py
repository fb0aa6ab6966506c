"""Pictures of a stored run without a screen: every panel, and the whole window."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QBuffer, QIODevice, QMessageLogContext, QSettings, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from explorer import files
from explorer.gui.export.headless import export_run
from explorer.gui.settings import NAME, Memory
from explorer.gui.translation import use_language
from explorer.gui.window import TITLE, Window
from explorer.i18n import language
from explorer.runs import RunRecord
from explorer.session.screen import RunOnScreen


def export_pictures(record: RunRecord, folder: Path, formats: Sequence[str], title: str, run: Path) -> Iterator[Path]:
    """Write what is drawn of the run in the folder `run` in each of `formats`, and with "png" the whole window, too.

    Yields each file once it is there. `title` says in them which run it is. Raises InputError if `folder` cannot be
    written.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    qInstallMessageHandler(_without_noise)
    yield from export_run(record, folder, formats, title, run=run)
    if "png" in formats:
        window = folder / "window.png"
        render_window(record, window, 1600, 900, language=language(), title=title)
        yield window


def _without_noise(_kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    if "propagateSizeHints" not in text:  # the platform without a screen says so of every window
        print(text, file=sys.stderr)


def render_window(
    record: RunRecord,
    path: Path,
    width: int = 1280,
    height: int = 720,
    scheme: str = "light",
    language: str = "en",
    settings: QSettings | None = None,
    title: str = TITLE,
) -> None:
    """Write a picture of the window with the run of `record`, called `title`, to `path`; needs no screen."""
    app = QApplication.instance() or QApplication([NAME])
    assert isinstance(app, QApplication)
    with TemporaryDirectory() as folder:
        memory = Memory(settings or QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat))
        memory.keep(scheme=scheme, language=language, recipe=json.dumps(record.recipe) if record.recipe else "")
        use_language(language)
        window = Window(memory, runs=Path(folder))
        window.session.screen.put_first(RunOnScreen(record, Path(folder), title))
        window.resize(width, height)
        window.show()
        window.refresh_all()
        app.processEvents()
        window.refresh_all()
        app.processEvents()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        window.grab().save(buffer, "PNG")
        files.write(path, bytes(buffer.data().data()))
        window.close()
        window.deleteLater()
