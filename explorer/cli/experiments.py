"""Experiments of the command line: said before they begin, watched while they go on, and told as a table."""

from __future__ import annotations

import argparse
import math
import threading
from pathlib import Path

from rich.console import Console

from explorer.cli.board import Board
from explorer.cli.effects import as_json, csv_text, markdown, show_effects
from explorer.cli.running import interruptible, number_of_seeds
from explorer.cli.terminal import console, print_json
from explorer.errors import InputError
from explorer.events import FAILED, STOPPED, RunEnded
from explorer.files import write
from explorer.i18n import N_, Message, _, ngettext
from explorer.runs import new_folder
from explorer.runs.continuing import free_folder, take_known
from explorer.runs.effects import METRICS, Effects
from explorer.runs.experiment import Experiment, Planned, run_all
from explorer.session.processes import Processes, Way
from explorer.titles import duration
from explorer.training.control import Control, Request


def experiment_flags(parser: argparse.ArgumentParser, seeds: int = 1) -> None:
    """Add what can be said of an experiment, beside what can be said of its runs."""
    parser.add_argument(
        "--seeds",
        type=number_of_seeds,
        default=seeds,
        metavar="N",
        help=_("runs of each arm, with seeds from the recipe's on") + f" [{seeds}]",
    )
    parser.add_argument(
        "--at-once",
        type=number_of_seeds,
        metavar="N",
        help=_("runs at a time, with one thread each; default: what its first steps show to be fastest"),
    )
    parser.add_argument("--metric", choices=tuple(METRICS), default="accuracy", help=_("of the test images"))
    parser.add_argument("--plan", action="store_true", help=_("only say how many runs it is, and how long they take"))
    parser.add_argument("--csv", metavar="FILE", help=_("write the results as a table"))
    parser.add_argument("--markdown", metavar="FILE", help=_("write the results for a report"))


def run_experiment(experiment: Experiment, options: argparse.Namespace) -> int:
    """Make all its runs; an arm that diverges or fails is a result, and the rest go on.

    Those that the folder --out holds already are not made again. 1 if one failed or was stopped, else 0. Raises
    InputError if not a single run could begin.
    """
    terminal, control = Console(stderr=True, markup=False, highlight=False) if options.json else console(), Control()
    parent = Path(options.out) if options.out else None
    threads = take_known(experiment, parent) if parent else None
    if known := len(experiment.results):
        terminal.print(ngettext("{n} run is there already.", "{n} runs are there already.", known).format(n=known))
    with Processes() as pool, interruptible(control):
        if experiment.left:
            way = _way(pool, experiment, options, control, threads)
            terminal.print(_said_before(experiment, way))
            if options.plan:
                return 0
            if way.threads:
                experiment.with_threads(way.threads)
            _make(pool, experiment, way, options, parent, control, terminal)
    _tell(Effects(experiment, options.metric), options, terminal)
    return int(any(result.ended.outcome in (FAILED, STOPPED) for result in experiment.results))


def _way(
    pool: Processes, experiment: Experiment, options: argparse.Namespace, control: Control, threads: int | None
) -> Way:
    """As asked for; as the runs that are there were made; or what is fastest."""
    if options.at_once or threads:
        at_once = options.at_once or max(1, pool.cores // (threads or 1))
        each = experiment.runs[0].recipe.threads or threads or (1 if at_once > 1 else None)
        return Way(min(at_once, experiment.left), each, Message("As asked for, or as the runs before."), math.nan)
    try:
        return pool.best_way(experiment.runs[0], experiment.left, control, options.instruments)
    except InputError:  # of this arm; others may be fine, and each says so itself
        return Way(1, None, Message("One run after the other."), math.nan)


def _said_before(experiment: Experiment, way: Way) -> str:
    left = ngettext("{n} run", "{n} runs", experiment.left).format(n=experiment.left)
    if not math.isnan(way.seconds):
        left += ", " + _("about {time}").format(time=duration(way.left(experiment.left)))
    return f"{left}. {way.said}"


def _make(
    pool: Processes,
    experiment: Experiment,
    way: Way,
    options: argparse.Namespace,
    parent: Path | None,
    control: Control,
    terminal: Console,
) -> None:
    own: list[Control] = []
    choosing = threading.Lock()

    def pass_on(request: Request) -> None:
        for one in own:
            one.obey(request)

    control.relay(pass_on)
    with Board(experiment, way, terminal) as board:

        def train(planned: Planned) -> RunEnded | None:
            own.append(steered := Control())
            if control.stopping:
                steered.stop()
            with choosing:
                folder = free_folder(parent, planned.place) if parent else new_folder(planned.recipe)
                try:
                    folder.mkdir(parents=True, exist_ok=True)  # the next run at this second takes another name
                except OSError as error:
                    text = N_("{folder} cannot be written: {error}. Choose another folder with --out.")
                    raise InputError(Message(text, folder=folder, error=error.strerror or error)) from None
            experiment.begun(planned, folder)
            return board.follow(planned, folder, pool.train(planned, steered, folder, options.instruments))

        run_all(experiment, train, way.at_once)


def _tell(effects: Effects, options: argparse.Namespace, terminal: Console) -> None:
    if options.json:
        print_json(as_json(effects))
    else:
        show_effects(effects, terminal)
    for name, text in ((options.csv, csv_text), (options.markdown, markdown)):
        if name:
            try:
                write(Path(name), text(effects))
            except OSError as error:
                reason = error.strerror or error
                raise InputError(Message("{path} cannot be written: {error}.", path=name, error=reason)) from None
            terminal.print(_("Written: {path}").format(path=name))
