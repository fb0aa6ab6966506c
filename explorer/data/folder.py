"""People's own pictures in a folder: a sub-folder for each class, perhaps within parts for training and test."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from explorer.data.names import natural, number, part_of
from explorer.data.pattern import names_hint
from explorer.data.picture_file import suffixes
from explorer.data.picture_file import unread as unread_files
from explorer.data.rows import is_table
from explorer.data.source import FREE, LISTED, TEST, TRAINING, VALIDATION, Found, PassedOver, listed
from explorer.data.tree import Node, Seen, tree, unwatched
from explorer.errors import InputError
from explorer.i18n import Message, _, ngettext

STRAY = 0.1
"""Beside a folder of classes, others with fewer than this share of its pictures are taken for its trimmings."""

_SEVERAL = re.compile(r"\W*(fold|split|set|version|v|original|augmented|aug|raw|processed|cropped|data|dataset)\W*\d*")


def find(folder: Path, seen: Seen = unwatched) -> Found:
    """The pictures in `folder`: of each sub-folder a class, or of parts with such sub-folders.

    Hidden and system files are passed over; a folder that holds nothing but the set is looked through. Raises
    InputError, naming the folder that was probably meant, where there are fewer than two classes.
    """
    top = tree(folder, seen)
    root = _unwrapped(top)
    notes: list[Message] = []
    if root is not top:
        notes.append(Message("The pictures are those in {folder}.", folder=root.path))
    parts = _parts(root)
    if parts:
        members, passed = _of_parts(root, parts)
    else:
        _require_classes(root, top)
        members = {node.name: [(FREE, node)] for node in root.useful}
        passed = [_beside(root, root)] if root.pictures else []
    classes = tuple(sorted(members, key=natural))
    found = [
        (label, part, path)
        for label, name in enumerate(classes)
        for part, node in members[name]
        for path in sorted(node.all_pictures(), key=lambda path: natural(path.relative_to(node.path).as_posix()))
    ]
    passed += _empty(root, parts) + _unread(node for name in classes for _part, node in members[name])
    passed += _hidden(root)
    return Found(
        root=root.path,
        classes=classes,
        paths=tuple(path for _label, _part, path in found),
        labels=np.array([label for label, _part, _path in found], np.int64),
        parts=np.array([part for _label, part, _path in found], np.int64),
        passed_over=tuple(passed),
        notes=tuple(notes),
        ordered=all(number(name) is not None for name in classes),
        layout=Message("sub-folders of parts, and of classes within them")
        if parts
        else Message("a sub-folder a class"),
    )


def _unwrapped(node: Node) -> Node:
    """The folder within a folder, as archives make them: where there are several, or pictures of their own."""
    while len(node.useful) == 1 and node.useful[0].useful:
        node = node.useful[0]
    return node


def _parts(root: Node) -> dict[int, list[Node]]:
    """The parts of the set by what they are for; empty where the sub-folders are classes.

    A class may be called "train" as well: only where every sub-folder has the name of a part, or the one for training
    holds classes of its own, are they parts.
    """
    found: dict[int, list[Node]] = {}
    for node in root.useful:
        if (part := part_of(node.name)) != FREE:
            found.setdefault(part, []).append(node)
    everything = sum(map(len, found.values())) == len(root.useful)
    holds_classes = any(len(_unwrapped(node).useful) > 1 for node in found.get(TRAINING, ()))
    return found if len(found) > 1 and (everything or holds_classes) else {}


def _of_parts(root: Node, parts: dict[int, list[Node]]) -> tuple[dict[str, list[tuple[int, Node]]], list[PassedOver]]:
    """Folders of each class with their parts, and what belongs to no class or no part."""
    members: dict[str, list[tuple[int, Node]]] = {}
    passed = []
    inside = {part: [_unwrapped(node) for node in nodes] for part, nodes in parts.items()}
    training = [child for node in inside.get(TRAINING, ()) for child in node.useful]
    names = {child.name.casefold(): child.name for child in training}
    if len(names) < 2:
        text = ngettext(
            "{folder} has the parts {parts}, but the one for training has {count} sub-folder with pictures, and at "
            "least 2 are needed: put the pictures of each class into a sub-folder with the class's name.",
            "{folder} has the parts {parts}, but the one for training has {count} sub-folders with pictures, and at "
            "least 2 are needed: put the pictures of each class into a sub-folder with the class's name.",
            len(names),
        )
        listed_parts = ", ".join(node.name for part in sorted(parts) for node in parts[part])
        raise InputError(Message(text, folder=root.path, parts=listed_parts, count=len(names)))
    for part in (TRAINING, VALIDATION, TEST):
        for node in inside.get(part, ()):
            for child in node.useful:
                if (name := names.get(child.name.casefold())) is not None:
                    members.setdefault(name, []).append((part, child))
                else:
                    reason = Message("There is no such class to train on, so its pictures are left out")
                    passed.append(PassedOver(reason, (root.named(child.path),)))
            if node.pictures:
                passed.append(_beside(root, node))
    chosen = [node for nodes in parts.values() for node in nodes]
    if others := [node.name for node in root.useful if node not in chosen]:
        passed.append(PassedOver(Message("Neither part nor class, and left out"), tuple(others)))
    return members, passed


def _require_classes(root: Node, top: Node) -> None:
    """Raises InputError, with the folder that was probably meant, if the sub-folders of `root` are no classes."""
    useful = root.useful
    nested = [node for node in useful if len(node.useful) > 1 and not node.pictures]
    total = sum(node.count for node in useful)
    if len(useful) > 1 and len(nested) == 1 and total - nested[0].count <= STRAY * nested[0].count:
        raise InputError(
            Message(
                "Most pictures of {folder} lie in {within}, which has sub-folders of its own ({names}). Choose "
                "{within} if those are the classes.",
                folder=root.path,
                within=nested[0].path,
                names=listed([node.name for node in nested[0].useful]),
            )
        )
    if len(useful) > 1 and len(nested) == len(useful):
        same = {tuple(node.name for node in one.useful) for one in nested}
        if len(same) == 1 and all(_SEVERAL.fullmatch(node.name.lower()) for node in useful):
            raise InputError(
                Message(
                    "Each sub-folder of {folder} holds the same classes ({names}). Choose one of them, such as {one}.",
                    folder=root.path,
                    names=listed(next(iter(same))),
                    one=useful[0].path,
                )
            )
    if len(useful) > 1:
        return
    text = Message.counted(
        "{folder} has {count} sub-folder with pictures, and at least 2 are needed: put the pictures of each class "
        "into a sub-folder with the class's name.",
        "{folder} has {count} sub-folders with pictures, and at least 2 are needed: put the pictures of each class "
        "into a sub-folder with the class's name.",
        len(useful),
        folder=root.path,
        count=len(useful),
    )
    raise InputError(Message.joined(text, *_hints(root, top)))


def _hints(root: Node, top: Node) -> Iterator[Message]:
    """What was found instead, and which folder was probably meant."""
    if root.pictures:
        n = len(root.pictures)
        yield Message.counted("{n} picture lies in it without a class.", "{n} pictures lie in it without a class.", n)
        if hint := names_hint([path.name for path in root.pictures]):
            yield hint
    if tables := _tables(top.path):
        yield Message("Did you mean the table {table}? Choose it instead of its folder.", table=tables[0])
    unread = sum((node.unread for node in root.below()), Counter[str]())
    if not root.count and unread:
        yield Message(LISTED, reason=unread_files(unread), names=_kinds(unread))
    try:
        beside = [entry for entry in os.scandir(root.path.resolve().parent) if entry.is_dir()]
        siblings = [entry.name for entry in beside if not entry.name.startswith(".") and _has_pictures(entry.path)]
    except OSError:
        return
    if root.pictures and len(siblings) > 1:
        above = root.path.resolve().parent
        names = sorted(siblings, key=natural)
        yield Message("Did you mean {folder}, with the classes {names}?", folder=above, names=listed(names))


def _tables(folder: Path) -> list[Path]:
    """Tables in `folder`, those of training first, as they have classes more often."""
    names = [path for path in folder.iterdir() if is_table(path) and path.suffix.lower() != ".txt"]
    return sorted(names, key=lambda path: (part_of(path.stem) != TRAINING, natural(path.name)))


def _has_pictures(folder: str) -> bool:
    """Whether there is one among the first files; does not look further down."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry, _i in zip(entries, range(200), strict=False)]
    except OSError:
        return False
    return any(Path(name).suffix.lower() in suffixes() for name in names if not name.startswith("."))


def _beside(root: Node, node: Node) -> PassedOver:
    """The pictures of `node`, which are in no folder of a class."""
    reason = Message.counted(
        "{n} picture lies beside the classes and is left out",
        "{n} pictures lie beside the classes and are left out",
        len(node.pictures),
    )
    return PassedOver(reason, tuple(map(root.named, node.pictures)))


def _empty(root: Node, parts: dict[int, list[Node]]) -> list[PassedOver]:
    """Sub-folders that look like classes and have no picture."""
    holders = [_unwrapped(node) for nodes in parts.values() for node in nodes] if parts else [root]
    names = []
    for node in (child for holder in holders for child in holder.folders if not child.count):
        unread = sum((below.unread for below in node.below()), Counter[str]())
        name = root.named(node.path)
        names.append(f"{name} ({', '.join(_kinds(unread))})" if unread else name)
    return [PassedOver(Message("Sub-folders without pictures are no classes"), tuple(names))] if names else []


def _unread(nodes: Iterable[Node]) -> list[PassedOver]:
    """Files in the folders of classes whose suffix is not read."""
    unread = sum((below.unread for node in nodes for below in node.below()), Counter[str]())
    if not unread:
        return []
    return [PassedOver(unread_files(unread), _kinds(unread), unread.total())]


def _hidden(root: Node) -> list[PassedOver]:
    names = tuple(root.named(path) for node in root.below() for path in node.hidden)
    return [PassedOver(Message("Hidden, or left behind by a system"), names, quiet=True)] if names else []


def _kinds(unread: Counter[str]) -> tuple[str, ...]:
    """Suffixes with their counts."""
    return tuple(f"{count} × {suffix or _('(no suffix)')}" for suffix, count in unread.most_common())
