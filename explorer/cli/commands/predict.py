"""`training-explorer predict`: what a trained network makes of pictures, and where it looked."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import track

from explorer import files
from explorer.cli.commands.base import Command
from explorer.cli.running import run_named
from explorer.cli.terminal import print_json
from explorer.data.names import natural
from explorer.data.overlay import enlarged, overlaid
from explorer.data.source import listed, printable
from explorer.data.tree import tree
from explorer.errors import InputError
from explorer.i18n import N_, NOTHING, Message, _
from explorer.nearest import did_you_mean

if TYPE_CHECKING:
    from explorer.training.predicting import Prediction
    from explorer.training.trained import Trained

CAM_PIXELS = 224
"""Each side of a picture with its heat map, at least."""


def _flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", metavar="RUN", help=_("folder or name of a run, last, or a checkpoint"))
    parser.add_argument("pictures", metavar="IMAGE|FOLDER", nargs="+", help=_("pictures, or folders of them"))
    parser.add_argument("--top", type=_number, default=3, metavar="K", help=_("classes to name, the likeliest first"))
    parser.add_argument(
        "--cam", metavar="DIR", help=_("write each picture with what the network looked at (Grad-CAM) to this folder")
    )
    parser.add_argument(
        "--class", dest="chosen", metavar="CLASS", help=_("what speaks for this class, instead of the likeliest one")
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help=_("one picture per line, with all probabilities"))
    form.add_argument("--csv", action="store_true", help=_("a table with all probabilities"))


def _number(text: str) -> int:
    """Of classes. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(_("{given} is not a whole number from 1 on").format(given=text))
    return int(text)


def _run(options: argparse.Namespace) -> int:
    from explorer.training.predicting import predictions
    from explorer.training.trained import load_trained

    paths = dict(_found(options.pictures))
    given = Path(options.run_folder)
    trained = load_trained(given if given.is_file() else run_named(options.run_folder))
    chosen = _class(trained, options.chosen)
    cams = {path: Path(options.cam) / f"{name}.png" for path, name in paths.items()} if options.cam else {}
    if twice := [str(path) for path, n in Counter(cams.values()).items() if n > 1]:
        text = N_(
            "Several pictures would be written to {names}. Give their folders one by one, each with its own --cam."
        )
        raise InputError(Message(text, names=", ".join(map(str, listed(twice)))))
    if taken := [str(path) for path in cams.values() if path.exists()]:
        text = N_("These files are there already: {names}. Choose another folder with --cam.")
        raise InputError(Message(text, names=", ".join(map(str, listed(taken)))))
    if options.csv:
        print(_row(["file", "answer", "probability", *trained.classes]))
    unread: list[str] = []
    errors = Console(stderr=True, markup=False, emoji=False, highlight=False)
    steps = track(
        predictions(trained, list(paths)),
        _("Looking at pictures"),
        len(paths),
        console=errors,
        transient=True,
        disable=len(paths) < 2 or not errors.is_terminal,
    )
    for one in steps:
        name = printable(str(one.path))
        if one.probabilities is None:
            unread.append(f"{name} ({one.reason})")
            if options.json:
                print_json(json.dumps({"file": name, "unreadable": one.reason.english}, ensure_ascii=False))
            continue
        _print(trained, one, name, options)
        if cams:
            _write_cam(trained, one, chosen, cams[one.path])
    if len(unread) == len(paths):
        raise InputError(Message("None of the pictures can be read: {names}.", names=", ".join(unread)))
    _tell(trained, unread)
    return 0


def _found(given: list[str]) -> Iterator[tuple[Path, str]]:
    """Each picture, and what it is called below the folder in which it was found. Raises InputError."""
    for text in given:
        path = Path(text).expanduser()
        if not path.is_dir():
            if not path.exists():
                raise InputError(Message("There is no file and no folder {path}. Check the path.", path=path))
            yield path, path.name
            continue
        top = tree(path)
        if not top.count:
            unread = sum((node.unread for node in top.below()), Counter[str]())
            said = Message("{folder} holds no picture that can be read.", folder=path)
            kinds = ", ".join(f"{count} × {suffix or _('(no suffix)')}" for suffix, count in unread.most_common())
            unread_too = Message("Files that are not read: {files}.", files=kinds) if kinds else NOTHING
            raise InputError(Message.joined(said, unread_too))
        names = {picture.relative_to(path).as_posix(): picture for picture in top.all_pictures()}
        yield from ((names[name], name) for name in sorted(names, key=natural))


def _class(trained: Trained, name: str | None) -> int | None:
    """The number of the class called so, in the data or as it is shown. Raises InputError."""
    if name is None:
        return None
    known = [one for names in trained.classes for one in dict.fromkeys((names, _(names)))]
    for index, own in enumerate(trained.classes):
        if name in (own, _(own)):
            return index
    raise InputError(
        Message.joined(Message("The network knows no class {name!r}.", name=name), did_you_mean(name, known))
    )


def _print(trained: Trained, one: Prediction, name: str, options: argparse.Namespace) -> None:
    assert one.probabilities is not None
    order = (-one.probabilities).argsort(kind="stable").tolist()
    by_class = {trained.classes[k]: round(float(one.probabilities[k]), 6) for k in order}
    answer = trained.classes[order[0]]
    if options.json:
        print_json(json.dumps({"file": name, "answer": answer, "probabilities": by_class}, ensure_ascii=False))
    elif options.csv:
        print(_row([name, answer, by_class[answer], *(by_class[key] for key in trained.classes)]))
    else:
        top = order[: options.top]
        print(f"{name}: " + ", ".join(f"{_(trained.classes[k])} {one.probabilities[k]:.1%}" for k in top))


def _row(cells: list[str | float]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _write_cam(trained: Trained, one: Prediction, chosen: int | None, target: Path) -> None:
    """The picture as the network saw it, and beside it the same with the heat map. Raises InputError."""
    import numpy as np
    from PIL import Image

    from explorer.training.predicting import looked_at

    assert one.picture is not None
    assert one.probabilities is not None
    heat = looked_at(trained, one.picture, int(one.probabilities.argmax()) if chosen is None else chosen)
    sides = [overlaid(one.picture, heat * share) for share in (np.float32(0), np.float32(1))]
    picture, buffer = np.concatenate([enlarged(side, CAM_PIXELS) for side in sides], axis=1), io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        files.write(target, buffer.getbuffer())
    except OSError as error:
        text = N_("{folder} cannot be written: {error}. Choose another folder with --cam.")
        raise InputError(Message(text, folder=target.parent, error=error.strerror or error)) from None


def _tell(trained: Trained, unread: list[str]) -> None:
    """What to know of the answers, apart from them: how pictures were brought to shape, and what was left out."""
    view = trained.view
    ways = {
        "crop": N_("Of each picture the middle was taken, {size} × {size} pixels, as in the training."),
        "pad": N_("Pictures were fitted between black bars, {size} × {size} pixels, as in the training."),
        "stretch": N_("Pictures were stretched to {size} × {size} pixels, as in the training."),
    }
    print(_(ways[view.fit]).format(size=view.size), file=sys.stderr)
    if not view.colour:
        print(_("They were taken in grey: the network knows no colours."), file=sys.stderr)
    if unread:
        text = Message.counted(
            "{n} picture cannot be read: {names}.", "{n} pictures cannot be read: {names}.", len(unread), names=unread
        )
        print(text, file=sys.stderr)


COMMAND = Command("predict", lambda: _("say what a trained network makes of pictures"), _flags, _run)
