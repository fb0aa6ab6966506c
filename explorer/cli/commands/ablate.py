"""`training-explorer ablate`: which techniques of a recipe matter, or which value of a setting suits it."""

from __future__ import annotations

import argparse

from explorer.cli.commands.base import Command
from explorer.cli.experiments import experiment_flags, run_experiment
from explorer.cli.flags import recipe_from
from explorer.cli.running import running_flags
from explorer.cli.terminal import console
from explorer.errors import InputError
from explorer.i18n import N_, Message, _
from explorer.recipe import Recipe
from explorer.runs.ablation import MODES, MOST_COMBINED, ablation, combined
from explorer.runs.experiment import Experiment


def _flags(parser: argparse.ArgumentParser) -> None:
    running_flags(parser)
    experiment_flags(parser, seeds=3)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--mode",
        choices=MODES,
        default="off",
        help=_("each technique that is on switched off alone, each that is off switched on alone, or all of them"),
    )
    what.add_argument(
        "--combine", metavar="A,B", help=_("all combinations of up to {n} techniques").format(n=MOST_COMBINED)
    )
    what.add_argument(
        "--values",
        metavar="NAME=A,B",
        action="append",
        help=_("values of a setting, such as lr=0.02,0.1,0.5; twice for every pair of two settings"),
    )
    parser.add_argument("--json", action="store_true", help=_("the results, for programs"))


def _run(options: argparse.Namespace) -> int:
    return run_experiment(_experiment(options, recipe_from(options)), options)


def _experiment(options: argparse.Namespace, recipe: Recipe) -> Experiment:
    """Raises InputError."""
    if options.combine:
        return combined(recipe, tuple(options.combine.split(",")), options.seeds)
    if options.values:
        return Experiment.of_values(recipe, dict(map(_values, options.values)), options.seeds)
    experiment, left_out = ablation(recipe, options.mode, options.seeds)
    for one in left_out if not options.json else ():
        console().print(_("Left out: {arm}. {reason}").format(arm=one.label, reason=one.reason))
    return experiment


def _values(text: str) -> tuple[str, list[str]]:
    name, equals, values = text.partition("=")
    if not (equals and name and all(values.split(","))):
        wanted = N_("--values takes a setting and its values, such as lr=0.02,0.1,0.5, not {given!r}.")
        raise InputError(Message(wanted, given=text))
    return name, values.split(",")


COMMAND = Command(
    "ablate", lambda: _("find out which techniques of a recipe matter, or which values suit it"), _flags, _run
)
