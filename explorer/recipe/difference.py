"""How two recipes differ, in words for a legend."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from explorer.data import DataChoice
from explorer.recipe.recipe import BY_NAME, CHOICES, Recipe
from explorer.techniques import Technique

APART = ("data", "techniques", "version", "frozen", "lr", *CHOICES)
"""Fields that are told in words of their own."""


def changes(before: Recipe, after: Recipe) -> tuple[str, ...]:
    """What differs: "+ dropout 0.3", "− skip", "lr 0.1 → 0.05"."""
    old, new = ({t.name: t for t in recipe.techniques} for recipe in (before, after))
    words = [f"data {_plain(before.data)} → {_plain(after.data)}"] if before.data != after.data else []
    words += [
        f"{name} {_plain(getattr(before, name))} → {_plain(getattr(after, name))}"
        for name in Recipe.model_fields
        if name not in APART and getattr(before, name) != getattr(after, name)
    ]
    for name in CHOICES:
        was, now = getattr(before, name), getattr(after, name)
        words += [f"{was} → {now}"] if was.kind != now.kind else _fields(was, now)
    if before.rate != after.rate:
        words.append(f"lr {before.rate:g} → {after.rate:g}")
    elif before.lr != after.lr:
        words.append(f"lr {_rate(before)} → {_rate(after)}")
    for sign, some, others in (("+", after.frozen, before.frozen), ("−", before.frozen, after.frozen)):
        if names := [name for name in some if name not in others]:
            words.append(f"{sign} frozen {', '.join(names)}")
    for name in BY_NAME:
        match old.get(name), new.get(name):
            case None, Technique() as added:
                words.append(f"+ {added.said}")
            case Technique() as removed, None:
                words.append(f"− {removed.said}")
            case Technique() as was, Technique() as now:
                words += _fields(was, now, f"{name}.")
    return tuple(words)


def _fields(was: BaseModel, now: BaseModel, prefix: str = "") -> Iterator[str]:
    """The parameters in which two of a kind differ."""
    for key in type(now).model_fields:
        if getattr(was, key) != getattr(now, key):
            yield f"{prefix}{key} {_plain(getattr(was, key))} → {_plain(getattr(now, key))}"


def _rate(recipe: Recipe) -> str:
    return f"auto {recipe.rate:g}" if recipe.lr is None else f"{recipe.lr:g}"


def _plain(value: object) -> str:
    if isinstance(value, DataChoice):
        view = "" if value.view == DataChoice().view else ",".join(map(str, value.view))
        return " ".join(filter(None, (value.name, ",".join(value.classes), str(value.per_class or ""), view)))
    if value is None:
        return "auto"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
