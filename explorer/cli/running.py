"""Runs of the command line: where they go, how they are shown, how they end."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.cli.flags import recipe_flags
from explorer.cli.terminal import print_events, show
from explorer.events import DIVERGED, FAILED, RunEnded
from explorer.i18n import _
from explorer.recipe import Recipe
from explorer.runs import RunStore, list_runs, open_run, runs_folder
from explorer.session.going_on import goes_on

if TYPE_CHECKING:
    from explorer.training.control import Control


def running_flags(parser: argparse.ArgumentParser) -> None:
    """Add what can be said of a run, or of several."""
    parser.add_argument("recipe", nargs="?", help=_("recipe file; default: the default experiment"))
    parser.add_argument(
        "--out", metavar="DIR", help=_("folder to write to; default: new ones in the user's data folder")
    )
    parser.add_argument(
        "--instruments", choices=("default", "none", "all"), default="default", help=_("what is watched")
    )
    recipe_flags(parser)


def number_of_seeds(text: str) -> int:
    """Of an argument. Raises ArgumentTypeError."""
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(_("{given} is not a whole number from 1 to 100").format(given=text))
    return int(text)


def train_into(
    recipe: Recipe,
    folder: Path,
    instruments: str,
    as_json: bool,
    resume: Path | None = None,
) -> RunEnded | None:
    """Train into `folder`, showing events as they come; how it ended."""
    from explorer.training.control import Control
    from explorer.training.loop import train

    control = Control()
    with RunStore(folder, recipe) as store, interruptible(control):
        events = store.recorded(
            train(recipe, instruments=instruments, control=control, checkpoints=store.checkpoints, resume=resume)
        )
        return print_events(events) if as_json else show(events)


def train_on(folder: Path, recipe: Recipe, instruments: str, as_json: bool) -> RunEnded | None:
    """Go on with the run in `folder`, showing events as they come; how it ended. Raises InputError."""
    from explorer.training.control import Control

    control, known = Control(), open_run(folder)
    with interruptible(control):
        events = goes_on(folder, recipe, control, instruments=instruments)
        return print_events(events) if as_json else show(events, known)


def exit_code(ended: RunEnded | None) -> int:
    """1 if the run failed or diverged, else 0."""
    return 1 if ended is None or ended.outcome in (FAILED, DIVERGED) else 0


def run_named(text: str) -> Path:
    """The folder of a run: `text` itself, the newest for "last", or one of that name in the user's folder of runs."""
    if Path(text).exists():
        return Path(text)
    return list_runs()[0] if text == "last" and list_runs() else runs_folder() / text


@contextmanager
def interruptible(control: Control) -> Iterator[None]:
    """Ctrl-C or a polite kill stops the run within a batch; a second one ends the program at once."""

    def stop(number: int, _frame: object) -> None:
        control.stop()
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
