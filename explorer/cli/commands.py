"""The command line. Its flags follow from the declarations of recipe and techniques."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.table import Table

from explorer.cli.compare import run_experiment
from explorer.cli.flags import Parser, allowed, recipe_flags, recipe_from, text_of
from explorer.cli.terminal import console, print_events, print_json, show
from explorer.data import sources
from explorer.display import missing_for_pictures
from explorer.errors import InputError
from explorer.events import DIVERGED, FAILED, Event, RunEnded, RunStarted
from explorer.exports import EXPORTS, StoredRun, export
from explorer.i18n import N_, _
from explorer.nearest import did_you_mean
from explorer.networks import BACKBONES, NETWORKS, Network, Pretrained
from explorer.optimizers import OPTIMIZERS, Optimizer
from explorer.recipe import BY_NAME, CHOICES, Recipe
from explorer.runs import RunStore, list_runs, new_folder, open_run, runs_folder
from explorer.runs.experiment import Experiment, Place, Planned, keep_place
from explorer.runs.names import name_of
from explorer.runs.store import CHECKPOINTS
from explorer.techniques import TECHNIQUES, Technique

if TYPE_CHECKING:
    from explorer.training.control import Control

PICTURES = ("png", "svg")
FORMATS = (*PICTURES, *(kind.name for kind in EXPORTS))
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


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 failure, 2 bad input."""
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options))
    except InputError as error:
        print(_("Error: {error}").format(error=error), file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of our output has gone, as in `… | head`
        sys.stderr.close()
        return 0


def train_without_display() -> int:
    """The default experiment in the terminal, and everything of it in a folder."""
    print(_("No display here: training the default experiment in this terminal instead of a window."), flush=True)
    recipe = Recipe()
    folder = new_folder(recipe)
    try:
        code = _code(_train(recipe, folder, "default", as_json=False))
        _export(folder, folder, (*PICTURES, "csv"))
    except InputError as error:
        print(_("Error: {error}").format(error=error), file=sys.stderr)
        return 2
    print(_("Everything is in {folder}").format(folder=folder))
    return code


# train


def _run_train(options: argparse.Namespace) -> int:
    resume = _checkpoint(options.resume) if options.resume else None
    recipe = recipe_from(options, _recipe_of(resume) if resume and not options.recipe else None)
    folder = Path(options.out) if options.out else new_folder(recipe)
    code = _code(_train(recipe, folder, options.instruments, options.json, resume))
    if not options.json:
        print(_("The run is in {folder}").format(folder=folder))
    return code


def _train(
    recipe: Recipe,
    folder: Path,
    instruments: str,
    as_json: bool,
    resume: Path | None = None,
    place: Place | None = None,
) -> RunEnded | None:
    """Train into `folder`, showing events as they come; how it ended."""
    from explorer.training.control import Control
    from explorer.training.loop import train

    control = Control()
    with RunStore(folder, recipe) as store, _interruptible(control):
        events = store.recorded(
            train(recipe, instruments=instruments, control=control, checkpoints=store.checkpoints, resume=resume)
        )
        if place:
            events = _placed(events, folder, place)
        return print_events(events) if as_json else show(events)


def _placed(events: Iterator[Event], folder: Path, place: Place) -> Iterator[Event]:
    """`events`, and once the run has begun its `place` in its folder."""
    for event in events:
        if isinstance(event, RunStarted):
            keep_place(folder, place)
        yield event


def _code(ended: RunEnded | None) -> int:
    return 1 if ended is None or ended.outcome in (FAILED, DIVERGED) else 0


def _checkpoint(text: str) -> Path:
    """The last checkpoint of the run that `text` names, or the file. Raises InputError."""
    path = Path(text)
    if path.is_file():
        return path
    folder = _run_named(text)
    open_run(folder)  # says what is wrong with it
    return folder / CHECKPOINTS / "last.pt"


def _recipe_of(path: Path) -> Recipe:
    """The recipe under which a checkpoint was written, with all that was changed while it ran. Raises InputError."""
    from explorer.training import checkpoint

    recipe = checkpoint.read(path).get("recipe")
    if not isinstance(recipe, str):
        raise InputError(_("{path} is not of a run: it holds no recipe. Give a recipe file, too.").format(path=path))
    return Recipe.from_json(recipe, str(path))


def _run_named(text: str) -> Path:
    """The folder of a run: `text` itself, the newest for "last", or one of that name in the user's folder of runs."""
    if Path(text).exists():
        return Path(text)
    return list_runs()[0] if text == "last" and list_runs() else runs_folder() / text


@contextmanager
def _interruptible(control: Control) -> Iterator[None]:
    """Ctrl-C or a polite kill stops the run within a batch; a second one ends the program at once."""

    def stop(number: int, _frame: object) -> None:
        control.stop()
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# compare


def _run_compare(options: argparse.Namespace) -> int:
    """Train the runs that show what a technique does, one after the other, and say how each ended."""
    kind, recipe = _technique(options.technique), recipe_from(options)

    def train(planned: Planned, folder: Path) -> RunEnded | None:
        return _train(planned.recipe, folder, options.instruments, as_json=False, place=planned.place)

    experiment = Experiment(recipe.technique(kind) or kind(), recipe, options.seeds)
    return run_experiment(experiment, options.out, train)


def _technique(name: str) -> type[Technique]:
    """The technique called `name`. Raises InputError."""
    if name not in BY_NAME:
        raise InputError(_("There is no technique {name!r}.").format(name=name) + did_you_mean(name, BY_NAME))
    return BY_NAME[name]


# list, describe, export


def _run_list(options: argparse.Namespace) -> int:
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
            rows = [{"name": kind.name, "description": _(kind.title)} for kind in EXPORTS]
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


def _run_describe(options: argparse.Namespace) -> int:
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
        text = _("There is no technique, network or optimizer {name!r}.").format(name=name)
        raise InputError(text + did_you_mean(name, found))
    return found[name]


def _run_doctor(_options: argparse.Namespace) -> int:
    from explorer.cli.doctor import examine

    return examine()


def _run_export(options: argparse.Namespace) -> int:
    folder = _run_named(options.run_folder)
    formats = options.format.split(",")
    if unknown := [name for name in formats if name not in FORMATS]:
        raise InputError(_("There is no format {name!r}.").format(name=unknown[0]) + did_you_mean(unknown[0], FORMATS))
    target = Path(options.to)
    written = _export(folder, target, formats, replace=options.replace)
    print(_("{n} files in {folder}").format(n=len(written), folder=target))
    return 0


def _export(run: Path, target: Path, formats: Sequence[str], replace: bool = False) -> list[Path]:
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

                made += export_pictures(record, Path(part), pictures, name_of(record, run).title)
            taken = [path.name for path in made if (target / path.name).exists()]
            if taken and not replace:
                text = _("{folder} has these files already: {names}. Choose another with --to, or add --replace.")
                raise InputError(text.format(folder=target, names=", ".join(taken)))
            return [path.replace(target / path.name) for path in made]
    except OSError as error:
        raise InputError(
            _("{folder} cannot be written: {error}. Choose another folder with --to.").format(
                folder=target, error=error.strerror or error
            )
        ) from None


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="training-explorer",
        description=_("See the techniques that make deep learning train. Without a command: the window."),
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(required=True, metavar=_("COMMAND"))

    train = commands.add_parser("train", help=_("train a recipe in the terminal"), allow_abbrev=False)
    train.set_defaults(run=_run_train)
    _running(train)
    train.add_argument("--json", action="store_true", help=_("one event per line on standard output"))
    train.add_argument(
        "--resume", metavar="RUN", help=_("go on from a run or a checkpoint, with its recipe; into a new folder")
    )

    compare = commands.add_parser(
        "compare", help=_("train the runs that show what a technique does, and compare them"), allow_abbrev=False
    )
    compare.set_defaults(run=_run_compare)
    compare.add_argument("technique")
    _running(compare)
    compare.add_argument(
        "--seeds", type=_seeds, default=1, metavar="N", help=_("runs of each arm, with seeds from the recipe's on")
    )

    listing = commands.add_parser(
        "list", help=_("list techniques, networks, optimizers, data, formats of export or runs"), allow_abbrev=False
    )
    listing.set_defaults(run=_run_list)
    listing.add_argument("what", choices=("techniques", "networks", "optimizers", "data", "exports", "runs"))
    listing.add_argument("--json", action="store_true")

    describe = commands.add_parser(
        "describe", help=_("explain a technique, a network or an optimizer"), allow_abbrev=False
    )
    describe.set_defaults(run=_run_describe)
    describe.add_argument("name")

    doctor = commands.add_parser("doctor", help=_("say what a report of a fault needs, and find the usual troubles"))
    doctor.set_defaults(run=_run_doctor)

    exporting = commands.add_parser("export", help=_("write a stored run as pictures, tables and checkpoints"))
    exporting.set_defaults(run=_run_export)
    exporting.add_argument("run_folder", metavar="RUN", help=_("folder or name of a run, or last"))
    exporting.add_argument("--to", metavar="DIR", required=True)
    exporting.add_argument("--replace", action="store_true", help=_("write over files that are there already"))
    exporting.add_argument(
        "--format", default="png,svg,csv,pt", help=_("some of {formats}").format(formats=",".join(FORMATS))
    )
    return parser


def _seeds(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(_("{given} is not a whole number from 1 to 100").format(given=text))
    return int(text)


def _running(parser: argparse.ArgumentParser) -> None:
    """What can be said of a run, or of several."""
    parser.add_argument("recipe", nargs="?", help=_("recipe file; default: the default experiment"))
    parser.add_argument(
        "--out", metavar="DIR", help=_("folder to write to; default: new ones in the user's data folder")
    )
    parser.add_argument(
        "--instruments", choices=("default", "none", "all"), default="default", help=_("what is watched")
    )
    recipe_flags(parser)
