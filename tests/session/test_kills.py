"""A run survives kill -9 at any moment, thirty times: it opens, its checkpoint loads, and it goes on bit for bit."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from explorer.exports import export
from explorer.exports.base import StoredRun
from explorer.recipe import Recipe
from explorer.runs import open_run
from explorer.runs.store import DATABASE
from explorer.session.going_on import can_go_on, is_young, recipe_at_checkpoint
from explorer.session.stored import stored_run
from explorer.techniques import Dropout, EarlyStopping, Normalization, Schedule, WeightAveraging
from explorer.training import keeping
from explorer.training.control import Control
from explorer.training.resuming import newest
from tests.session.test_going_on import RECIPE, same, told

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="a process that has torch already is forked here"),
]
KILLS = 30
WHOLE = RECIPE.with_(
    epochs=8,
    techniques=(Normalization(), Schedule(), Dropout(p=0.2), WeightAveraging(decay=0.8), EarlyStopping(patience=20)),
)
FORMATS = ("csv", "checkpoint", "safetensors")


def trains(folder: Path, recipe: Recipe, begun: Callable[[], None]) -> None:
    """In a process of its own: begin the run or go on with it, and write a checkpoint after every step."""
    keeping.perf_counter = lambda: float("inf")  # type: ignore[assignment]
    recipe = recipe_at_checkpoint(folder) if has_begun(folder) else recipe
    for event in stored_run(recipe, Control(), folder, instruments="all"):
        if type(event).__name__ in ("RunStarted", "RunResumed"):
            begun()


def has_begun(folder: Path) -> bool:
    """Whether there is a run; a folder that a kill left before there was one is taken away."""
    if (folder / DATABASE).exists() and open_run(folder).started:
        return True
    shutil.rmtree(folder, ignore_errors=True)
    return False


def exports(folder: Path, target: Path, begun: Callable[[], None]) -> None:
    begun()
    while True:
        export(StoredRun(folder), target, FORMATS)


def killed(work: Callable[..., None], *given: object, after: float) -> bool:
    """Whether `work` was killed so many seconds after it had begun, before it was done."""
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    process = context.Process(target=work, args=(*given, begun.set))
    process.start()
    while not begun.wait(0.01) and process.is_alive():
        pass
    process.join(after)
    if process.is_alive() and process.pid:
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def test_thirty_kills(tmp_path: Path) -> None:
    dice, kills, runs = random.Random(11), 0, 0
    whole = tmp_path / "whole"
    assert not killed(trains, whole, WHOLE, after=300)
    events = list(told(whole))
    began = time.monotonic()
    assert not killed(trains, tmp_path / "timed", WHOLE, after=300)
    takes = time.monotonic() - began
    while kills < KILLS - 5:
        folder = tmp_path / f"run {runs}"
        while killed(trains, folder, WHOLE, after=dice.uniform(0, takes / 3)):
            kills += 1
            if not has_begun(folder):
                continue
            with closing(sqlite3.connect(folder / DATABASE)) as database:
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            record = open_run(folder)
            assert can_go_on(folder)
            if not is_young(folder):
                _path, content = newest(folder / "checkpoints" / "last.pt")
                assert content["step"] <= record.series.steps.last, "what is told is never behind a checkpoint"
        same(folder, whole)
        assert len(list(told(folder))) == len(events)
        runs += 1
    export(StoredRun(whole), tmp_path / "exported", FORMATS)
    good = {path.name: path.read_bytes() for path in (tmp_path / "exported").iterdir()}
    for _n in range(5):
        assert killed(exports, whole, tmp_path / "target", after=dice.uniform(0, 1))
        for path in (tmp_path / "target").glob("[!.]*"):
            assert path.read_bytes() == good[path.name]
        assert list(told(whole)) == events
    print(f"{kills + 5} kills, {runs} runs", file=sys.stderr)
