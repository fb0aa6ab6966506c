"""Which run of which experiment a run is: kept in its folder, in run.json."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from explorer import files
from explorer.errors import InputError
from explorer.i18n import Message
from explorer.recipe import BY_NAME, Recipe, build_technique

PLACE = "run.json"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which run of which experiment it is."""

    experiment: str
    """The same for all its runs, and for no other."""
    title: Message
    """What is compared."""
    arm: int
    """Counted from 0."""
    label: Message
    """Of the arm."""
    seed: int
    """Of the recipe."""
    seeds: int = 1
    """How many there are for each arm."""
    baseline: int = 0
    """The arm that the others are compared with."""

    @property
    def said(self) -> str:
        """The arm, and where there are several for each arm the seed, in the language now in use."""
        return str(self.label) if self.seeds == 1 else str(self.words)

    @property
    def words(self) -> Message:
        """The arm and the seed."""
        return Message("{arm}, seed {seed}", arm=self.label, seed=self.seed)


def keep_place(folder: Path, place: Place) -> None:
    """Write `place` into the folder of its run."""
    text = msgspec.json.encode(place, enc_hook=lambda message: message.to_plain())
    files.write(folder / PLACE, msgspec.json.format(text, indent=2) + b"\n")


def kept_place(folder: Path) -> Place | None:
    """Which run of which experiment the one in `folder` is; None if it stands for itself, or that cannot be read."""
    with suppress(OSError, LookupError, ValueError, TypeError):  # msgspec's errors are ValueErrors
        plain = msgspec.json.decode((folder / PLACE).read_bytes())
        return msgspec.convert(_of_this_version(plain), Place, dec_hook=lambda _kind, value: Message.from_plain(value))
    return None


def _of_this_version(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """Before, an experiment was a technique's comparison, and its label a text in the language of that time."""
    if "technique" not in plain:
        return plain
    kind = BY_NAME.get(plain["technique"])
    labels: tuple[Message, ...] = ()
    with suppress(InputError):
        technique = build_technique(plain["technique"], plain["parameters"])
        labels = tuple(label for label, _recipe in technique.comparison(Recipe()))
    label = labels[plain["arm"]].to_plain() if plain["arm"] < len(labels) else plain["label"]
    return {**plain, "title": kind.title if kind else plain["technique"], "label": label}
