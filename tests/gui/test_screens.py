"""The window fits the screen on which it opens, in both languages: no control is outside, and Train is always there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def opened_on(folder: Path, language: str, width: int, height: int, scale: float = 1) -> dict[str, Any]:
    """What on_screen.py says of a screen of so many pixels."""
    screen = {"name": "test", "x": 0, "y": 0, "width": width, "height": height, "logicalDpi": 96, "logicalBaseDpi": 96}
    config = folder / "screens.json"
    config.write_text(json.dumps({"synchronousWindowSystemEvents": True, "screens": [screen | {"dpr": 1}]}))
    environment = os.environ | {
        "QT_QPA_PLATFORM": f"offscreen:configfile={config}",
        "QT_SCALE_FACTOR": str(scale),
        "PYTHONPATH": str(ROOT),
    }
    program = [sys.executable, str(ROOT / "tests" / "gui" / "on_screen.py"), language]
    done = subprocess.run(program, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


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
