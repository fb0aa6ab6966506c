"""Render the window from real runs: idle, running, with frozen layers, failed; light and dark; English and Russian.

`build_pictures.py FOLDER` writes every picture there, to be looked at, at 1280 × 720, at 2560 × 1440, and at scale 2.
Without a folder it writes the two pictures and the animation of README.md to resources/pictures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PIL import Image  # noqa: E402 - the platform must be set first
from PySide6.QtCore import QSettings  # noqa: E402
from PySide6.QtGui import QImage  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from explorer.gui.settings import Memory  # noqa: E402
from explorer.gui.window import Window  # noqa: E402
from explorer.recipe import Recipe  # noqa: E402
from explorer.runs.timing import steps_per_epoch  # noqa: E402
from explorer.session.session import State  # noqa: E402
from explorer.techniques import Normalization, Schedule  # noqa: E402

PICTURES = ROOT / "resources" / "pictures"
SIZES = ((1280, 720, 1), (2560, 1440, 1), (1280, 720, 2))
"""Width and height as the window counts them, and how many pixels each of these has."""
LOOKS = tuple((scheme, language) for scheme in ("light", "dark") for language in ("en", "ru"))
FRAMES_PER_SECOND, COLOURS, ANIMATION = 5, 256, (960, 540)
"""Of the animation: so much is enough to follow it, and keeps it small."""


class Stage:
    """A window that is driven as a person would drive it."""

    def __init__(self, folder: Path, width: int, height: int, recipe: Recipe | None = None) -> None:
        self.app = QApplication.instance() or QApplication([])
        settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        memory = Memory(settings)
        memory.keep(scheme="light", language="en", recipe=(recipe or Recipe()).to_json())
        self.window = Window(memory, runs=folder / "runs")
        self.window.resize(width, height)
        self.window.show()

    def until(self, reached: Callable[[], bool], seconds: float = 300) -> None:
        """Let the window live until `reached`."""
        end = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > end:
                raise TimeoutError("the window did not get there")
            self.app.processEvents()
            time.sleep(0.005)

    def wait(self, seconds: float) -> None:
        """Let the window live for so long."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end)

    def until_epoch(self, epoch: float) -> None:
        """Let it train so far."""
        session = self.window.session
        self.until(
            lambda: session.current is not None and session.current.record.series.steps.last >= epoch * self.per_epoch()
        )

    def per_epoch(self) -> int:
        """Steps in an epoch of the run on screen."""
        current = self.window.session.current
        return steps_per_epoch(current.record) if current and current.record.started else 10**9

    def until_idle(self) -> None:
        """Let the run end."""
        self.until(lambda: self.window.session.state is State.IDLE)

    def grab(self) -> QImage:
        """What is seen now, with nothing left to be painted."""
        self.window.refresh_all()
        self.app.processEvents()
        return self.window.grab().toImage()

    def close(self) -> None:
        """End the run, then the window."""
        self.window.session.stop()
        self.until_idle()
        self.window.close()
        self.app.processEvents()


def all_states(folder: Path, width: int, height: int) -> None:
    """Every state in every look, from one window and three real runs."""

    def save(state: str) -> None:
        for scheme, language in LOOKS:
            stage.window.set_scheme(scheme)
            stage.window.set_language(language)
            scale = round(stage.window.devicePixelRatioF())
            stage.grab().save(str(folder / f"{state}-{scheme}-{language}-{width}x{height}@{scale}.png"))

    with tempfile.TemporaryDirectory() as temporary:
        stage = Stage(Path(temporary), width, height)
        stage.window.show_example()
        stage.wait(2)
        save("idle")
        start = Recipe(epochs=6).without("normalization").with_(lr=0.05)
        stage.window.change(start)
        stage.window.press("train")
        stage.until_epoch(2)
        stage.window.change(start.switched(Normalization()))
        stage.until_epoch(4)
        stage.window.press("pause")
        stage.until(lambda: stage.window.session.state is State.PAUSED)
        save("running")
        stage.window.change(stage.window.session.recipe.with_(frozen=("conv", "norm", "stage1")))
        stage.window.press("pause")
        stage.until_idle()
        save("frozen")
        stage.window.change(Recipe(epochs=2, lr=20.0).without("normalization"))
        stage.window.press("train")
        stage.until_idle()
        stage.wait(0.5)
        save("failed")
        stage.close()


def readme() -> None:
    """The two pictures and the animation: normalization switched on in mid-run."""
    with tempfile.TemporaryDirectory() as temporary:
        start = Recipe(epochs=10, lr=0.05).without("normalization").switched(Schedule(kind="cosine"))
        stage = Stage(Path(temporary), 1280, 720, start)
        stage.window.press("train")
        stage.until_epoch(0.2)
        frames: list[Image.Image] = []
        switched = False
        while stage.window.session.state is not State.IDLE:
            stage.wait(1 / FRAMES_PER_SECOND)
            current = stage.window.session.current
            if not switched and current and current.record.series.steps.last >= 4 * stage.per_epoch():
                switched = True
                stage.window.change(start.switched(Normalization()))
            frames.append(_pillow(stage.window.grab().toImage()))
        palette = frames[-1].quantize(COLOURS, Image.Quantize.FASTOCTREE)
        small = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
        small[0].save(
            PICTURES / "live-toggle.gif",
            save_all=True,
            append_images=small[1:],
            duration=1000 // FRAMES_PER_SECOND,
            loop=0,
            optimize=True,
        )
        stage.grab().save(str(PICTURES / "window.png"))
        stage.window.set_scheme("dark")
        stage.window.set_language("ru")
        stage.grab().save(str(PICTURES / "window-dark-ru.png"))
        stage.close()
    size = (PICTURES / "live-toggle.gif").stat().st_size
    print(f"{len(frames)} frames, {size / 1e6:.1f} MB")


def _pillow(image: QImage) -> Image.Image:
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    size = plain.width(), plain.height()
    whole = Image.frombuffer("RGB", size, bytes(plain.constBits()), "raw", "RGB", plain.bytesPerLine())
    return whole.resize(ANIMATION, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            PICTURES.mkdir(exist_ok=True)
            readme()
        case [folder]:
            Path(folder).mkdir(parents=True, exist_ok=True)
            for width, height, scale in SIZES:
                child = [sys.executable, __file__, folder, str(width), str(height)]
                subprocess.run(child, check=True, env=os.environ | {"QT_SCALE_FACTOR": str(scale)})
        case [folder, width, height]:
            all_states(Path(folder), int(width), int(height))
