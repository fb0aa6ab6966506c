"""How torch's threads wait for each other, and what else the processor has to do. Knows no torch: it must come first.

The threads of OpenMP spin while they wait. Where another program has one of their cores, the one that waits burns the
time that the other needs: the default experiment on two cores fell from 3,000 to 112–192 images/s beside one busy
process, where one thread alone makes 1,800 to 2,300.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import MutableMapping
from pathlib import Path

BRIEFLY = {"GOMP_SPINCOUNT": "10000", "KMP_BLOCKTIME": "0"}
"""libgomp (torch on Linux) spins 300,000 times unless told otherwise, libomp and libiomp5 (macOS, Windows) 200 ms.

10,000 bridge most gaps between two operations: alone 0.90 of the images/s of 300,000 with 100 and 0.94 with 10,000;
beside a busy loop on one core 2,300 images/s with 100, 860 with 10,000, 390 with 30,000 (2 cores, until noticed)."""
WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY")
"""Variables by which somebody may have decided how threads wait."""
COUNTING = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_THREAD_LIMIT", "OMP_DYNAMIC")
"""Variables by which somebody may have decided how many threads there are."""
LOOKS, BETWEEN = 20, 0.004
"""How often, and seconds in between: what runs for a moment only hardly counts."""
STATE = Path("/proc/stat")


def wait_briefly(environment: MutableMapping[str, str]) -> None:
    """Have threads of OpenMP sleep soon, unless `environment` says how they wait; before torch is loaded."""
    if not any(name in environment for name in WAITING):
        environment.update(BRIEFLY)


def number_is_given() -> bool:
    """Whether the environment says how many threads there are."""
    return any(name in os.environ for name in COUNTING)


def busy_others(state: Path = STATE) -> float | None:
    """How many other threads want a core just now, on average over 80 ms; None where the system does not say."""
    counts = []
    for _look in range(LOOKS):
        others = running_others(state)
        if others is None:
            return None
        counts.append(others)
        time.sleep(BETWEEN)
    return sum(counts) / len(counts)


def threads_beside(others: float | None, threads: int, cores: int) -> int:
    """How many of at most `threads` are worth having on so many `cores`, beside `others` that want one, too.

    Beside one busy process two threads on two cores are slower than one. Where the others want all cores anyway, each
    thread more gets its share: 1,700 to 2,250 images/s with two, 1,060 to 1,370 with one beside four processes.
    """
    taken = round(others or 0)
    return max(1, min(threads, cores - taken)) if taken < cores else threads


def running_others(state: Path = STATE) -> int | None:
    """Threads of the whole machine, without the one that asks, that run or could; None where the system does not say.

    Takes 70 µs.
    """
    if sys.platform != "linux":
        return None
    try:
        lines = state.read_text().splitlines()
        running = next(int(line.split()[1]) for line in lines if line.startswith("procs_running"))
    except (OSError, StopIteration, ValueError):
        return None
    return max(0, running - 1)
