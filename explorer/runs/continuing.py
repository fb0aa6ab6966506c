"""An experiment goes on: runs of it that a folder holds already are taken as they are."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from explorer.errors import InputError
from explorer.events import DIVERGED, FINISHED, RunEnded
from explorer.recipe import Recipe
from explorer.runs.experiment import Experiment
from explorer.runs.names import file_name
from explorer.runs.place import Place, keep_place
from explorer.runs.store import RECIPE, list_runs, stored_events


def take_known(experiment: Experiment, parent: Path) -> int | None:
    """Take those runs that ended in a folder within `parent`, known by their recipes; their threads, if there are any.

    They belong to this experiment from now on, also where they were made for one with fewer seeds or arms. A run that
    was stopped, cut off or failed stays where it is, and is made anew.
    """
    known = {_apart_from_threads(recipe): folder for folder, recipe in _recipes(parent)}
    threads = None
    for planned in experiment.runs:
        folder = known.get(_apart_from_threads(planned.recipe))
        if folder and (ended := _end(folder)) and ended.outcome in (FINISHED, DIVERGED):
            keep_place(folder, planned.place)
            experiment.ended(planned, ended, folder)
            threads = Recipe.read(folder / RECIPE).threads
    return threads


def free_folder(parent: Path, place: Place) -> Path:
    """Within `parent`, called by what the run is; with a number where that is taken."""
    name, n = file_name(place.said), 1
    while (folder := parent / (name if n == 1 else f"{name}-{n}")).exists():
        n += 1
    return folder


def _recipes(parent: Path) -> list[tuple[Path, Recipe]]:
    """Oldest first, so that of several runs of a recipe the newest counts."""
    found = []
    for folder in reversed(list_runs(parent)):
        with suppress(InputError):
            found.append((folder, Recipe.read(folder / RECIPE)))
    return found


def _apart_from_threads(recipe: Recipe) -> str:
    return recipe.with_(threads=None).to_json()


def _end(folder: Path) -> RunEnded | None:
    with suppress(sqlite3.Error, ValueError, TypeError, OSError):
        for event in stored_events(folder, (RunEnded.__name__,)):
            if isinstance(event, RunEnded):
                return event
    return None
