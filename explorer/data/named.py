"""People's own pictures whose names tell their class; and groups that names tell, of pictures found in any way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from explorer.data.columns import GROUP, LABEL, SPLIT
from explorer.data.names import natural, number, part_of
from explorer.data.pattern import Pattern, names_hint
from explorer.data.source import FREE, Found, PassedOver, listed
from explorer.data.tree import Seen, tree, unwatched
from explorer.errors import InputError
from explorer.i18n import N_, Message

UNFIT = 0.5
"""Share of the pictures that do not fit, from which on it is the pattern that is wrong."""


def find(folder: Path, pattern: Pattern, seen: Seen = unwatched) -> Found:
    """The pictures in `folder` and below whose names tell their class.

    Their part is what the pattern says of it, or the folder of that name in which they lie. Raises InputError, with a
    pattern that would fit, where few do.
    """
    top = tree(folder, seen)
    paths = sorted(top.all_pictures(), key=lambda path: natural(top.named(path)))
    told = [(path, pattern.told(top.named(path))) for path in paths]
    fit = [(path, one) for path, one in told if one and one[LABEL]]
    unfit = tuple(top.named(path) for path, one in told if not one or not one[LABEL])
    classes = tuple(sorted({one[LABEL] for _path, one in fit}, key=natural))
    if not fit or len(unfit) >= UNFIT * len(told):
        text = N_("Of {total} pictures in {folder}, {n} do not fit the pattern {pattern}: {names}.")
        fills = {"total": len(told), "folder": folder, "n": len(unfit), "pattern": pattern.text}
        said = Message(text, **fills, names=listed(unfit))
        both = "{said} {hint}"  # the same in every language
        raise InputError(Message(both, said=said, hint=names_hint([path.name for path in paths])))
    if len(classes) < 2:
        text = N_(
            "By the pattern {pattern}, all pictures of {folder} are of one class, “{name}”; at least 2 are needed."
        )
        raise InputError(Message(text, pattern=pattern.text, folder=folder, name=classes[0]))
    where = [one[SPLIT] if SPLIT in one else _part_folder(top.named(path)) for path, one in fit]
    parts = [part_of(name) if name else FREE for name in where]
    if len(set(parts) - {FREE}) < 2 and SPLIT not in pattern.fields:
        parts = [FREE] * len(fit)
    index = {name: n for n, name in enumerate(classes)}
    labels = np.array([index[one[LABEL]] for _path, one in fit], np.int64)
    order = np.argsort(labels, kind="stable")
    passed = [PassedOver(Message("Names that do not fit the pattern"), unfit)] if unfit else []
    if hidden := tuple(top.named(path) for node in top.below() for path in node.hidden):
        passed.append(PassedOver(Message("Hidden, or left behind by a system"), hidden, quiet=True))
    found = Found(
        root=folder,
        classes=classes,
        paths=tuple(fit[n][0] for n in order),
        labels=labels[order],
        parts=np.array(parts, np.int64)[order],
        passed_over=tuple(passed),
        layout=Message("classes by the pattern {pattern} of names", pattern=pattern.text),
        ordered=all(number(name) is not None for name in classes),
    )
    return grouped(found, pattern) if GROUP in pattern.fields else found


def grouped(found: Found, pattern: Pattern) -> Found:
    """The same pictures with the group that the pattern tells of each. Raises InputError where it tells of none."""
    if GROUP not in pattern.fields:
        text = N_("The pattern {pattern} tells no class, and no group that must stay in one part.")
        raise InputError(Message(text, pattern=pattern.text))
    names = [found.named(path) for path in found.paths]
    told = [pattern.told(name) for name in names]
    groups = tuple(one[GROUP] if one else "" for one in told)
    if not any(groups):
        text = N_("No picture in {folder} fits the pattern {pattern}: {names}.")
        raise InputError(Message(text, folder=found.root, pattern=pattern.text, names=listed(names)))
    return replace(found, groups=groups)


def _part_folder(name: str) -> str:
    """The first folder in the path `name` that is called like a part of a set."""
    return next((folder for folder in name.split("/")[:-1] if part_of(folder) != FREE), "")
