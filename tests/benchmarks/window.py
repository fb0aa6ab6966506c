"""How the window feels, and what it takes from training. Each run is a child process with Qt's offscreen platform."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from explorer.events import FINISHED, EpochDone
from explorer.recipe import Recipe
from explorer.runs.store import list_runs, stored_events

from .ours import default_experiment
from .pairs import Measured, alternate, percentile, ratios, speeds

ROOT = Path(__file__).resolve().parents[2]
CHILD = "tests.benchmarks.window_child"
EPOCHS = 5
PATIENCE = 900
"""Seconds after which a child counts as hung."""


def gui_gap_p99_ms(quick: bool) -> Measured:
    """Gaps between the ticks of a 10 ms timer in the window's thread while the window trains: 99th percentile.

    The default experiment, five epochs, in the real window at 1920 × 1080 with all panels side by side, layers and
    runs. From the first step to the end of the run, with evaluations and checkpoints. One value per process.
    """
    recipe = default_experiment(EPOCHS, quick)
    runs = [_gaps(recipe) for _ in range(1 if quick else 5)]
    worst = ", ".join(f"{percentile(gaps, 0.99):.1f}/{max(gaps):.1f}" for gaps in runs)
    return Measured([percentile(gaps, 0.99) for gaps in runs], f"p99/max of each run: {worst} ms")


def gui_throughput_ratio(quick: bool) -> Measured:
    """Images/s in the window over images/s of `python -m explorer train` with the same recipe.

    The window as in gui_gap_p99_ms, but without that timer, which no user's window has. Both sides read from what the
    run stored: images over the seconds of each epoch, which include steps, instruments and recording, but neither
    evaluation nor checkpoints; the first epoch, in which libraries warm up, is left out on both sides.
    """
    recipe = default_experiment(EPOCHS, quick)
    pairs = alternate(1 if quick else 7, lambda: _trained_in_window(recipe), lambda: _trained_in_terminal(recipe))
    window, terminal = zip(*pairs, strict=True)
    return Measured(ratios(pairs), speeds(window=window, terminal=terminal))


def window_shown_s(quick: bool) -> Measured:
    """Seconds from the start of the process until the window has been painted for the first time.

    The clock runs outside: from just before the child is spawned until its line has arrived that says it has painted
    every widget once. Settings are empty, as on the first start. One start before the counted ones fills the disk
    cache, as for anybody who starts a program for the second time that day.
    """
    starts = [_shown() for _ in range(2 if quick else 11)][1:]
    return Measured(starts, f"from {min(starts):.2f} to {max(starts):.2f} s")


def first_point_s(quick: bool) -> Measured:
    """Seconds from the press of Train until the loss curve has its first line on the screen (two batches).

    Train is pressed half a second after the first paint, when torch, which the window loads for its previews, may be
    half loaded; its files are in the disk cache from one run before the counted ones. The default experiment in the
    window as it opens.
    """
    waits = []
    for _ in range(2 if quick else 6):
        with own_folder() as folder:
            waits.append(child(folder, CHILD, "first-point")["seconds"])
    return Measured(waits[1:], f"from {min(waits[1:]):.2f} to {max(waits[1:]):.2f} s")


def _gaps(recipe: Recipe) -> list[float]:
    """In ms, between the ticks of a clock in the window's thread."""
    with own_folder() as folder:
        gaps: list[float] = _in_window(folder, "gaps", recipe)["gaps_ms"]
        return gaps


def _trained_in_window(recipe: Recipe) -> float:
    """Images/s."""
    with own_folder() as folder:
        _in_window(folder, "train", recipe)
        (run,) = list_runs(folder / "runs")
        return _speed(run)


def _in_window(folder: Path, what: str, recipe: Recipe) -> dict[str, Any]:
    said = child(folder, CHILD, what, recipe)
    if said["outcome"] != FINISHED:
        raise RuntimeError(f"the run in the window {said['outcome']}")
    return said


def _trained_in_terminal(recipe: Recipe) -> float:
    """Images/s."""
    with own_folder() as folder:
        (folder / "recipe.json").write_text(recipe.to_json(), encoding="utf-8")
        run = folder / "runs" / "run"
        _output(folder, "explorer", "train", str(folder / "recipe.json"), "--out", str(run))
        return _speed(run)


def _speed(run: Path) -> float:
    """Images/s of a stored run without its first epoch, if it has more than one."""
    epochs = [event for event in stored_events(run) if isinstance(event, EpochDone)]
    counted = epochs[1:] or epochs
    return sum(e.images_per_second * e.seconds for e in counted) / sum(e.seconds for e in counted)


def _shown() -> float:
    with own_folder() as folder:
        began = perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", CHILD, "shown", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=_environment(folder),
        ) as child:
            assert child.stdout is not None
            said = child.stdout.readline()
            seconds = perf_counter() - began
            _rest, complaint = child.communicate(timeout=PATIENCE)
    if not said:
        raise RuntimeError(f"the window ended before it was painted: {complaint[-2000:].decode()}")
    return seconds


def child(folder: Path, module: str, what: str, recipe: Recipe | None = None) -> dict[str, Any]:
    """What a window's child process says in its last line. Raises RuntimeError if not all was in sight."""
    arguments = [what, str(folder)]
    if recipe:
        (folder / "recipe.json").write_text(recipe.to_json(), encoding="utf-8")
        arguments.append(str(folder / "recipe.json"))
    said: dict[str, Any] = json.loads(_output(folder, module, *arguments).splitlines()[-1])
    if hidden := said.get("hidden"):
        raise RuntimeError(f"not the whole of {hidden} was in sight")
    return said


def _output(folder: Path, module: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        cwd=ROOT,
        env=_environment(folder),
        check=False,
    )
    if done.returncode or not done.stdout.strip():
        raise RuntimeError(f"{module} {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def _environment(folder: Path) -> dict[str, str]:
    return os.environ | {"QT_QPA_PLATFORM": "offscreen", "TRAINING_EXPLORER_RUNS": str(folder / "runs")}


@contextmanager
def own_folder() -> Iterator[Path]:
    """For settings and runs of one child, that are thrown away."""
    with TemporaryDirectory() as folder:
        yield Path(folder)
