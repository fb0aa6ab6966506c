"""How recipes differ, in words for people and in the language now in use: by this runs and live changes are called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from explorer.data import DataChoice, title_of
from explorer.i18n import _, in_mid_sentence, language, ngettext
from explorer.recipe.recipe import BY_NAME, CHOICES, Recipe
from explorer.techniques import Technique
from explorer.titles import choice_label, field_label, without

APART = ("data", "techniques", "version", "frozen", "lr", *CHOICES)
"""Fields that are told in words of their own."""
FEW = 3
"""Classes that are named; of more, their number is told."""


Say = Callable[[str, str], str]
"""From what there is now and what there was to words."""


def in_words(before: Recipe, after: Recipe) -> tuple[str, ...]:
    """What `after` has instead of what is in `before`: "rate 0.4 instead of 0.2", "with dropout 0.3", "without skip".

    No arrows: "0.4 → 0.2" reads like a rate that falls. Nothing where only said is what was left open before.
    """
    return tuple(_differences(before, after, _instead))


def apart_from_default(recipe: Recipe) -> tuple[str, ...]:
    """The same of the default recipe and this one, in as few words as a name has: "rate 0.4", "without skip"."""
    return _apart_from_default(recipe, language())


@lru_cache(maxsize=1024)
def _apart_from_default(recipe: Recipe, _language: str) -> tuple[str, ...]:
    """Kept, as the list of runs asks for each of its runs whenever it is shown."""
    return tuple(_differences(Recipe(), recipe, lambda now, _was: now))


def _differences(before: Recipe, after: Recipe, say: Say) -> Iterator[str]:
    if before.data.name != after.data.name:
        yield say(title_of(after.data.name), title_of(before.data.name))
    yield from _data(before.data, after.data, say)
    if before.rate != after.rate:
        rate = _("rate")
        yield f"{rate} {say(_value(after.rate), _value(before.rate))}"
    for name in CHOICES:
        yield from _choices(getattr(before, name), getattr(after, name), say)
    for name, info in Recipe.model_fields.items():
        if name not in APART and getattr(before, name) != getattr(after, name):
            yield _field(name, info, before, after, say)
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
                        yield f"{_(kind.title)}: {_field(key, info, was, now, say)}"


def _choices(was: BaseModel, now: BaseModel, say: Say) -> Iterator[str]:
    """Two networks, or two optimizers."""
    if type(was) is not type(now):
        yield say(str(now), str(was))
        return
    for key, info in type(now).model_fields.items():
        if getattr(was, key) != getattr(now, key):
            yield _field(key, info, was, now, say)


def _field(name: str, info: FieldInfo, before: BaseModel, after: BaseModel, say: Say) -> str:
    title = in_mid_sentence(field_label(name, info))
    was, now = (_value(getattr(model, name)) for model in (before, after))
    return f"{title} {say(now, was)}"


def _instead(now: str, was: str) -> str:
    return _("{now} instead of {was}").format(now=now, was=was)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if isinstance(value, tuple):
        return ", ".join(map(_value, value)) or "–"
    return f"{value:g}" if isinstance(value, float) else choice_label(value)


def _data(before: DataChoice, after: DataChoice, say: Say) -> Iterator[str]:
    """Which images of a set are taken; where it was all of them before, that is not said."""
    for aspect in (_classes, _amount, _view, _found):
        was, now = aspect(before), aspect(after)
        if was != now:
            yield say(now or "–", was) if aspect(DataChoice()) != was else now


def _classes(choice: DataChoice) -> str:
    n = len(choice.classes)
    if 0 < n <= FEW:
        return ", ".join(map(_, choice.classes))
    return ngettext("{n} class", "{n} classes", n).format(n=n) if n else _("all classes")


def _amount(choice: DataChoice) -> str:
    if choice.per_class:
        return _("{n} per class").format(n=choice.per_class)
    return (
        _("all images")
        if choice.fraction == 1
        else _("{percent:g} % of the images").format(percent=100 * choice.fraction)
    )


def _view(choice: DataChoice) -> str:
    fit = {"crop": _("cropped"), "pad": _("padded"), "stretch": _("stretched")}[choice.fit]
    parts = [_("{size} pixels").format(size=choice.size), fit, *([] if choice.colour else [_("grey")])]
    return ", ".join(parts)


def _found(choice: DataChoice) -> str:
    """How classes and groups are told."""
    near = [] if choice.near_copies else [_("near copies divided")]
    return ", ".join([*filter(None, [choice.pattern]), *choice.columns, *near])
