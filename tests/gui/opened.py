"""A window with the example run, closed again as by a person who answers Yes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from explorer.gui.settings import Memory
from explorer.gui.translation import use_language
from explorer.gui.window import Window
from explorer.recipe import Recipe
from tests.gui.scripted import Script


@contextmanager
def opened(
    qtbot: QtBot,
    folder: Path,
    language: str = "en",
    events: Any = None,
    recipe: Recipe | None = None,
    example: bool = True,
) -> Iterator[Window]:
    """The window at 1280 × 720, with the runs column shown; `events` makes the events of its runs."""
    memory = Memory(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    memory.keep(language=language, scheme="light", recipe=(recipe or Recipe()).to_json(), runs="1")
    use_language(language)
    window = Window(memory, events or Script(), folder / "runs")
    try:
        window.resize(1280, 720)
        window.show()
        if example:
            window.show_example()
            shown = window.session.current
            qtbot.waitUntil(lambda: shown is None or shown.rest is None)
            window.refresh_all()
        yield window
    finally:
        window.ask = lambda _question: True  # type: ignore[method-assign]
        window.close()
        qtbot.waitUntil(lambda: not window.isVisible())
        window.deleteLater()
        use_language("en")
