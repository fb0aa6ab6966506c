"""`training-explorer compare`: the runs that show what a technique does, and a table of how each ended."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.table import Table

from explorer.cli.commands.base import Command
from explorer.cli.flags import recipe_from
from explorer.cli.running import number_of_seeds, running_flags, train_into
from explorer.cli.terminal import console
from explorer.errors import InputError
from explorer.events import DIVERGED, FAILED, FINISHED, STOPPED, RunEnded
from explorer.i18n import _
from explorer.nearest import did_you_mean
from explorer.recipe import BY_NAME
from explorer.runs import new_folder
from explorer.runs.experiment import Experiment, Planned, run_all, spread
from explorer.runs.names import file_name
from explorer.techniques import Technique

OUTCOMES: dict[str, Callable[[], str]] = {
    DIVERGED: lambda: _("diverged"),
    FAILED: lambda: _("failed"),
    STOPPED: lambda: _("stopped"),
}

Train = Callable[[Planned, Path], RunEnded | None]


def _flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("technique")
    running_flags(parser)
    parser.add_argument(
        "--seeds",
        type=number_of_seeds,
        default=1,
        metavar="N",
        help=_("runs of each arm, with seeds from the recipe's on"),
    )


def _run(options: argparse.Namespace) -> int:
    """Train the runs that show what a technique does, one after the other, and say how each ended."""
    kind, recipe = _technique(options.technique), recipe_from(options)

    def train(planned: Planned, folder: Path) -> RunEnded | None:
        return train_into(planned.recipe, folder, options.instruments, as_json=False, place=planned.place)

    experiment = Experiment.of_technique(recipe.technique(kind) or kind(), recipe, options.seeds)
    return run_experiment(experiment, options.out, train)


def _technique(name: str) -> type[Technique]:
    """The technique called `name`. Raises InputError."""
    if name not in BY_NAME:
        raise InputError(_("There is no technique {name!r}.").format(name=name) + did_you_mean(name, BY_NAME))
    return BY_NAME[name]


def run_experiment(experiment: Experiment, out: str | None, train: Train) -> int:
    """Make all its runs by `train`; an arm that diverges or fails is a result, and the rest go on.

    1 if one failed or was stopped, else 0. Raises InputError if not a single run could begin.
    """

    def one(planned: Planned) -> RunEnded | None:
        folder = Path(out) / file_name(planned.place.said) if out else new_folder(planned.recipe)
        print(f"{experiment} …", flush=True)
        try:
            ended = train(planned, folder)
        except InputError as error:
            print(f"{error}\n")
            raise
        print(_("The run is in {folder}").format(folder=folder) + "\n")
        return ended

    run_all(experiment, one)
    console().print(table(experiment))
    return int(any(result.ended.outcome in (FAILED, STOPPED) for result in experiment.results))


def table(experiment: Experiment) -> Table:
    """A row for each arm: with several seeds means ± standard deviations of those that finished."""
    made = Table(title=str(experiment.title))
    for column in (_("run"), _("best epoch"), _("test loss"), _("test accuracy"), _("seconds"), _("ended")):
        made.add_column(column)
    for arm, results in experiment.by_arm():
        ends = [result.ended for result in results]
        finished = [end for end in ends if end.outcome == FINISHED]
        made.add_row(
            str(arm.label),
            _mean([end.best_epoch for end in finished], "{:g}"),
            _mean([end.test["loss"] for end in finished if "loss" in end.test], "{:.4f}"),
            _mean([end.test["accuracy"] for end in finished if "accuracy" in end.test], "{:.4f}"),
            _mean([end.seconds for end in ends], "{:.1f}"),
            how_ended(ends),
        )
    return made


def how_ended(ends: Sequence[RunEnded]) -> str:
    """In words: of several, how many of each kind."""
    counts = {outcome: sum(end.outcome == outcome for end in ends) for outcome in (FINISHED, *OUTCOMES)}
    words = []
    for outcome, n in counts.items():
        if n:
            word = OUTCOMES[outcome]() if outcome in OUTCOMES else _("finished")
            words.append(word if len(ends) == 1 else f"{word}: {n}")
    return ", ".join(words)


def _mean(values: Sequence[float], form: str) -> str:
    if not values:
        return "–"
    mean, deviation = spread(list(values))
    return form.format(mean) if math.isnan(deviation) else f"{form.format(mean)} ± {form.format(deviation)}"


COMMAND = Command(
    "compare", lambda: _("train the runs that show what a technique does, and compare them"), _flags, _run
)
