"""How many threads of the processor a run has, and the word to people when another program takes their time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import torch

from explorer.events import Event, Note, RecipeChanged, StepDone
from explorer.i18n import Message
from explorer.processor import busy_others, number_is_given, threads_beside

USUAL = 20
"""Steps from which the usual time of a step is known."""
RECENT = 8
"""Steps that must be slow, each and all: one slow step is an evaluation, a checkpoint, a page of memory."""
SLOWER = 3.0
"""So many times the usual time is slow."""


@dataclass(frozen=True)
class Chosen:
    """Threads of a run, and how many others wanted a core when they were chosen; None where nobody looked."""

    threads: int
    others: float | None = None


@contextmanager
def used(wanted: int | None) -> Iterator[Chosen]:
    """Compute with `wanted` threads, or with as many as pay off now; the calling thread has its own number back after.

    Sums over threads are rounded differently by 1 thread and by 2, so the number belongs to the run: it is chosen
    before the first step, told in RunStarted, kept in checkpoints, and stays.
    """
    before = torch.get_num_threads()
    chosen = Chosen(wanted) if wanted else _that_pay_off(before)
    torch.set_num_threads(chosen.threads)
    try:
        yield chosen
    finally:
        torch.set_num_threads(before)


def _that_pay_off(most: int) -> Chosen:
    if most == 1 or number_is_given():
        return Chosen(most)
    others = busy_others()
    return Chosen(threads_beside(others, most, os.cpu_count() or most), others)


def noticed(events: Iterable[Event], threads: int) -> Iterator[Event]:
    """Pass `events` on, and say once if steps become several times slower while other programs are busy."""
    seconds: list[float] = []
    said = threads == 1
    for event in events:
        yield event
        if isinstance(event, RecipeChanged):
            seconds.clear()  # a step may take another time now
        if said or not isinstance(event, StepDone):
            continue
        seconds.append(event.seconds)
        usual = median(seconds[:-RECENT]) if len(seconds) >= USUAL + RECENT else 0.0
        if usual and min(seconds[-RECENT:]) > SLOWER * usual and (others := busy_others()):
            said = others >= 0.5
            if said:
                yield Note(text=slowed(median(seconds[-RECENT:]) / usual))


def slowed(times: float) -> Message:
    """What is told of it."""
    return Message(
        "Training has become {times:.0f} times slower: another program uses the processor, and threads wait for each "
        "other. Close it, or set Threads to 1 for the next run.",
        times=times,
    )
