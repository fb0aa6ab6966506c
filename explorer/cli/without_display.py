"""The start command where there is no display."""

from __future__ import annotations

import sys

from explorer.cli.commands.export import export_run
from explorer.cli.running import exit_code, train_into
from explorer.errors import InputError
from explorer.i18n import _
from explorer.recipe import Recipe
from explorer.runs import new_folder


def train_without_display() -> int:
    """The default experiment in the terminal, and everything of it in a folder."""
    print(_("No display here: training the default experiment in this terminal instead of a window."), flush=True)
    recipe = Recipe()
    folder = new_folder(recipe)
    try:
        code = exit_code(train_into(recipe, folder, "default", as_json=False))
        export_run(folder, folder, ("png", "svg", "csv"))
    except InputError as error:
        print(_("Error: {error}").format(error=error), file=sys.stderr)
        return 2
    print(_("Everything is in {folder}").format(folder=folder))
    return code
