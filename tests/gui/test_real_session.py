"""One session on a real X server: mouse and keys go through the server as a person's do, and files are what is left."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QImage

from explorer.data import DataChoice
from explorer.display import missing_for_window
from explorer.events import STOPPED, RecipeChanged
from explorer.gui.settings import NAME
from explorer.recipe import Recipe
from explorer.runs import open_run
from explorer.runs.store import CHECKPOINTS, RECIPE
from explorer.techniques import Dropout, Normalization

ROOT = Path(__file__).resolve().parents[2]
SCREEN = (1400, 900)
PATIENCE = 30.0
"""Seconds after which something that should have happened has not."""
MANY = 10_000
"""Epochs: it goes on until it is stopped."""
Seen = dict[str, Any]

needs_x = pytest.mark.skipif(
    not (sys.platform.startswith("linux") and shutil.which("Xvfb") and shutil.which("xdotool")),
    reason="needs Linux with an X server and a hand on its mouse: apt-get install xvfb xdotool",
)


class Screen:
    """An X server of its own with nothing but the program on it, and a person before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        reading, writing = os.pipe()
        size = "x".join(map(str, (*SCREEN, 24)))
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"],
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.display = f":{pipe.readline().strip()}"
        self.program: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """The program, in a home of its own."""
        said_where = (
            "DISPLAY",
            "WAYLAND_DISPLAY",
            "QT_QPA_PLATFORM",
            "XDG_CURRENT_DESKTOP",
            "DBUS_SESSION_BUS_ADDRESS",
        )
        self.environment = {name: value for name, value in os.environ.items() if name not in said_where} | {
            "DISPLAY": self.display,
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_RUNTIME_DIR": str(self.folder),
            "TRAINING_EXPLORER_RUNS": str(self.folder / "runs"),
        }
        with (self.folder / "said.txt").open("wb") as said:
            self.program = subprocess.Popen(
                [sys.executable, str(ROOT / "tests" / "gui" / "watched.py"), str(self.folder)],
                cwd=ROOT,
                env=self.environment | {"PYTHONPATH": str(ROOT)},
                stdout=said,
                stderr=said,
            )

    def close(self) -> None:
        """Leave nothing behind, whatever happened."""
        for process in (self.program, self.server):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()

    # What the person does.

    def xdotool(self, *words: object) -> None:
        """One movement of the hand."""
        subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=True, capture_output=True)

    def click(self, *where: int) -> None:
        """With the left button."""
        self.xdotool("mousemove", "--sync", *where, "click", 1)

    def key(self, name: str) -> None:
        """Such as ctrl+q."""
        self.xdotool("key", name)

    def type(self, text: str) -> None:
        """Letter by letter."""
        self.xdotool("type", "--delay", 4, text)

    # What the person sees.

    def look(self) -> list[Seen]:
        """Everything on the screen, as watched.py tells it."""
        answer = self.folder / "answer.json"
        answer.unlink(missing_ok=True)
        (self.folder / "ask").touch()
        self.wait(answer.exists, "the program answers")
        seen: list[Seen] = json.loads(answer.read_text(encoding="utf-8"))
        return seen

    def find(self, **wanted: object) -> Seen | None:
        """What has these properties; of a text that ends in "…", the beginning is enough."""

        def fits(there: object, value: object) -> bool:
            cut = isinstance(value, str) and value.endswith("…") and isinstance(there, str)
            return there.startswith(value[:-1]) if cut else there == value  # type: ignore[union-attr, index]

        return next((one for one in self.look() if all(fits(one.get(k), v) for k, v in wanted.items())), None)

    def wait_for(self, **wanted: object) -> Seen:
        """The same, as soon as it is there."""
        found: list[Seen] = []
        self.wait(lambda: found.extend(filter(None, [self.find(**wanted)])) or found, f"{wanted} is on the screen")
        return found[0]

    def wait(self, happened: Callable[[], object], what: str) -> None:
        """Until it `happened`; fails with what the program said if it does not."""
        end = time.monotonic() + PATIENCE
        while not happened():
            said = (self.folder / "said.txt").read_text(encoding="utf-8")
            assert self.program is not None
            assert self.program.poll() is None, f"the program has ended: {said}"
            assert time.monotonic() < end, f"in vain: {what}. The program said: {said}"
            time.sleep(0.02)


def middle(seen: Seen) -> tuple[int, int]:
    """The point in the middle of what is seen."""
    x, y, width, height = seen["area"]
    return x + width // 2, y + height // 2


def left_end(seen: Seen) -> tuple[int, int]:
    """The tick of a check box or of a row."""
    x, y, _width, height = seen["area"]
    return x + 9, y + height // 2


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    if problem := missing_for_window():
        pytest.skip(problem)
    screen = Screen(tmp_path)
    try:
        yield screen
    finally:
        screen.close()


def switch(screen: Screen, title: str, on: bool) -> None:
    """Click the switch of a card, which has to be scrolled to."""
    column = middle(screen.wait_for(kind="Sidebar"))
    while True:
        seen = screen.wait_for(kind="QCheckBox", text=title)
        if seen["area"][3] > 8:
            break
        screen.xdotool("mousemove", "--sync", *column, "click", "--repeat", 3, 5)
    assert seen["on"] is not on
    screen.click(*left_end(seen))
    screen.wait_for(kind="QCheckBox", text=title, on=on)


@needs_x
def test_a_whole_session_with_mouse_and_keys(screen: Screen, tmp_path: Path) -> None:
    small = Recipe(width=4, batch_size=16, epochs=MANY, data=DataChoice(per_class=20), device="cpu")
    assert small.technique(Dropout) is None
    settings = QSettings(str(tmp_path / "config" / NAME / f"{NAME}.ini"), QSettings.Format.IniFormat)
    for name, value in {"recipe": small.to_json(), "language": "en", "scheme": "light"}.items():
        settings.setValue(name, value)
    settings.sync()

    screen.start()
    window = screen.wait_for(kind="Window")["window"]
    screen.xdotool("windowfocus", "--sync", window)
    switch(screen, "Dropout", True)
    screen.key("F5")
    screen.wait_for(kind="QPushButton", text="Pause", enabled=True)  # it trains
    switch(screen, "Normalization", False)
    screen.wait_for(text="After step…")
    layers(screen)
    export(screen, tmp_path)
    screen.click(*middle(screen.wait_for(kind="QPushButton", text="Stop", enabled=True)))
    screen.wait_for(text="Stopped…")
    screen.key("ctrl+q")
    assert screen.program is not None
    assert screen.program.wait(PATIENCE) == 0
    said = (tmp_path / "said.txt").read_text(encoding="utf-8")
    assert "Traceback" not in said
    assert "QObject" not in said
    left_behind(tmp_path, settings)


def layers(screen: Screen) -> None:
    """Freeze the first layer by its tick."""
    view = "Layers, and which of them learn"
    row = screen.wait_for(kind="row", view=view, on=True)
    screen.click(*left_end(row))
    screen.wait_for(kind="row", view=view, name=row["name"], on=False)


def export(screen: Screen, folder: Path) -> None:
    """The loss as numbers and as a picture."""
    for entry, name in (("Save the numbers…", "loss.csv"), ("Save the picture…", "loss.png")):
        screen.click(*middle(screen.wait_for(name="Save or copy: Loss")))
        screen.click(*middle(screen.wait_for(kind="entry", name=entry)))
        if name.endswith("png"):
            screen.xdotool("windowfocus", "--sync", screen.wait_for(kind="ExportDialog")["window"])
            screen.key("Return")
        dialog = screen.wait_for(kind="QFileDialog")
        screen.xdotool("windowfocus", "--sync", dialog["window"])
        screen.key("ctrl+a")
        screen.type(str(folder / name))
        screen.key("Return")
        screen.wait((folder / name).exists, f"{name} is written")


def left_behind(folder: Path, settings: QSettings) -> None:
    """What a person finds afterwards."""
    import torch

    (run,) = (folder / "runs").iterdir()
    begun = Recipe.read(run / RECIPE)
    assert begun.technique(Dropout) == Dropout()
    assert begun.technique(Normalization) == Normalization()
    record = open_run(run)
    assert record.ended
    assert record.ended.outcome == STOPPED
    changed = [change for mark in record.all(RecipeChanged) for change in record.changes(mark)]
    assert "without normalization" in changed
    assert any(change.startswith("frozen: ") for change in changed)
    checkpoint = torch.load(run / CHECKPOINTS / "last.pt", weights_only=True)
    assert checkpoint["step"] == record.series.steps.last > 0
    assert not any("running_mean" in name for name in checkpoint["model"])
    with (folder / "loss.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) > 1
    picture = QImage(str(folder / "loss.png"))
    assert (picture.width(), picture.height()) == (1600, 900)
    settings.sync()
    again = Recipe.from_json(str(settings.value("recipe")))
    assert again.technique(Dropout) == Dropout()
    assert again.technique(Normalization) is None
    assert again.frozen
