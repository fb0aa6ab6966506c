"""What pydantic found wrong, as sentences that name the field, what was given and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from explorer.i18n import _
from explorer.nearest import did_you_mean

Kinds = Mapping[str, Mapping[str, type[BaseModel]]]
"""For each field that is a choice: its kinds by name."""


def explain(error: ErrorDetails, model: type[BaseModel], prefix: str = "", kinds: Kinds | None = None) -> str:
    """One problem of a `model`, as a sentence; `kinds` of those fields of it that are choices."""
    location, kinds = list(error["loc"]), kinds or {}
    choice = kinds.get(str(location[0])) if location else None
    chosen = choice.get(str(location[1])) if choice and len(location) > 1 else None
    if chosen:
        del location[1]  # pydantic names the kind between the field and its parameter
    path = ".".join(str(part) for part in ((prefix,) if prefix else ()) + tuple(location))
    given, context = error["input"], error.get("ctx", {})
    match error["type"]:
        case "value_error":
            return str(context["error"])
        case "extra_forbidden":
            name = str(location[-1])
            holder = chosen or _holder(model, location[:-1])
            text = _("There is no setting {path}.").format(path=path)
            if chosen and choice:
                return text + _elsewhere(name, chosen, choice)
            return text + did_you_mean(name, holder.model_fields)
        case "union_tag_invalid" | "union_tag_not_found" if choice:
            wrong = str(context.get("tag", ""))
            return _("There is no {field} {name!r}.").format(field=path, name=wrong) + did_you_mean(wrong, choice)
        case "literal_error":
            allowed = str(context["expected"]).replace("'", "").replace(" or ", ", ")
            return _("{path} is {given!r}; it must be one of: {allowed}.").format(
                path=path, given=given, allowed=allowed
            )
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than" as kind:
            sign = {"greater_than_equal": "≥", "less_than_equal": "≤", "greater_than": ">", "less_than": "<"}[kind]
            bound = context.get("ge", context.get("le", context.get("gt", context.get("lt"))))
            return _("{path} is {given}; it must be {sign} {bound}.").format(
                path=path, given=given, sign=sign, bound=bound
            )
        case "int_parsing" | "int_type" | "int_from_float":
            return _("{path} is {given!r}; it must be a whole number.").format(path=path, given=given)
        case "float_parsing" | "float_type":
            return _("{path} is {given!r}; it must be a number.").format(path=path, given=given)
        case "bool_parsing" | "bool_type":
            return _("{path} is {given!r}; it must be true or false.").format(path=path, given=given)
        case "finite_number":
            return _("{path} is {given}; it must be a finite number.").format(path=path, given=given)
        case _:
            return _("{path} is {given!r}: {message}.").format(path=path, given=given, message=error["msg"])


def _elsewhere(name: str, chosen: type[BaseModel], choice: Mapping[str, type[BaseModel]]) -> str:
    """Which other kinds have a setting of that name; else what the chosen one has."""
    others = [key for key, kind in choice.items() if name in kind.model_fields]
    if others:
        return " " + _("It belongs to: {kinds}.").format(kinds=", ".join(others))
    return did_you_mean(name, [field for field in chosen.model_fields if field != "kind"])


def _holder(model: type[BaseModel], location: list[int | str]) -> type[BaseModel]:
    """The model within `model` to which `location` leads."""
    for part in location:
        field = model.model_fields.get(str(part))
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return model
