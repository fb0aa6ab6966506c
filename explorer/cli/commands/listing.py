"""`training-explorer list`: what there is, of each kind."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rich.table import Table

from explorer.cli.commands.base import Command
from explorer.cli.terminal import console, print_json
from explorer.data import sources
from explorer.errors import InputError
from explorer.exports import EXPORTS, PICTURES
from explorer.i18n import N_, _
from explorer.networks import BACKBONES, NETWORKS, Network, Pretrained
from explorer.optimizers import OPTIMIZERS, Optimizer
from explorer.runs import list_runs, open_run, runs_folder
from explorer.techniques import TECHNIQUES

COLUMNS = {
    "name": N_("name"),
    "title": N_("title"),
    "parameters": N_("parameters"),
    "group": N_("group"),
    "summary": N_("what it does"),
    "description": N_("description"),
    "classes": N_("classes"),
    "available": N_("on this machine"),
    "remedy": N_("how to get it"),
    "data": N_("data"),
    "epochs": N_("epochs"),
    "accuracy": N_("accuracy"),
    "ended": N_("ended"),
}


def _flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("techniques", "networks", "optimizers", "data", "exports", "runs"))
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> int:
    rows: list[dict[str, Any]]
    match options.what:
        case "techniques":
            rows = [
                {"name": t.name, "group": _(t.group), "summary": _(t.summary)}
                | ({"parameters": t.model_json_schema()["properties"]} if options.json else {})
                for t in TECHNIQUES
            ]
        case "networks":
            rows = [_kind_row(kind) for kind in NETWORKS]
            rows += [
                {"name": b.name, "title": b.title, "summary": _(b.weights), "parameters": Pretrained} for b in BACKBONES
            ]
        case "optimizers":
            rows = [_kind_row(kind) for kind in OPTIMIZERS]
        case "data":
            rows = [
                {"name": s.name, "description": _(s.description), "classes": len(s.classes), "available": s.available}
                | {"remedy": s.remedy}
                for s in sources()
            ]
        case "exports":
            rows = [{"name": name, "description": _(title)} for name, title in PICTURES.items()]
            rows += [{"name": kind.name, "description": _(kind.title)} for kind in EXPORTS]
        case _:
            rows = [_run_row(folder) for folder in list_runs()]
            if not rows and not options.json:
                print(_("No runs yet in {folder}.").format(folder=runs_folder()))
                return 0
    for row in rows if options.what in ("networks", "optimizers") else ():
        kind = row.pop("parameters")
        own = {name: schema for name, schema in kind.model_json_schema()["properties"].items() if name != "kind"}
        row["parameters"] = own if options.json else ", ".join(own)
    if options.json:
        print_json(json.dumps(rows, ensure_ascii=False, indent=2))
        return 0
    table = Table()
    for name in rows[0]:
        table.add_column(_(COLUMNS[name]))
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console().print(table)
    return 0


def _kind_row(kind: type[Network] | type[Optimizer]) -> dict[str, Any]:
    return {"name": kind.key(), "title": _(kind.title), "summary": _(kind.summary), "parameters": kind}


def _run_row(folder: Path) -> dict[str, Any]:
    try:
        record = open_run(folder)
    except InputError as error:
        return {"name": folder.name, "data": "", "epochs": "", "accuracy": "", "ended": str(error)}
    best = max(record.metric("validation", "accuracy"), default=float("nan"))
    return {
        "name": folder.name,
        "data": record.recipe.get("data", {}).get("name", ""),
        "epochs": len(record.epochs),
        "accuracy": None if best != best else round(best, 4),
        "ended": record.ended.outcome if record.ended else _("cut off"),
    }


COMMAND = Command(
    "list", lambda: _("list techniques, networks, optimizers, data, formats of export or runs"), _flags, _run
)
