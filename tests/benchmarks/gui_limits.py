"""How soon the window acts, how much it keeps, and how smoothly a long curve is moved; each in child processes."""

from __future__ import annotations

import statistics
import sys
from typing import Any

from explorer.events import FINISHED
from explorer.recipe import Recipe

from .ours import default_experiment
from .pairs import Measured, MissingError, percentile
from .window import child, own_folder

CHILD = "tests.benchmarks.limits_child"
MANY = 10_000
"""Epochs: the run goes on until it is stopped."""
MEMORY_STEPS, MEMORY_STEPS_QUICK = 20_000, 1_000
PER_EPOCH = 80


def toggle_to_effect_ms(quick: bool) -> Measured:
    """From the click on a card until the first batch under the new recipe begins, beyond the time of one batch.

    The default experiment, at a rate that no switch makes diverge, in the window with everything open. 30 clicks in a
    process at times that chance decides, on five cards, two of which rebuild the network. The end is stamped in the
    worker as the network has changed. One value per process, the 95th percentile of its clicks.
    """
    recipe = default_experiment(MANY, quick=False).with_(lr=0.02)
    return beyond_a_batch([_said("toggle", recipe) for _ in range(1 if quick else 3)])


def stop_ms(quick: bool) -> Measured:
    """From the click on Stop until the worker has written its checkpoint and closed the run, beyond one batch.

    The default experiment in the window with everything open. Five runs in a process, each stopped at a time that
    chance decides. One value per process, the slowest of its stops.
    """
    recipe = default_experiment(MANY, quick=False)
    return beyond_a_batch([_said("stop", recipe) for _ in range(1 if quick else 3)])


def rss_growth_mb(quick: bool) -> Measured:
    """Growth of the window's resident memory from step 2,000 to step 20,000 of one run, with everything open.

    A tiny network on few images, so that only what is kept of the run counts: 80 steps an epoch, 250 epochs.
    """
    if not sys.platform.startswith("linux"):
        raise MissingError("memory is read from /proc, which is on Linux alone")
    steps = MEMORY_STEPS_QUICK if quick else MEMORY_STEPS
    recipe = Recipe().with_(
        width=4, batch_size=8, epochs=steps // PER_EPOCH, device="cpu", data={"per_class": PER_EPOCH * 8 // 10}
    )
    runs = [_said("memory", recipe) for _ in range(1 if quick else 3)]
    if wrong := [run for run in runs if run["outcome"] != FINISHED]:
        raise RuntimeError(f"the run {wrong[0]['outcome']}")
    said = ", ".join(f"{run['before_mb']:.0f} → {run['after_mb']:.0f}" for run in runs)
    return Measured([run["after_mb"] - run["before_mb"] for run in runs], f"{said} MB in {runs[0]['steps']} steps")


def curve_points(quick: bool) -> Measured:
    """Frames a second while a loss curve of 1,000,000 points is moved to and fro, its middle half in sight.

    The real window at 1920 × 1080 with the panel enlarged; each frame is painted whole before the next. One value per
    process.
    """
    runs = [_said("pan") for _ in range(1 if quick else 3)]
    if any(run["points"] < 1_000_000 for run in runs):
        raise RuntimeError("the curve was not drawn whole")
    worst = 1000 * max(percentile(run["seconds"], 0.99) for run in runs)
    speeds = [len(run["seconds"]) / sum(run["seconds"]) for run in runs]
    return Measured(speeds, f"{len(runs[0]['seconds'])} frames a process, the slowest hundredth {worst:.0f} ms")


def _said(what: str, recipe: Recipe | None = None) -> dict[str, Any]:
    with own_folder() as folder:
        return child(folder, CHILD, what, recipe)


def beyond_a_batch(runs: list[dict[str, Any]]) -> Measured:
    """95th percentile of the waits of each run, less the time of a batch. Raises RuntimeError if there are none.

    Clicks into the evaluation at the end of an epoch wait until that is over: they are told in the note, not counted.
    """
    values: list[float] = []
    ends: list[float] = []
    counted: list[float] = []
    for run in runs:
        sides: tuple[list[float], list[float]] = ([], [])
        for wait, at_end in zip(run["waits_ms"], run["at_epoch_end"], strict=True):
            sides[at_end].append(wait)
        counted, ends = counted + sides[0], ends + sides[1]
        values += [percentile(sides[0], 0.95) - run["batch_ms"]] if sides[0] else []
    if not values:
        raise RuntimeError("every click fell into the end of an epoch")
    batch = statistics.median(run["batch_ms"] for run in runs)
    median, worst = statistics.median(counted), max(counted)
    note = f"a batch takes {batch:.0f} ms; {len(counted)} clicks acted after {median:.0f}, at worst {worst:.0f} ms"
    note += f"; {len(ends)} more, at the end of an epoch, after up to {max(ends):.0f} ms" if ends else ""
    return Measured(values, note)
