"""How recipes differ, in words for people and in the language now in use: by this runs and live changes are called."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from explorer.data import DataChoice
from explorer.i18n import _, in_mid_sentence, ngettext
from explorer.recipe.recipe import BY_NAME, CHOICES, Recipe
from explorer.techniques import Technique
from explorer.titles import choice_label, field_label, without

APART = ("data", "techniques", "version", "frozen", "lr", *CHOICES)
"""Fields that are told in words of their own."""


def in_words(before: Recipe, after: Recipe) -> tuple[str, ...]:
    """What `after` has instead of what is in `before`: "rate 0.4 instead of 0.2", "with dropout 0.3", "without skip".

    No arrows: "0.4 → 0.2" reads like a rate that falls. Nothing where only said is what was left open before.
    """
    return tuple(_differences(before, after))


def _differences(before: Recipe, after: Recipe) -> Iterator[str]:
    if before.data != after.data:
        yield _instead(_data(after.data), _data(before.data))
    if before.rate != after.rate:
        rate = _("rate")
        yield f"{rate} {_instead(_value(after.rate), _value(before.rate))}"
    for name in CHOICES:
        yield from _choices(getattr(before, name), getattr(after, name))
    for name, info in Recipe.model_fields.items():
        if name not in APART and getattr(before, name) != getattr(after, name):
            yield _field(name, info, before, after)
    if names := [name for name in after.frozen if name not in before.frozen]:
        yield _("frozen: {names}").format(names=", ".join(names))
    if names := [name for name in before.frozen if name not in after.frozen]:
        yield _("learning: {names}").format(names=", ".join(names))
    old, new = ({t.name: t for t in recipe.techniques} for recipe in (before, after))
    for name, kind in BY_NAME.items():
        match old.get(name), new.get(name):
            case None, Technique() as added:
                yield _("with {technique}").format(technique=added.said)
            case Technique(), None:
                yield str(without(kind.title))
            case Technique() as was, Technique() as now if was != now:
                for key, info in kind.model_fields.items():
                    if getattr(was, key) != getattr(now, key):
                        yield f"{_(kind.title)}: {_field(key, info, was, now)}"


def _choices(was: BaseModel, now: BaseModel) -> Iterator[str]:
    """Two networks, or two optimizers."""
    if type(was) is not type(now):
        yield _instead(str(now), str(was))
        return
    for key, info in type(now).model_fields.items():
        if getattr(was, key) != getattr(now, key):
            yield _field(key, info, was, now)


def _field(name: str, info: FieldInfo, before: BaseModel, after: BaseModel) -> str:
    title = in_mid_sentence(field_label(name, info))
    was, now = (_value(getattr(model, name)) for model in (before, after))
    return f"{title} {_instead(now, was)}"


def _instead(now: str, was: str) -> str:
    return _("{now} instead of {was}").format(now=now, was=was)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, tuple):
        return ", ".join(map(_value, value)) or "–"
    return f"{value:g}" if isinstance(value, float) else choice_label(value)


def _data(choice: DataChoice) -> str:
    parts = []
    if choice.classes:
        parts.append(ngettext("{n} class", "{n} classes", len(choice.classes)).format(n=len(choice.classes)))
    if choice.per_class:
        parts.append(_("{n} per class").format(n=choice.per_class))
    elif choice.fraction < 1:
        parts.append(_("{percent:g} % of the images").format(percent=100 * choice.fraction))
    if choice.view != DataChoice().view:
        fit = {"crop": _("cropped"), "pad": _("padded"), "stretch": _("stretched")}[choice.fit]
        parts += [_("{size} pixels").format(size=choice.size), fit, *([] if choice.colour else [_("grey")])]
    parts += [*filter(None, [choice.pattern]), *choice.columns]
    if not choice.near_copies:
        parts.append(_("near copies divided"))
    return f"{choice.name} ({', '.join(parts)})" if parts else choice.name
