"""What of a recipe can change while a run goes on."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic.fields import FieldInfo

from explorer.recipe.recipe import BY_NAME, Recipe
from explorer.techniques import Technique


def waits(field: FieldInfo) -> str:
    """Why a change of `field` cannot act in a run that goes on; empty if it can."""
    extra = field.json_schema_extra
    return str(extra.get("next_run", "")) if isinstance(extra, dict) else ""


def live(running: Recipe, wanted: Recipe) -> Recipe:
    """`wanted` as far as it can act in a run that goes on; fields fixed until the next run stay as they are."""
    fixed = {name: getattr(running, name) for name, field in Recipe.model_fields.items() if waits(field)}
    return wanted.with_(**fixed, techniques=tuple(_live_techniques(running, wanted)))


def _live_techniques(running: Recipe, wanted: Recipe) -> Iterator[Technique]:
    """Those of `wanted`; what is fixed in one until the next run is as in the running recipe."""
    were, are = ({t.name: t for t in recipe.techniques} for recipe in (running, wanted))
    for name, kind in BY_NAME.items():
        was, now = were.get(name), are.get(name)
        if was and now:
            fixed = {key: getattr(was, key) for key, field in kind.model_fields.items() if waits(field)}
            yield now.model_copy(update=fixed)
        elif stays := was if kind.whole_run else now:
            yield stays
