"""How the window feels, and what it takes from training. Each run is a child process with Qt's offscreen platform."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Self

from explorer.events import FINISHED
from explorer.processor import COUNTING, WAITING
from explorer.recipe import Recipe

from .ours import default_experiment
from .pairs import Measured, MissingError, Piece, alternate, compared, percentile, ratios

ROOT = Path(__file__).resolve().parents[2]
CHILD = "tests.benchmarks.window_child"
BARE = ("tests.benchmarks.bare_window",)
PIECES = "tests.benchmarks.pieces_child"
EPOCHS, ROUNDS = 5, 12
PATIENCE = 900
"""Seconds after which a child counts as hung."""


def gui_gap_p99_ms(quick: bool) -> Measured:
    """Gaps between the ticks of a 10 ms timer in the window's thread while the window trains: 99th percentile.

    The default experiment, five epochs, in the real window at 1920 × 1080 with all panels side by side, layers and
    runs. From the first step to the end of the run, with evaluations and checkpoints. One value per process.
    """
    recipe = default_experiment(EPOCHS, quick)
    runs = [_gaps(recipe) for _ in range(1 if quick else 3)]
    worst = ", ".join(f"{percentile(gaps, 0.99):.1f}/{max(gaps):.1f}" for gaps in runs)
    return Measured([percentile(gaps, 0.99) for gaps in runs], f"p99/max of each run: {worst} ms")


def gui_throughput_ratio(quick: bool) -> Measured:
    """Images/s in the window over images/s of the same run in a process without one, an epoch of each in turn.

    The window as in gui_gap_p99_ms, but without that timer, which no user's window has. Both processes store the run as
    the command does and wait, idle, while the other trains. An epoch counts from its first step to its last, with what
    instruments and recording do between, without evaluation and checkpoints.
    """
    rounds = 1 if quick else EPOCHS * 3
    recipe = default_experiment(rounds + 2, quick)
    with Trainer(recipe, "window") as window, Trainer(recipe, "terminal") as terminal:
        return compared(alternate(rounds, window.piece, terminal.piece), ours="window", theirs="terminal")


def loaded_ratio(quick: bool) -> Measured:
    """Images/s beside a busy loop on one core over images/s of one thread without it, an epoch of each in turn.

    Ours is started while the loop runs, as somebody's run is beside a video call, and chooses its threads by itself;
    the loop stands still while the other trains.
    """
    return _loaded(quick, busy_first=True)


def loaded_midway_ratio(quick: bool) -> Measured:
    """The same where the loop begins when the run has had an epoch without it: it has to notice, and to act."""
    return _loaded(quick, busy_first=False)


def _loaded(quick: bool, busy_first: bool) -> Measured:
    rounds = 1 if quick else ROUNDS
    recipe = default_experiment(rounds + 3, quick)
    with busy_loop() as busy, ExitStack() as both:
        if not busy_first:
            busy.send_signal(signal.SIGSTOP)
        ours = both.enter_context(Trainer(recipe, "terminal"))
        busy.send_signal(signal.SIGSTOP)
        one = both.enter_context(Trainer(recipe.with_(threads=1), "terminal"))

        def beside() -> Piece:
            busy.send_signal(signal.SIGCONT)
            try:
                return ours.piece()
            finally:
                busy.send_signal(signal.SIGSTOP)

        if not busy_first:
            ours.piece()
        found = compared(alternate(rounds, beside, one.piece), ours="beside it", theirs="one thread alone")
    return Measured(found.values, f"{found.note}; began with {ours.threads} threads")


def alone_ratio(quick: bool) -> Measured:
    """Images/s with threads that wait as we have them over images/s as torch has them by itself, an epoch in turn."""
    rounds = 1 if quick else ROUNDS
    recipe = default_experiment(rounds + 2, quick).with_(threads=os.cpu_count())
    as_torch = {"GOMP_SPINCOUNT": "300000", "KMP_BLOCKTIME": "200"}
    with Trainer(recipe, "terminal") as ours, Trainer(recipe, "terminal", as_torch) as theirs:
        return compared(alternate(rounds, ours.piece, theirs.piece), ours="ours", theirs="as torch has it")


def window_shown_s(quick: bool) -> Measured:
    """Seconds from the start of the process until the window has been painted for the first time.

    The clock runs outside: from just before the child is spawned until its line has arrived that says it has painted
    every widget once. Settings are empty, as on the first start. One start before the counted ones fills the disk
    cache, as for anybody who starts a program for the second time that day.
    """
    starts = [_shown().seconds for _ in range(2 if quick else 8)][1:]
    return Measured(starts, f"from {min(starts):.2f} to {max(starts):.2f} s")


def window_shown_ratio(quick: bool) -> Measured:
    """The same over the time of a bare PySide6 window with four plots of pyqtgraph (bare_window.py), in turn."""
    pairs = alternate(1 if quick else 12, _shown, lambda: _shown(BARE))
    cpu = [ours.cpu / bare.cpu for ours, bare in pairs]
    ours, bare = ([pair[i].seconds for pair in pairs] for i in (0, 1))
    note = f"ours {statistics.median(ours):.2f} s, bare {statistics.median(bare):.2f} s"
    return Measured(ratios(zip(ours, bare, strict=True)), note, cpu)


def first_point_s(quick: bool) -> Measured:
    """Seconds from the press of Train until the loss curve has its first line on the screen (two batches).

    Train is pressed half a second after the first paint, when torch, which the window loads for its previews, may be
    half loaded; its files are in the disk cache from one run before the counted ones. The default experiment in the
    window as it opens.
    """
    waits = [_first_point() for _ in range(2 if quick else 6)][1:]
    return Measured(waits, f"from {min(waits):.2f} to {max(waits):.2f} s")


def first_point_ratio(quick: bool) -> Measured:
    """The same over the time in which a bare process imports torch and takes a step of the same network, in turn."""
    pairs = alternate(1 if quick else 6, _first_point, _first_step)
    ours, bare = zip(*pairs, strict=True)
    return Measured(ratios(pairs), f"ours {statistics.median(ours):.2f} s, bare {statistics.median(bare):.2f} s")


class Trainer:
    """A process that trains an epoch whenever it is asked to, and waits, idle, in between; a context manager."""

    def __init__(self, recipe: Recipe, where: str, environment: Mapping[str, str] | None = None) -> None:
        """`where`: "window" or "terminal"."""
        self._recipe, self._where, self._others = recipe, where, environment or {}
        self.threads = 0
        """How many the run chose."""

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory()
        folder = Path(self._folder.name)
        (folder / "recipe.json").write_text(self._recipe.to_json(), encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", PIECES, self._where, str(folder), str(folder / "recipe.json")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=undecided(_environment(folder)) | self._others,
            text=True,
        )
        self.threads = int(self._said()["threads"])
        return self

    def piece(self) -> Piece:
        """The next epoch."""
        assert self._process.stdin is not None
        self._process.stdin.write("epoch\n")
        self._process.stdin.flush()
        return Piece(**self._said())

    def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the {self._where} ended before it was asked to")
        said: dict[str, Any] = json.loads(line)
        return said

    def __exit__(self, *_how: object) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.communicate(timeout=PATIENCE / 10)  # the end of its input is the end of its run
        self._process.kill()
        self._folder.cleanup()


def undecided(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without what says how many threads there are and how they wait."""
    return {name: value for name, value in environment.items() if name not in (*COUNTING, *WAITING)}


@contextmanager
def busy_loop() -> Iterator[subprocess.Popen[bytes]]:
    """Another program that wants one core, all the time."""
    if sys.platform == "win32":
        raise MissingError("a process can be held and let go on POSIX alone")
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


def _first_point() -> float:
    """In s."""
    with own_folder() as folder:
        seconds: float = child(folder, CHILD, "first-point")["seconds"]
        return seconds


def _first_step() -> float:
    """In s, from the start of the process."""
    began = perf_counter()
    with own_folder() as folder:
        _output(folder, "tests.benchmarks.bare_step")
    return perf_counter() - began


def _gaps(recipe: Recipe) -> list[float]:
    """In ms, between the ticks of a clock in the window's thread."""
    with own_folder() as folder:
        gaps: list[float] = _in_window(folder, "gaps", recipe)["gaps_ms"]
        return gaps


def _in_window(folder: Path, what: str, recipe: Recipe) -> dict[str, Any]:
    said = child(folder, CHILD, what, recipe)
    if said["outcome"] != FINISHED:
        raise RuntimeError(f"the run in the window {said['outcome']}")
    return said


def _shown(module: Sequence[str] = (CHILD, "shown")) -> Piece:
    """A start, from just before the process is spawned until it says that it has painted everything."""
    with own_folder() as folder:
        used, began = _children_cpu(), perf_counter()
        with subprocess.Popen(
            [sys.executable, "-m", *module, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=_environment(folder),
        ) as process:
            assert process.stdout is not None
            said = process.stdout.readline()
            seconds = perf_counter() - began
            _rest, complaint = process.communicate(timeout=PATIENCE)
    if not said:
        raise RuntimeError(f"the window ended before it was painted: {complaint[-2000:].decode()}")
    return Piece(1, seconds, _children_cpu() - used)


def _children_cpu() -> float:
    """Seconds that ended children took of all cores together."""
    times = os.times()
    return times.children_user + times.children_system


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
