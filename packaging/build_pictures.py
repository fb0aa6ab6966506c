"""Render the pictures of README.md from the bundled example run: resources/pictures/*.png."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["QT_QPA_PLATFORM"] = "offscreen"

from explorer.gui.app import render_window  # noqa: E402 - the platform must be set first
from explorer.runs import open_run  # noqa: E402

PICTURES = ROOT / "resources" / "pictures"

if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    record = open_run(ROOT / "resources" / "examples" / "default")
    render_window(record, PICTURES / "window.png", 1280, 720)
    render_window(record, PICTURES / "window-dark-ru.png", 1280, 720, scheme="dark", language="ru")
