"""`training-explorer train`: a recipe in the terminal."""

from __future__ import annotations

import argparse
from pathlib import Path

from explorer.cli.commands.base import Command
from explorer.cli.experiments import experiment_flags, run_experiment
from explorer.cli.flags import recipe_from
from explorer.cli.running import exit_code, run_named, running_flags, train_into, train_on
from explorer.errors import InputError
from explorer.i18n import Message, _
from explorer.recipe import Recipe
from explorer.runs import new_folder, open_run
from explorer.runs.experiment import Experiment
from explorer.runs.store import CHECKPOINTS
from explorer.session.going_on import recipe_at_checkpoint


def _flags(parser: argparse.ArgumentParser) -> None:
    running_flags(parser)
    experiment_flags(parser)
    parser.add_argument(
        "--json",
        action="store_true",
        help=_("one event per line on standard output; with several seeds the results instead"),
    )
    parser.add_argument(
        "--resume",
        metavar="RUN",
        help=_("go on with a run where it left off; with --out, or from a checkpoint, as a new run with what changes"),
    )


def _run(options: argparse.Namespace) -> int:
    if options.resume and not options.out and not Path(options.resume).is_file():
        return _go_on(run_named(options.resume), options)
    resume = _checkpoint(options.resume) if options.resume else None
    recipe = recipe_from(options, _recipe_of(resume) if resume and not options.recipe else None)
    if options.seeds > 1:
        if resume:
            raise InputError(
                Message("--resume goes on from one run; several seeds begin afresh. Leave one of them out.")
            )
        return run_experiment(Experiment.of_recipe(recipe, options.seeds), options)
    folder = Path(options.out) if options.out else new_folder(recipe)
    code = exit_code(train_into(recipe, folder, options.instruments, options.json, resume))
    if not options.json:
        print(_("The run is in {folder}").format(folder=folder))
    return code


def _go_on(folder: Path, options: argparse.Namespace) -> int:
    """In its own folder, as if it had never been interrupted. Raises InputError."""
    open_run(folder)  # says what is wrong with it
    recipe = recipe_from(options, None if options.recipe else recipe_at_checkpoint(folder))
    code = exit_code(train_on(folder, recipe, options.instruments, options.json))
    if not options.json:
        print(_("The run is in {folder}").format(folder=folder))
    return code


def _checkpoint(text: str) -> Path:
    """The last checkpoint of the run that `text` names, or the file. Raises InputError."""
    path = Path(text)
    if path.is_file():
        return path
    folder = run_named(text)
    open_run(folder)  # says what is wrong with it
    return folder / CHECKPOINTS / "last.pt"


def _recipe_of(path: Path) -> Recipe:
    """The recipe under which a checkpoint was written, with all that was changed while it ran. Raises InputError."""
    from explorer.training import checkpoint

    recipe = checkpoint.read(path).get("recipe")
    if not isinstance(recipe, str):
        raise InputError(Message("{path} is not of a run: it holds no recipe. Give a recipe file, too.", path=path))
    return Recipe.from_json(recipe, str(path))


COMMAND = Command("train", lambda: _("train a recipe in the terminal"), _flags, _run)
