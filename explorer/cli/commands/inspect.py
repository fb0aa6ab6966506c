"""`training-explorer inspect`: what an image set holds and what is odd about it, before anybody trains on it.

With --json one object on standard output; keys stay, new ones may come; texts are in the language in use:

    data          as given
    root          where the classes lie; null for a set known by name
    layout        how labels are told, a text
    pictures      how many there are
    classes       [{name, pictures, training, validation, test, free}]; free: in no part of its own, divided here
    ordered       whether classes are quantities in rising order
    groups        null, or {count, largest, without}: groups that stay together, pictures of the largest, and of none
    skipped       [{reason, count, names}]
    sizes         null, or {looked_at, smallest, median, largest: [width, height], formats, modes: {name: count}}
    view          null, or {size, fit, colour, cut, detail, bars, stretched, lost, enlarged}; shares from 0 to 1, means
    decoded       how many of the pictures were decoded for what follows
    division      null if not all were decoded, or {training, validation, test, left_out}
    findings      [{kind, text, names}]; kind is one of explorer.data.findings.Kind
    notes         [text]: what else is to be known
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Generator
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from explorer import events
from explorer.cli.commands.base import Command
from explorer.cli.flags import data_flags, recipe_from
from explorer.cli.terminal import console, print_json
from explorer.data import DataChoice, find, known, load
from explorer.data.findings import Finding, imbalance
from explorer.data.inspection import Sizes, examined, sample, sizes, small
from explorer.data.source import FREE, TEST, TRAINING, VALIDATION, Found
from explorer.data.view import View
from explorer.i18n import N_, Message, _
from explorer.recipe import Recipe

T = TypeVar("T")

DECODED = 5000
"""Pictures that are decoded unless all are asked for: some ten seconds."""
PARTS = {"training": TRAINING, "validation": VALIDATION, "test": TEST, "free": FREE}
COLUMNS = {
    "name": N_("class"),
    "pictures": N_("pictures"),
    "training": N_("training"),
    "validation": N_("validation"),
    "test": N_("test"),
    "free": N_("to divide"),
}


def _flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", metavar="DATA", help=_("name of an image set, a folder or a table"))
    parser.add_argument("--json", action="store_true", help=_("one JSON object on standard output"))
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument("--all", action="store_true", help=_("decode all pictures, however many"))
    depth.add_argument("--no-decoding", action="store_true", help=_("look at names and headers of files only"))
    data_flags(parser)


def _run(options: argparse.Namespace) -> int:
    setattr(options, "set.data.name", options.data)
    choice = recipe_from(options, Recipe()).data
    told = _of_known(choice) if known(choice.name) else _of_own(choice, options)
    if options.json:
        print_json(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print(told)
    return 0


def _of_known(choice: DataChoice) -> dict[str, Any]:
    """What is told of an image set known by name."""
    data = load(choice)
    counts = [
        np.bincount(split.labels.numpy(), minlength=len(data.classes)).tolist()
        for split in (data.training, data.validation, data.test)
    ]
    rows = [
        {"name": _(name), "pictures": sum(of), **dict(zip(PARTS, (*of, 0), strict=True))}
        for name, *of in zip(data.classes, *counts, strict=True)
    ]
    findings = tuple(imbalance(data.classes, np.array(counts[0], np.int64)))
    nothing = dict.fromkeys(("root", "groups", "sizes", "view", "division"))
    return nothing | {
        "data": choice.name,
        "layout": _("known by name"),
        "pictures": sum(map(sum, counts)),
        "classes": rows,
        "ordered": data.ordered,
        "skipped": [],
        "decoded": 0,
        "findings": _told(findings),
        "notes": list(map(str, data.notes)),
    }


def _of_own(choice: DataChoice, options: argparse.Namespace) -> dict[str, Any]:
    """What is told of a folder or a table."""
    found, view = find(choice), choice.view
    about = sizes(found, view)
    findings = tuple(small(about, view)) if about else ()
    decoded, division = 0, None
    said: tuple[Message, ...] = ()
    if not options.no_decoding:
        some = found if options.all else sample(found, DECODED)
        decoded = len(some.paths)
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(_("Looking at pictures"), total=decoded)
            counts, odd, said = _watched(examined(some, choice), lambda done: bar.update(task, completed=done))
        findings += odd
        if decoded == len(found.paths):
            division = counts | {"left_out": decoded - sum(counts.values())}
    else:
        findings += tuple(imbalance(found.classes, np.bincount(found.labels, minlength=len(found.classes))))
    return {
        "data": choice.name,
        "root": str(found.root),
        "layout": str(found.layout),
        "pictures": len(found.paths),
        "classes": _classes(found),
        "ordered": found.ordered,
        "groups": _groups(found),
        "skipped": [
            {"reason": str(one.reason), "count": one.count, "names": list(one.names)} for one in found.passed_over
        ],
        "sizes": about and _sizes(about),
        "view": about and _view(about, view),
        "decoded": decoded,
        "division": division,
        "findings": _told(findings),
        "notes": list(map(str, (*found.notes, *said))),
    }


def _watched(steps: Generator[events.Progress, None, T], tell: Callable[[int], None]) -> T:
    """What `steps` come to; `tell` hears how many pictures are done."""
    while True:
        try:
            tell(next(steps).done)
        except StopIteration as end:
            value: T = end.value
            return value


def _classes(found: Found) -> list[dict[str, Any]]:
    rows = []
    for label, name in enumerate(found.classes):
        parts = found.parts[found.labels == label]
        counts = {key: int((parts == part).sum()) for key, part in PARTS.items()}
        rows.append({"name": name, "pictures": len(parts), **counts})
    return rows


def _groups(found: Found) -> dict[str, int] | None:
    if not found.groups:
        return None
    names, counts = np.unique([name for name in found.groups if name], return_counts=True)
    return {"count": len(names), "largest": int(counts.max(initial=0)), "without": found.groups.count("")}


def _sizes(about: Sizes) -> dict[str, Any]:
    keys = ("looked_at", "smallest", "median", "largest", "formats", "modes")
    return {key: getattr(about, key) for key in keys}


def _view(about: Sizes, view: View) -> dict[str, Any]:
    shares = {**about.loss._asdict(), "lost": about.loss.lost, "enlarged": about.enlarged}
    return view._asdict() | {key: round(value, 4) for key, value in shares.items()}


def _told(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    return [{"kind": str(one.kind), "text": str(one.text), "names": list(one.names)} for one in findings]


# For people


def _print(told: dict[str, Any]) -> None:
    terminal = console()
    terminal.print(f"{told['root'] or told['data']}: {told['layout']}")
    table = Table()
    columns = [key for key in COLUMNS if key in ("name", "pictures") or any(row[key] for row in told["classes"])]
    for key in columns:
        table.add_column(_(COLUMNS[key]), justify="left" if key == "name" else "right")
    for row in told["classes"]:
        table.add_row(*(str(row[key]) for key in columns))
    if len(told["classes"]) > 1:
        table.add_section()
        sums = [str(sum(row[key] for row in told["classes"])) for key in columns[1:]]
        table.add_row(_("together"), *sums)
    terminal.print(table)
    for line in _lines(told):
        terminal.print(line)


def _lines(told: dict[str, Any]) -> list[str]:
    lines = []
    if groups := told["groups"]:
        text = _("{count} groups, of {largest} pictures at most, each kept in one part; {without} pictures in none.")
        lines.append(text.format(**groups))
    if about := told["sizes"]:
        sides = {key: "{} × {}".format(*about[key]) for key in ("smallest", "median", "largest")}
        text = _("Pixels: {smallest} to {largest}, mostly about {median}. Files: {files}.")
        files = ", ".join(f"{count} × {name}" for name, count in (about["formats"] | about["modes"]).items())
        lines.append(text.format(**sides, files=files))
    if view := told["view"]:
        lines.append(_view_in_words(view))
    if division := told["division"]:
        text = _(
            "Divided: {training} to train on, {validation} for validation, {test} for the test; {left_out} left out."
        )
        lines.append(text.format(**division))
    if told["skipped"]:
        lines.append(_("Passed over:"))
        for one in told["skipped"]:
            names = [*one["names"][:5], *(["…"] if len(one["names"]) > 5 else [])]
            lines.append(f"  {one['count']:>5}  {one['reason']}: {', '.join(names)}")
    lines += told["notes"]
    lines += [f"! {one['text']}" for one in told["findings"]]
    if told["decoded"] and told["decoded"] < told["pictures"]:
        text = _("{decoded} of {pictures} pictures were decoded; --all takes all.")
        lines.append(text.format(**told))
    return lines


def _view_in_words(view: dict[str, Any]) -> str:
    what = {"crop": N_("the middle cut out"), "pad": N_("whole between bars"), "stretch": N_("stretched")}[view["fit"]]
    text = Message(
        "As {size} × {size} pixels, {fit}: {cut} % of their area is cut off, {bars} % is bars, and {lost} % of their "
        "pixels are lost.",
        size=view["size"],
        fit=Message(what),
        **{key: f"{100 * view[key]:.0f}" for key in ("cut", "bars", "lost")},
    )
    return str(text)


COMMAND = Command("inspect", lambda: _("say what an image set holds, and what is odd about it"), _flags, _run)
