"""From a name to images: the list of known image sets, and the one function that loads any of them."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import replace
from functools import cache
from pathlib import Path

from explorer.data import fashion, folder, gauges, named, own, pattern, rows, table
from explorer.data.base import ImageData, Source
from explorer.data.choice import DataChoice
from explorer.data.source import Found
from explorer.data.tree import Seen, unwatched
from explorer.errors import InputError
from explorer.events import Progress
from explorer.i18n import N_, Message, _
from explorer.nearest import did_you_mean

_LOADERS = {fashion.MINI: fashion.load_mini, fashion.FULL: fashion.load_full, gauges.NAME: gauges.load}


def sources() -> tuple[Source, ...]:
    """All image sets known by name, available or not. Looks at a few file names only."""
    return fashion.mini_source(), fashion.full_source(), gauges.source()


def known(name: str) -> Source | None:
    """What is known of the image set called `name`; None for a folder. Looks at a few file names only."""
    return next((source for source in sources() if source.name == name), None)


@cache
def _titles() -> dict[str, str]:
    return {source.name: source.title for source in sources()}


def title_of(name: str) -> str:
    """How people call the image set called `name`, in the language now in use; of a folder, its last part."""
    title = _titles().get(name)
    return _(title) if title else Path(name).name or name


def look(choice: DataChoice | str, seen: Seen = unwatched) -> Source:
    """What is known of the image set that is chosen, or called so, before any picture is decoded.

    Raises InputError, with what was probably meant, where there is none. A folder may take seconds; `seen` hears of it.
    """
    choice = DataChoice(name=choice) if isinstance(choice, str) else choice
    return known(choice.name) or own.source(choice.name, find(choice, seen))


def find(choice: DataChoice, seen: Seen = unwatched) -> Found:
    """The files of the pictures of one's own that `choice` names, before any is decoded. Raises InputError."""
    path = _as_path(choice.name)
    told = pattern.compiled(choice.pattern) if choice.pattern else None
    by_name = told is not None and "label" in told.fields
    if path.is_dir():
        if choice.columns or choice.root:
            text = N_("{name} is a folder; columns and root are for a table. Leave them out, or choose the table.")
            raise InputError(Message(text, name=path))
        found = named.find(path, told, seen) if told and by_name else folder.find(path, seen)
    elif by_name:
        text = N_(
            "{name} is a table, which tells the class itself. Leave {{label}} out of the pattern, or choose a folder."
        )
        raise InputError(Message(text, name=path))
    else:
        found = table.find(path, choice, seen)
    if told and not by_name:
        found = named.grouped(found, told)
    return found.ordered_as(choice.order) if choice.order else found


def load(choice: DataChoice, seed: int = 0) -> ImageData:
    """The images that `choice` names, reduced as it says; `seed` (>= 0) decides which training images stay.

    A known name wins over a folder of the same name; write "./gauges" for the folder.
    Raises InputError, naming the thing and the remedy, for an unknown name, missing or damaged files, or
    more images than there are.
    """
    steps = loading(choice, seed)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            data: ImageData = end.value
            return data


def loading(choice: DataChoice, seed: int = 0) -> Generator[Progress, None, ImageData]:
    """As `load`, saying how far it is; closing the iterator cancels."""
    if seed < 0:
        raise InputError(Message("The seed is {seed}; it must be 0 or more.", seed=seed))
    if choice.name in _LOADERS:
        data = _LOADERS[choice.name](choice, seed)
        notes = []
        if choice.view != DataChoice().view:
            text = N_("Size, fit and colour are for pictures of one's own; “{data}” keeps its own.")
            notes.append(Message(text, data=choice.name))
        if choice.place != DataChoice(name=choice.name).place:
            text = N_("“{data}” is known by name: how pictures of one's own are found does not matter to it.")
            notes.append(Message(text, data=choice.name))
        return replace(data, notes=(*data.notes, *notes))
    return (yield from own.loading(find(choice), choice, seed))


def _as_path(name: str) -> Path:
    """The folder or the table called `name`. Raises InputError if there is none."""
    try:
        path = Path(name).expanduser()
        if path.is_dir() or (path.is_file() and rows.is_table(path)):
            return path
        is_file = path.exists()
    except (OSError, RuntimeError, ValueError):  # too long, not permitted, unknown ~user
        is_file = False
    if is_file:
        text = N_("{name} is a file. Choose a folder of pictures, or a table that names them ({suffixes}).")
        raise InputError(Message(text, name=name, suffixes=", ".join(sorted(rows.SUFFIXES))))
    known = ", ".join(_LOADERS)
    if os.sep in name or "/" in name:
        raise InputError(
            Message(
                "There is no folder or table {name}. Check the path, or choose one of: {known}.", name=name, known=known
            )
        )
    what = Message("“{name}” is neither a known image set nor a folder.", name=name)
    raise InputError(Message.joined(what, did_you_mean(name, _LOADERS, everything=True)))
