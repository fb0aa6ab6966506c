"""Several runs at once, each in a process of its own, where that is faster: measured on the experiment's first steps.

Two processes of one thread each do 1.4 × the work of one of two on a two-core machine: threads wait for each other in
every layer, processes never do.
"""

from __future__ import annotations

import math
import os
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Self

from explorer.errors import InputError
from explorer.events import Event, RunStarted, StepDone
from explorer.i18n import Message
from explorer.recipe import Recipe
from explorer.runs.experiment import Planned
from explorer.session.process import TrainingProcess
from explorer.training.control import Control

MOST = 8
"""Processes: each holds PyTorch (0.3 GB) and the images."""
WARM_UP, SECONDS, FEWEST = 5, 1.5, 8
"""Steps that do not count, how long is measured after them, and with how many steps at least."""
MEASURING = 1.2
"""A run takes so much longer than its steps: evaluation, checkpoints."""


@dataclass(frozen=True)
class Speed:
    """Of a run: images/s in its first steps, and how many it has to train on."""

    images_per_second: float
    images: int
    threads: int
    device: str

    @property
    def seconds(self) -> float:
        """About how long it will take."""
        return MEASURING * self.images / self.images_per_second


@dataclass(frozen=True)
class Way:
    """How the runs are made: so many at once, with so many threads each; None: as the recipe says."""

    at_once: int
    threads: int | None
    said: Message
    """Why."""
    seconds: float
    """About how long a run will take like this; NaN if that is not known."""

    def left(self, runs: int) -> float:
        """Seconds that so many runs will take."""
        return -(-runs // self.at_once) * self.seconds


class Processes:
    """A pool; a process starts when it is first needed."""

    def __init__(self, niceness: int = 0) -> None:
        self.cores = min(os.cpu_count() or 1, MOST)
        self._niceness = niceness
        self._free: queue.LifoQueue[TrainingProcess] = queue.LifoQueue()
        self._all: list[TrainingProcess] = []

    @property
    def pids(self) -> list[int]:
        """Of its processes, for the system."""
        return [process.pid for process in self._all]

    def train(
        self, planned: Planned, control: Control, folder: Path | None, instruments: str = "default"
    ) -> Iterator[Event]:
        """What happens in that run, in a process that is free. Any thread. Raises InputError."""
        process = self._taken()
        try:
            yield from process.train(
                planned.recipe, control, folder, instruments=instruments, place=planned.place if folder else None
            )
        finally:
            self._free.put(process)

    def best_way(self, planned: Planned, runs: int, control: Control, instruments: str = "default") -> Way:
        """Whether several at once are faster than one after the other, with the first steps of one of them.

        `control` can stop the measuring; then it is one after the other. Raises InputError.
        """
        recipe, most = planned.recipe, min(self.cores, runs)
        alone = self._speeds([recipe], instruments, control)[0]
        single = Way(1, alone.threads or None, Message("One run after the other."), alone.seconds)
        if recipe.threads or most == 1 or alone.device != "cpu":
            return single
        together = self._speeds([recipe.with_(threads=1)] * most, instruments, control)
        both = sum(speed.images_per_second for speed in together)
        if control.stopping or math.isnan(both + alone.images_per_second):  # too short to be measured
            return single
        facts = {"n": len(together), "threads": alone.threads, "together": both, "alone": alone.images_per_second}
        if both > alone.images_per_second:
            text = Message(
                "{n} runs at once, with one thread each: {together:,.0f} images/s, against {alone:,.0f} of one run "
                "with {threads} threads.",
                **facts,
            )
            return Way(len(together), 1, text, max(speed.seconds for speed in together))
        text = Message(
            "One run after the other, with {threads} threads: {alone:,.0f} images/s, against {together:,.0f} of {n} at "
            "once with one each.",
            **facts,
        )
        return replace(single, said=text)

    def close(self) -> None:
        """End all of them."""
        for process in self._all:
            process.close()
        self._all.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _taken(self) -> TrainingProcess:
        while True:
            try:
                process = self._free.get_nowait()
            except queue.Empty:
                process = TrainingProcess(self._niceness)
                self._all.append(process)
            if process.alive:
                return process

    def _speeds(self, recipes: list[Recipe], instruments: str, control: Control) -> list[Speed]:
        """Of first steps, all at the same time."""
        barrier = threading.Barrier(len(recipes))
        with ThreadPoolExecutor(len(recipes)) as pool:
            made = [pool.submit(self._speed, recipe, barrier, instruments, control) for recipe in recipes]
            return [one.result() for one in made]

    def _speed(self, recipe: Recipe, barrier: threading.Barrier, instruments: str, asked: Control) -> Speed:
        process, control = self._taken(), Control()
        images = done = steps = threads = 0
        device = ""
        began = last = 0.0
        try:
            control.step(WARM_UP)
            for event in process.train(recipe, control, instruments=instruments):
                if asked.stopping:
                    barrier.abort()
                    control.stop()
                if isinstance(event, RunStarted):
                    images, threads = event.images.get("train", 0) * recipe.epochs, event.threads
                    device = event.device
                if not isinstance(event, StepDone):
                    continue
                if event.step == WARM_UP:
                    _wait(barrier)
                    control.resume()
                    began = last = perf_counter()
                elif event.step > WARM_UP and last - began < SECONDS:
                    done, steps, last = done + event.images, steps + 1, perf_counter()
                elif event.step > WARM_UP:
                    control.stop()
        except InputError:
            barrier.abort()
            raise
        finally:
            self._free.put(process)
        return Speed(done / (last - began) if steps >= FEWEST else math.nan, images, threads, device)


def _wait(barrier: threading.Barrier) -> None:
    """Until the others are as far; not at all if one will never be."""
    try:
        barrier.wait(60)
    except threading.BrokenBarrierError:
        return
