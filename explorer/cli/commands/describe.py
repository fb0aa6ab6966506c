"""`training-explorer describe`: the manual of a technique, a network or an optimizer, and its flags."""

from __future__ import annotations

import argparse
from typing import Any

from rich.table import Table

from explorer.cli.commands.base import Command
from explorer.cli.flags import allowed, text_of
from explorer.cli.terminal import console
from explorer.errors import InputError
from explorer.i18n import Message, _
from explorer.nearest import did_you_mean
from explorer.networks import BACKBONES, Pretrained
from explorer.recipe import BY_NAME, CHOICES


def _flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name")


def _run(options: argparse.Namespace) -> int:
    prefix, kind = _described(options.name)
    print(f"{_(kind.title)} — {_(kind.summary)}\n")
    print(_(kind.manual()) + "\n")
    table = Table(title=_("Parameters"))
    for column in (_("flag"), _("default"), _("allowed"), _("what it does")):
        table.add_column(column)
    for field, info in kind.model_fields.items():
        if field != "kind" or prefix == options.name:
            flag, what = f"--{prefix}.{field}", _(info.description or "")
            table.add_row(flag, text_of(info.default), allowed(kind, field), what)
    console().print(table)
    return 0


def _described(name: str) -> tuple[str, type[Any]]:
    """What is called `name`, and what its flags begin with. Raises InputError."""
    found: dict[str, tuple[str, type[Any]]] = {key: (key, kind) for key, kind in BY_NAME.items()}
    for choice, kinds in CHOICES.items():
        found |= {key: (choice, kind) for key, kind in kinds.items()}
    found |= {backbone.name: ("network", Pretrained) for backbone in BACKBONES}
    if name not in found:
        text = Message("There is no technique, network or optimizer {name!r}.", name=name)
        raise InputError(Message.joined(text, did_you_mean(name, found)))
    return found[name]


COMMAND = Command("describe", lambda: _("explain a technique, a network or an optimizer"), _flags, _run)
