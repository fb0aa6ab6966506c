"""The window fits the screen on which it opens, in both languages: no control is outside, and Train is always there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gui.test_real_session import needs_x

ROOT = Path(__file__).resolve().parents[2]


def told_by(language: str, **environment: str) -> dict[str, Any]:
    """What on_screen.py says."""
    program = [sys.executable, str(ROOT / "tests" / "gui" / "on_screen.py"), language]
    around = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    done = subprocess.run(program, env=around, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def opened_on(folder: Path, language: str, width: int, height: int, scale: float = 1) -> dict[str, Any]:
    """The same, on a screen of so many pixels."""
    screen = {"name": "test", "x": 0, "y": 0, "width": width, "height": height, "logicalDpi": 96, "logicalBaseDpi": 96}
    config = folder / "screens.json"
    config.write_text(json.dumps({"synchronousWindowSystemEvents": True, "screens": [screen | {"dpr": 1}]}))
    return told_by(language, QT_QPA_PLATFORM=f"offscreen:configfile={config}", QT_SCALE_FACTOR=str(scale))


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    ("width", "height", "scale"), [(800, 600, 1), (1280, 720, 1), (1280, 720, 1.5), (1920, 1080, 1)]
)
def test_every_control_is_inside_the_screen(
    tmp_path: Path, language: str, width: int, height: int, scale: float
) -> None:
    told = opened_on(tmp_path, language, width, height, scale)
    assert told["free"][2:] == [round(width / scale), round(height / scale)]
    assert told["inside"], told
    assert not told["outside"], "\n".join(told["outside"])
    assert told["train"]
    assert told["ways_back"]


@needs_x
@pytest.mark.parametrize(("size", "scale"), [("800x600", 1), ("1280x720", 1.5)])
def test_so_it_is_on_a_real_x_server(size: str, scale: float) -> None:
    reading, writing = os.pipe()
    options = ["-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(["Xvfb", *options], pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            display = f":{pipe.readline().strip()}"
        told = told_by("ru", QT_QPA_PLATFORM="xcb", DISPLAY=display, QT_SCALE_FACTOR=str(scale))
    finally:
        server.kill()
        server.wait()
    assert told["inside"], told
    assert not told["outside"], "\n".join(told["outside"])
    assert told["train"]
    assert told["ways_back"]
