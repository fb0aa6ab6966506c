"""`python -m tests.benchmarks [--only NAME ...] [--quick] [--json]`: take the figures, say each as it is done."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import traceback
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table

from .folders import cached_training_ratio, first_load, folder_peak_mb, folder_second_load_s
from .gui_limits import curve_points, rss_growth_mb, stop_ms, toggle_to_effect_ms
from .pairs import Figure, MissingError, Result, significant
from .rivals import cockpit_ratio, lightning_ratio
from .trainer import bare_loop_ratio, instruments_ratio, peak_share
from .transfer import cached_speedup, frozen_speedup
from .window import (
    alone_ratio,
    first_point_ratio,
    first_point_s,
    gui_gap_p99_ms,
    gui_throughput_ratio,
    loaded_midway_ratio,
    loaded_ratio,
    window_shown_ratio,
    window_shown_s,
)

FIGURES = (
    Figure("instruments_ratio", 0.97, "higher", "×", instruments_ratio),
    Figure("bare_loop_ratio", 0.95, "higher", "×", bare_loop_ratio),
    Figure("lightning_ratio", 2.0, "higher", "×", lightning_ratio),
    Figure("cockpit_ratio", 2.5, "higher", "×", cockpit_ratio),
    Figure("peak_share", None, "higher", "×", peak_share),
    Figure("loaded_ratio", 0.8, "higher", "×", loaded_ratio),
    Figure("loaded_midway_ratio", 0.8, "higher", "×", loaded_midway_ratio),
    Figure("alone_ratio", 0.97, "higher", "×", alone_ratio),
    Figure("gui_gap_p99_ms", 17, "lower", "ms", gui_gap_p99_ms),
    Figure("gui_throughput_ratio", 0.95, "higher", "×", gui_throughput_ratio),
    Figure("window_shown_s", 1.0, "lower", "s", window_shown_s),
    Figure("window_shown_ratio", 1.25, "lower", "×", window_shown_ratio),
    Figure("first_point_s", 3, "lower", "s", first_point_s),
    Figure("first_point_ratio", None, "lower", "×", first_point_ratio),
    Figure("toggle_to_effect_ms", 20, "lower", "ms", toggle_to_effect_ms),
    Figure("stop_ms", 50, "lower", "ms", stop_ms),
    Figure("rss_growth_mb", 60, "lower", "MB", rss_growth_mb),
    Figure("curve_points", 30, "higher", "frames/s", curve_points),
    Figure("frozen_speedup", 2.0, "higher", "×", frozen_speedup),
    Figure("cached_speedup", 20, "higher", "×", cached_speedup),
    Figure("folder_first_load", 1.7, "higher", "×", first_load(64)),
    Figure("folder_first_load_224", 1.7, "higher", "×", first_load(224)),
    Figure("folder_second_load_s", 1.0, "lower", "s", folder_second_load_s),
    Figure("folder_peak_mb", 2000, "lower", "MB", folder_peak_mb),
    Figure("cached_training_ratio", 0.95, "higher", "×", cached_training_ratio),
)
FAILED = "failed"


def main() -> int:
    """0 if every figure was taken or lacks only an optional extra, whether or not it reaches its goal; else 1."""
    parser = argparse.ArgumentParser("python -m tests.benchmarks", description=__doc__)
    names = [figure.name for figure in FIGURES]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="smallest settings: shows that it works, not how fast")
    parser.add_argument("--json", action="store_true", help="one JSON object per figure and line")
    options = parser.parse_args()
    taken = measured((figure for figure in FIGURES if figure.name in options.only), options.quick)
    results = list(print_json(taken) if options.json else print_table(taken))
    return int(any(result.note.startswith(FAILED) for result in results))


def measured(figures: Iterable[Figure], quick: bool) -> Iterator[Result]:
    """Take one figure after the other; one that fails does not keep the others from being taken."""
    for figure in figures:
        try:
            result = Result.of(figure, figure.measure(quick), quick)
        except MissingError as missing:
            result = Result.absent(figure, f"skipped: {missing}")
        except Exception as error:
            traceback.print_exc()
            result = Result.absent(figure, f"{FAILED}: {type(error).__name__}: {error}")
        yield result


def print_json(results: Iterable[Result]) -> Iterator[Result]:
    """A line each, as soon as it is known; what machine it was goes to the standard error."""
    print(machine(), file=sys.stderr)
    for result in results:
        print(json.dumps(result.plain(), ensure_ascii=False), flush=True)
        yield result


def print_table(results: Iterable[Result]) -> Iterator[Result]:
    """A table at the end; until then the names of what is done."""
    console, table = Console(), Table(caption=machine())
    for heading in ("figure", "value", "95 % interval", "by CPU time", "n", "goal", "holds", "note"):
        table.add_column(heading, overflow="fold")
    with console.status("measuring …"):
        for result in results:
            table.add_row(*_row(result))
            console.log(result.name)
            yield result
    console.print(table)


def _row(result: Result) -> tuple[str, ...]:
    figure = next(figure for figure in FIGURES if figure.name == result.name)
    goal = "" if figure.goal is None else f"{'≥' if figure.better == 'higher' else '≤'} {figure.goal:g}"
    if result.value is None or result.low is None or result.high is None:
        return (result.name, "–", "", "", "", goal, "", result.note)
    value, low, high = (f"{significant(number):g}" for number in (result.value, result.low, result.high))
    cpu = "" if result.cpu is None else f"{significant(result.cpu):g}"
    holds = {True: "yes", False: "NO", None: "?" if goal else ""}[result.holds]
    return (result.name, f"{value} {result.unit}", f"{low} … {high}", cpu, str(result.n), goal, holds, result.note)


def machine() -> str:
    """What the figures were taken on."""
    import torch

    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"torch {torch.__version__} with {torch.get_num_threads()} threads"
    )


if __name__ == "__main__":
    sys.exit(main())
