"""Which column of a table holds what: told by the person, by its name, or by what is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from explorer.data.picture_file import suffixes
from explorer.data.rows import Rows
from explorer.data.source import listed
from explorer.errors import InputError
from explorer.i18n import N_, Message
from explorer.nearest import did_you_mean

FILE, LABEL, SPLIT, GROUP, WEIGHT = ROLES = ("file", "label", "split", "group", "weight")
_USUAL = {
    FILE: "file filename filepath path image imagepath imagename imagefile imagefilename imageid imgpath imgname img "
    "imgid picture photo relpath idcode filenames files images файл имяфайла изображение картинка путь id name",
    LABEL: "label class classname labelname target category labels classes classid labelid diagnosis dx breed species "
    "y метка класс категория",
    SPLIT: "split subset partition set part phase выборка часть",
    GROUP: "group groupid patient patientid subject subjectid video videoid группа пациент",
    WEIGHT: "weight sampleweight вес",
}
"""Names as people give them, without case, blanks and underscores; the first that a table has is taken."""
LOOKED_AT = 200
MOSTLY = 0.8


def roles(rows: Rows, asked: Sequence[str], table: Path) -> dict[str, int]:
    """For each role that some column has, which one: as `asked` ("label=breed"; "group=" for none), else by its name.

    Raises InputError, naming the columns, where the file or the label cannot be told.
    """
    chosen = _asked(rows, asked, table)
    found = {role: index for role, index in chosen.items() if index >= 0}
    plain = [re.sub(r"[\W_]+", "", name.casefold()) for name in rows.names]
    for role in ROLES:
        if role not in chosen:
            free = [name if index not in found.values() else "" for index, name in enumerate(plain)]
            if (name := next((name for name in _USUAL[role].split() if name in free), None)) is not None:
                found[role] = free.index(name)
    if FILE not in chosen and (named := _of_pictures(rows, found.get(FILE))) is not None:
        found = {role: index for role, index in found.items() if index != named or role in chosen} | {FILE: named}
    rest = [index for index in range(len(rows.names)) if index not in found.values()]
    if FILE in found and LABEL not in chosen and LABEL not in found and len(rest) == 1:
        found[LABEL] = rest[0]
    for role, example in ((FILE, "file=image"), (LABEL, "label=breed")):
        if role not in found:
            text = N_(
                "In {table} it cannot be told which column is the {role}. There are: {names}. Say it with columns, "
                "such as {example}."
            )
            what = Message("picture's file") if role == FILE else Message("class")
            raise InputError(Message(text, table=table, role=what, names=listed(rows.names), example=example))
    return found


def _asked(rows: Rows, asked: Sequence[str], table: Path) -> dict[str, int]:
    """The columns that were named; -1 for none."""
    found = {}
    for one in asked:
        role, sign, name = one.partition("=")
        if not sign or role.strip() not in ROLES:
            text = N_(
                "“{asked}” says nothing of a column. Write it as label=NAME, with one of {roles} before the sign."
            )
            raise InputError(Message(text, asked=one, roles=ROLES))
        name = name.strip()
        if name and name not in rows.names:
            missing = Message("{table} has no column “{name}”.", table=table, name=name)
            raise InputError(Message.joined(missing, did_you_mean(name, rows.names, everything=True)))
        found[role.strip()] = rows.names.index(name) if name else -1
    return found


def _of_pictures(rows: Rows, named: int | None) -> int | None:
    """The one column in which names of pictures stand, if `named` has none: recognised by their suffix."""

    def share(index: int) -> float:
        cells = [cell for cell in rows.columns[index][:LOOKED_AT] if cell]
        return sum(cell[cell.rfind(".") :].lower() in suffixes() for cell in cells if "." in cell) / max(1, len(cells))

    if named is not None and share(named) >= MOSTLY:
        return None
    having = [index for index in range(len(rows.names)) if share(index) >= MOSTLY]
    return having[0] if len(having) == 1 else None
