"""`training-explorer compare`: the runs that show what a technique does, and what came of each."""

from __future__ import annotations

import argparse

from explorer.cli.commands.base import Command
from explorer.cli.experiments import experiment_flags, run_experiment
from explorer.cli.flags import recipe_from
from explorer.cli.running import running_flags
from explorer.errors import InputError
from explorer.i18n import Message, _
from explorer.nearest import did_you_mean
from explorer.recipe import BY_NAME
from explorer.runs.experiment import Experiment
from explorer.techniques import Technique


def _flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("technique")
    running_flags(parser)
    experiment_flags(parser)
    parser.add_argument("--json", action="store_true", help=_("the results, for programs"))


def _run(options: argparse.Namespace) -> int:
    kind, recipe = _technique(options.technique), recipe_from(options)
    return run_experiment(Experiment.of_technique(recipe.technique(kind) or kind(), recipe, options.seeds), options)


def _technique(name: str) -> type[Technique]:
    """The technique called `name`. Raises InputError."""
    if name not in BY_NAME:
        raise InputError(
            Message.joined(Message("There is no technique {name!r}.", name=name), did_you_mean(name, BY_NAME))
        )
    return BY_NAME[name]


COMMAND = Command(
    "compare", lambda: _("train the runs that show what a technique does, and compare them"), _flags, _run
)
