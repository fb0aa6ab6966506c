"""What pydantic found wrong, as sentences that name the field, what was given and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from explorer.errors import said
from explorer.i18n import Message
from explorer.nearest import did_you_mean

Kinds = Mapping[str, Mapping[str, type[BaseModel]]]
"""For each field that is a choice: its kinds by name."""


def explain(error: ErrorDetails, model: type[BaseModel], prefix: str = "", kinds: Kinds | None = None) -> Message:
    """One problem of a `model`, as a sentence; `kinds` of those fields of it that are choices."""
    location, kinds = list(error["loc"]), kinds or {}
    choice = kinds.get(str(location[0])) if location else None
    chosen = choice.get(str(location[1])) if choice and len(location) > 1 else None
    if chosen:
        del location[1]  # pydantic names the kind between the field and its parameter
    path = ".".join(str(part) for part in ((prefix,) if prefix else ()) + tuple(location))
    context, given = error.get("ctx", {}), repr(error["input"])
    match error["type"]:
        case "value_error":
            return said(context["error"])
        case "extra_forbidden":
            name = str(location[-1])
            holder = chosen or _holder(model, location[:-1])
            text = Message("There is no setting {path}.", path=path)
            if chosen and choice:
                return Message.joined(text, _elsewhere(name, chosen, choice))
            return Message.joined(text, did_you_mean(name, holder.model_fields))
        case "union_tag_invalid" | "union_tag_not_found" if choice:
            wrong = str(context.get("tag", ""))
            text = Message("There is no {field} {name!r}.", field=path, name=wrong)
            return Message.joined(text, did_you_mean(wrong, choice))
        case "literal_error":
            allowed = str(context["expected"]).replace("'", "").replace(" or ", ", ")
            return Message("{path} is {given}; it must be one of: {allowed}.", path=path, given=given, allowed=allowed)
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than" as kind:
            given = str(error["input"])
            sign = {"greater_than_equal": "≥", "less_than_equal": "≤", "greater_than": ">", "less_than": "<"}[kind]
            bound = context.get("ge", context.get("le", context.get("gt", context.get("lt"))))
            return Message(
                "{path} is {given}; it must be {sign} {bound}.", path=path, given=given, sign=sign, bound=bound
            )
        case "int_parsing" | "int_type" | "int_from_float":
            return Message("{path} is {given}; it must be a whole number.", path=path, given=given)
        case "float_parsing" | "float_type":
            return Message("{path} is {given}; it must be a number.", path=path, given=given)
        case "bool_parsing" | "bool_type":
            return Message("{path} is {given}; it must be true or false.", path=path, given=given)
        case "finite_number":
            return Message("{path} is {given}; it must be a finite number.", path=path, given=str(error["input"]))
        case _:
            return Message("{path} is {given}: {message}.", path=path, given=given, message=error["msg"])


def _elsewhere(name: str, chosen: type[BaseModel], choice: Mapping[str, type[BaseModel]]) -> Message:
    """Which other kinds have a setting of that name; else what the chosen one has."""
    others = [key for key, kind in choice.items() if name in kind.model_fields]
    if others:
        return Message("It belongs to: {kinds}.", kinds=", ".join(others))
    return did_you_mean(name, [field for field in chosen.model_fields if field != "kind"])


def _holder(model: type[BaseModel], location: list[int | str]) -> type[BaseModel]:
    """The model within `model` to which `location` leads."""
    for part in location:
        field = model.model_fields.get(str(part))
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            model = field.annotation
    return model
