"""`training-explorer export`: a stored run as pictures, tables and checkpoints."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from explorer.cli.commands.base import Command
from explorer.cli.running import run_named
from explorer.display import missing_for_pictures
from explorer.errors import InputError
from explorer.exports import EXPORTS, PICTURES, StoredRun, export
from explorer.i18n import N_, Message, _, ngettext
from explorer.nearest import did_you_mean
from explorer.runs import open_run
from explorer.runs.names import name_of

FORMATS = (*PICTURES, *(kind.name for kind in EXPORTS))


def _flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", metavar="RUN", help=_("folder or name of a run, or last"))
    parser.add_argument("--to", metavar="DIR", required=True)
    parser.add_argument("--replace", action="store_true", help=_("write over files that are there already"))
    parser.add_argument(
        "--format", default="png,svg,csv,pt", help=_("some of {formats}").format(formats=",".join(FORMATS))
    )


def _run(options: argparse.Namespace) -> int:
    folder = run_named(options.run_folder)
    formats = options.format.split(",")
    if unknown := [name for name in formats if name not in FORMATS]:
        raise InputError(
            Message.joined(Message("There is no format {name!r}.", name=unknown[0]), did_you_mean(unknown[0], FORMATS))
        )
    target = Path(options.to)
    written = export_run(folder, target, formats, replace=options.replace)
    n = len(written)
    print(ngettext("{n} file in {folder}", "{n} files in {folder}", n).format(n=n, folder=target))
    return 0


def export_run(run: Path, target: Path, formats: Sequence[str], replace: bool = False) -> list[Path]:
    """Write a stored run as tables, pictures and checkpoints: all of it, or nothing. Raises InputError.

    Files that are there already stay, and are named, unless they are to be replaced.
    """
    record = open_run(run)
    pictures = [name for name in formats if name in PICTURES]
    if pictures and (problem := missing_for_pictures()):
        raise InputError(problem)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".part-", dir=target) as part:
            made = export(StoredRun(run, record), Path(part), formats)
            if pictures:
                from explorer.gui.pictures import export_pictures

                with Console(stderr=True).status("") as status:
                    for path in export_pictures(record, Path(part), pictures, name_of(record, run).title, run):
                        status.update(path.name)
                        made.append(path)
            taken = [path.name for path in made if (target / path.name).exists()]
            if taken and not replace:
                text = N_("{folder} has these files already: {names}. Choose another with --to, or add --replace.")
                raise InputError(Message(text, folder=target, names=", ".join(taken)))
            return [path.replace(target / path.name) for path in made]
    except OSError as error:
        raise InputError(
            Message(
                "{folder} cannot be written: {error}. Choose another folder with --to.",
                folder=target,
                error=error.strerror or error,
            )
        ) from None


COMMAND = Command("export", lambda: _("write a stored run as pictures, tables and checkpoints"), _flags, _run)
