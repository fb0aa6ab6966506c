"""How many threads of the processor a run has, and the word to people when another program takes their time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from time import perf_counter

import torch

from explorer.events import Event, Note, RecipeChanged, StepDone
from explorer.i18n import Message
from explorer.processor import busy_others, number_is_given, running_others, threads_beside

USUAL, KNOWN = 20, 200
"""Steps from which the usual time of a step is known, and how many of them count."""
RECENT = 8
"""Steps of which three quarters must be slow: one slow step is an evaluation, a checkpoint, a page of memory."""
SLOWER = 2.0
"""So many times the usual time is slow; one thread of two alone takes 1.4 to 1.7 times as long."""
QUIET = 10.0
"""Seconds without another program after which all threads come back; twice as long each time."""


@dataclass
class Chosen:
    """Threads of a run, and how many others wanted a core when they were chosen; None where nobody looked."""

    threads: int
    others: float | None = None
    most: int = 0
    """How many it may come to have, where the number is open."""


@contextmanager
def used(wanted: int | None) -> Iterator[Chosen]:
    """Compute with `wanted` threads, or with as many as pay off now; the calling thread has its own number back after.

    Sums over threads are rounded differently by 1 thread and by 2, so the number belongs to the run: it is chosen
    before the first step, told in RunStarted, and kept in checkpoints: a resumed run never has more than it had.
    """
    before = torch.get_num_threads()
    chosen = Chosen(wanted, most=wanted) if wanted else _that_pay_off(before)
    torch.set_num_threads(chosen.threads)
    try:
        yield chosen
    finally:
        torch.set_num_threads(before)


def _that_pay_off(most: int) -> Chosen:
    if most == 1 or number_is_given():
        return Chosen(most, most=most)
    others = busy_others()
    return Chosen(threads_beside(others, most, os.cpu_count() or most), others, most)


def fitting(events: Iterable[Event], chosen: Chosen, wanted: int | None) -> Iterator[Event]:
    """Pass `events` on, and see to it that another program does not make training many times slower.

    Two threads wait for each other at every operation, so a program that takes one core takes most of both: 850
    images/s where one thread makes 2,300. Where neither the recipe (`wanted`) nor the environment says how many there
    are, the run goes on with fewer, and with all again once that program has been quiet for a while; else it is said,
    once.
    """
    open_choice = wanted is None and not number_is_given()
    load, said = _Load(), False
    for event in events:
        yield event
        if isinstance(event, RecipeChanged):
            load.seconds.clear()  # a step may take another time now
        if not isinstance(event, StepDone):
            continue
        load.seconds.append(event.seconds)
        if chosen.threads > 1 and not said and (slower := load.slower()) and (others := busy_others() or 0) >= 0.5:
            fit = threads_beside(others, chosen.most, os.cpu_count() or chosen.most)
            if open_choice and fit < chosen.threads:
                yield _changed(chosen, fit, fewer(slower))
                load = _Load(patience=load.patience)
            else:
                said = True
                yield Note(text=crowded(slower) if open_choice else slowed(slower))
        elif open_choice and chosen.threads < chosen.most and load.gone(chosen.threads):
            yield _changed(chosen, chosen.most, more())
            load = _Load(patience=2 * load.patience)


def _changed(chosen: Chosen, threads: int, text: Message) -> Note:
    chosen.threads = threads
    torch.set_num_threads(threads)
    return Note(text=text)


@dataclass
class _Load:
    """What steps and the processor said since the number of threads was last changed."""

    patience: float = QUIET
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=KNOWN))
    quiet_since: float | None = None

    def slower(self) -> float:
        """How many times the usual time the last steps took; 0 if it is not worth a word.

        Usual is the lower quartile: slow steps in between, which nobody acted on, do not move it.
        """
        known = list(self.seconds)
        before, last = known[:-RECENT], sorted(known[-RECENT:])
        if len(before) < USUAL:
            return 0.0
        usual = quantiles(before, n=4)[0]
        return median(last) / usual if last[RECENT // 4] > SLOWER * usual else 0.0

    def gone(self, threads: int) -> bool:
        """Whether no other program has wanted the processor for as long as patience goes; own `threads` may run."""
        if (running_others() or 0) >= threads:
            self.quiet_since = None
        elif self.quiet_since is None:
            self.quiet_since = perf_counter()
        return self.quiet_since is not None and perf_counter() - self.quiet_since > self.patience


def slowed(times: float) -> Message:
    """What is told where the number of threads is not ours to choose."""
    return Message(
        "Training has become {times:.0f} times slower: another program uses the processor, and threads wait for each "
        "other. Close it, or set Threads to auto or 1.",
        times=times,
    )


def crowded(times: float) -> Message:
    """What is told where other programs want all cores, and fewer threads would be slower still."""
    return Message(
        "Training has become {times:.0f} times slower: other programs want the whole processor. Close some of them.",
        times=times,
    )


def fewer(times: float) -> Message:
    """What is told of the step to fewer threads."""
    return Message(
        "Another program uses the processor, and training had become {times:.0f} times slower: it goes on with fewer "
        "threads. Sums are rounded differently from here on; a number in Threads keeps it.",
        times=times,
    )


def more() -> Message:
    """What is told of the step back."""
    return Message("The other program is quiet: training goes on with all threads.")
