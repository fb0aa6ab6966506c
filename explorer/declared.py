"""What technique, network and optimizer have in common: each is declared once, and what people see follows from it."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Declared(BaseModel):
    """A frozen declaration: its fields carry title, default, bounds, unit and description, its docstring is its manual.

    Card, form, flags, JSON schema, lists and contract tests follow from it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    title: ClassVar[str]
    summary: ClassVar[str]
    """One line: what it is or does."""
    label: ClassVar[str]
    """Legend text, translatable, a format string over the fields, e.g. "dropout {p:g}"."""

    def __str__(self) -> str:
        return self.label.format(**dict(self))

    @classmethod
    def key(cls) -> str:
        """The value of `kind`: its key in a recipe and on the command line."""
        return str(cls.model_fields["kind"].default)

    @classmethod
    def manual(cls) -> str:
        """The docstring: what it does, formula, paper, when to use it, which panel shows its effect."""
        return inspect.cleandoc(cls.__doc__ or "")


def parameter(
    default: Any,
    description: str,
    *,
    title: str,
    unit: str = "",
    when: dict[str, tuple[str, ...]] | None = None,
    by: dict[str, dict[str, Any]] | None = None,
    next_run: str = "",
    **bounds: Any,
) -> Any:
    """A field of a declaration: default, title, description, bounds (ge, gt, le, lt), unit.

    `when` maps another field to the values under which this one matters; forms grey it out otherwise. `by` maps another
    field to the defaults that go with its values, where they differ from `default`. `next_run`: why a change cannot act
    in a run that goes on.
    """
    extra: dict[str, Any] = {}
    if unit:
        extra["unit"] = unit
    if when:
        extra["when"] = {name: list(values) for name, values in when.items()}
    if by:
        extra["by"] = by
    if next_run:
        extra["next_run"] = next_run
    return Field(default, title=title, description=description, json_schema_extra=extra or None, **bounds)
