"""`training-explorer lesson`: the lessons that there are, and what is wrong in one of one's own."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.table import Table

from explorer.cli.commands.base import Command
from explorer.cli.terminal import console, print_json
from explorer.i18n import _, ngettext


def _flags(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="what", required=True, metavar=_("WHAT"))
    listing = words.add_parser("list", help=_("the lessons that come with the program"))
    listing.add_argument("--json", action="store_true", help=_("for programs"))
    check = words.add_parser("check", help=_("say what is wrong in lesson files, with the line and the remedy"))
    check.add_argument("files", nargs="+", metavar="FILE", type=Path)


def _run(options: argparse.Namespace) -> int:
    return {"list": _list, "check": _check}[options.what](options)


def _list(options: argparse.Namespace) -> int:
    from explorer.lessons import shipped

    rows = [
        {
            "name": lesson.name,
            "title": str(lesson.title),
            "goal": str(lesson.goal),
            "minutes": lesson.minutes,
            "steps": len(lesson.step),
            "claims": [claim.name for claim in lesson.claim],
        }
        for lesson in shipped()
    ]
    if options.json:
        print_json(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    table = Table()
    for column in (_("name"), _("title"), _("minutes"), _("steps")):
        table.add_column(column)
    for row in rows:
        table.add_row(*(str(row[key]) for key in ("name", "title", "minutes", "steps")))
    console().print(table)
    return 0


def _check(options: argparse.Namespace) -> int:
    from explorer.lessons import read

    for path in options.files:
        lesson = read(path)
        steps = ngettext("{n} step", "{n} steps", len(lesson.step)).format(n=len(lesson.step))
        claims = ngettext("{n} claim", "{n} claims", len(lesson.claim)).format(n=len(lesson.claim))
        print(_("{file} is a good lesson: {steps}, {claims}.").format(file=path.name, steps=steps, claims=claims))
    return 0


COMMAND = Command("lesson", lambda: _("list, check and play lessons"), _flags, _run)
