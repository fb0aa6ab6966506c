"""One thing in a recipe that can be set, by the name that its flag has: what it is called, and how it is set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from explorer.data import DataChoice
from explorer.errors import InputError
from explorer.i18n import Message
from explorer.nearest import did_you_mean
from explorer.recipe.migrate import SHORT
from explorer.recipe.recipe import BY_NAME, CHOICES, Recipe, parse
from explorer.techniques import TECHNIQUES
from explorer.titles import choice_message, without

DATA_PARTS = tuple(name for name in DataChoice.model_fields if name != "name")
NOT_SET = ("version", "techniques", "seed", "device")
"""Fields of a recipe that make no arms: seeds are counted beside them."""
VALUE, OF_FIELD, OF_TECHNIQUE = "{value}", "{field} {value}", "{technique}: {field}"
"""The same in every language."""


@dataclass(frozen=True)
class Setting:
    """Where in a recipe something stands: `owner` is a field with parameters, a technique, or empty."""

    name: str
    owner: str
    field: str

    def set(self, recipe: Recipe, value: object) -> Recipe:
        """`recipe` with `value` (as it is, or as text) there. Raises InputError.

        A parameter of a technique switches it on; the technique itself takes "on" and "off".
        """
        values = recipe.model_dump(mode="json")
        if self.owner in BY_NAME:
            kind = BY_NAME[self.owner]
            if not self.field:
                return recipe.switched(recipe.technique(kind) or kind()) if _on(value) else recipe.without(self.owner)
            before = values["techniques"].get(self.owner) or {}
            values["techniques"][self.owner] = kind.changed(before, {self.field: _typed(self._info(recipe), value)})
        elif self.owner:
            values[self.owner][self.field] = _typed(self._info(recipe), value)
        elif self.field == "data":
            values["data"]["name"] = value
        else:
            values[self.field] = value
        return parse(values)

    def value(self, recipe: Recipe) -> object:
        """What is there in `recipe`; None of a technique that is off."""
        if self.owner in BY_NAME:
            technique = recipe.technique(BY_NAME[self.owner])
            return getattr(technique, self.field) if technique and self.field else technique
        owner = getattr(recipe, self.owner) if self.owner else recipe
        return recipe.rate if self.field == "lr" else getattr(owner, self.field, None)

    def said(self, recipe: Recipe) -> Message:
        """What is there in `recipe`, in words: "learning rate 0.1", "dropout: probability 0.3", "without dropout"."""
        if self.owner in BY_NAME:
            technique = recipe.technique(BY_NAME[self.owner])
            if technique is None:
                return without(BY_NAME[self.owner].title)
            if not self.field:
                return technique.words
        value = self.value(recipe)
        if not self.owner and self.field in (*CHOICES, "data"):
            return Message(VALUE, value=getattr(value, "name", "") if self.field == "data" else str(value))
        return Message(OF_FIELD, field=self.title(recipe).in_mid_sentence(), value=plain(value))

    def title(self, recipe: Recipe) -> Message:
        """What it is called; of a parameter of a technique with the technique."""
        if self.owner in BY_NAME:
            kind = BY_NAME[self.owner]
            if not self.field:
                return Message(kind.title)
            own = Message(kind.model_fields[self.field].title or self.field).in_mid_sentence()
            return Message(OF_TECHNIQUE, technique=Message(kind.title), field=own)
        info = self._info(recipe)
        return Message((info.title if info else "") or self.field)

    def _info(self, recipe: Recipe) -> FieldInfo | None:
        """Its declaration. None where the choice made has no such parameter."""
        if self.owner in BY_NAME:
            return BY_NAME[self.owner].model_fields[self.field]
        owner: type[BaseModel] = type(getattr(recipe, self.owner)) if self.owner else Recipe
        return owner.model_fields.get(self.field)


def setting(name: str) -> Setting:
    """The one called `name`: lr, batch-size, width, optimizer, per-class, dropout, dropout.p. Raises InputError."""
    found = {one.name: one for one in settings()}
    wanted = name.strip().removeprefix("--").replace("-", "_")
    if wanted == "seed":
        raise InputError(Message("Seeds make no arms: each arm is trained with several. Say how many with --seeds."))
    if wanted not in found:
        raise InputError(
            Message.joined(Message("There is no setting {name!r}.", name=name), did_you_mean(wanted, found))
        )
    return found[wanted]


def settings() -> Iterator[Setting]:
    """All there are."""
    for name in Recipe.model_fields:
        if name not in NOT_SET:
            yield Setting(name, "", name)
    for part in DATA_PARTS:
        yield Setting(part, "data", part)
    for choice, kinds in CHOICES.items():
        for field in dict.fromkeys(name for kind in kinds.values() for name in kind.model_fields if name != "kind"):
            yield Setting(f"{choice}.{field}", choice, field)
    for short, choice in SHORT.items():
        yield Setting(short, choice, short)
    for technique in TECHNIQUES:
        yield Setting(technique.name, technique.name, "")
        for field in technique.model_fields:
            yield Setting(f"{technique.name}.{field}", technique.name, field)


def plain(value: object) -> Message:
    """A value as people read it."""
    if isinstance(value, bool):
        return Message("on") if value else Message("off")
    if value is None:
        return choice_message("auto")
    if isinstance(value, tuple):
        value = ", ".join(map(str, value)) or "–"
    elif isinstance(value, float):
        value = f"{value:g}"
    return choice_message(value)


def _on(value: object) -> bool:
    words = {"on": True, "off": False, "true": True, "false": False}
    if isinstance(value, bool) or str(value).lower() in words:
        return value if isinstance(value, bool) else words[str(value).lower()]
    raise InputError(Message("{value!r} is neither on nor off.", value=value))


def _typed(info: FieldInfo | None, value: object) -> Any:
    """Numbers among which to choose must be numbers: "14" is none of 8, 14, 20."""
    number = info is not None and get_origin(info.annotation) is Literal and isinstance(info.default, int)
    return int(value) if number and isinstance(value, str) and value.isdecimal() else value
