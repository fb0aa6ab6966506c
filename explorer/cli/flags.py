"""Flags that follow from the declarations of recipe and techniques, and the recipe that they make."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from pydantic.fields import FieldInfo

from explorer.errors import InputError
from explorer.i18n import _
from explorer.recipe import Recipe, did_you_mean, parse
from explorer.techniques import TECHNIQUES


class Parser(argparse.ArgumentParser):
    """Complains as the rest of the program does: names the thing, offers the nearest, exit code 2."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}\n" + _("See {program} --help.").format(program=self.prog))

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            known = [flag for action in _all_actions(self) for flag in action.option_strings]
            raise InputError(_("There is no flag {flag}.").format(flag=unknown[0]) + _near(unknown[0], known))
        return options


def _near(flag: str, known: list[str]) -> str:
    hint = did_you_mean(flag.partition("=")[0], known)
    return hint if len(hint) < 200 else " " + _("See training-explorer train --help.")


def _all_actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    commands = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return [action for command in commands.choices.values() for action in command._actions]


def recipe_flags(parser: argparse.ArgumentParser) -> None:
    for name, field in Recipe.model_fields.items():
        if name == "data":
            _flag(parser, "--data", "set.data.name", field)
            for part in ("classes", "per_class", "fraction"):
                _flag(parser, "--" + part.replace("_", "-"), f"set.data.{part}", type(field.default).model_fields[part])
        elif name not in ("version", "techniques"):
            _flag(parser, "--" + name.replace("_", "-"), f"set.{name}", field)
    for technique in TECHNIQUES:
        group = parser.add_argument_group(_(technique.title), _(technique.summary))
        group.add_argument(
            f"--{technique.name}",
            dest=f"on.{technique.name}",
            action=argparse.BooleanOptionalAction,
            default=argparse.SUPPRESS,
            help=_("switch it on or off"),
        )
        for name, field in technique.model_fields.items():
            _flag(group, f"--{technique.name}.{name}", f"parameter.{technique.name}.{name}", field)


def _flag(parser: Any, flag: str, dest: str, field: FieldInfo) -> None:
    """One flag; its value stays text, so that the declaration alone says what is valid and what to answer."""
    text = _(field.description or "") + " " + _("[{default}]").format(default=text_of(field.default))
    common = {"dest": dest, "default": argparse.SUPPRESS, "help": text.replace("%", "%%")}
    if field.annotation is bool:
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, **common)
    elif isinstance(field.default, tuple):
        parser.add_argument(flag, metavar="A,B", type=lambda value: value.split(",") if value else [], **common)
    else:
        parser.add_argument(flag, metavar=flag.rpartition(".")[2].strip("-").upper(), **common)


def text_of(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(getattr(value, "name", value))


def allowed(model: type[Any], field: str) -> str:
    """Choices or bounds of a field, for people."""
    schema = model.model_json_schema()["properties"][field]
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if "items" in schema:
        return ", ".join(map(str, schema["items"].get("enum", [schema["items"].get("type", "")])))
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {schema[key]}" for key, sign in signs.items() if key in schema]
    return ", ".join(bounds) or str(schema.get("type", ""))


def recipe_from(options: argparse.Namespace, start: Recipe | None = None) -> Recipe:
    """`start`, or the recipe file, or the default experiment, with what the flags change. Raises InputError."""
    start = start or (Recipe.read(Path(options.recipe)) if options.recipe else Recipe())
    values = start.model_dump(mode="json")
    for key, given in vars(options).items():
        match key.split("."):
            case ["set", "data", name]:
                values["data"][name] = given
            case ["set", name]:
                values[name] = given
            case ["on", name]:
                values["techniques"].setdefault(name, {}) if given else values["techniques"].pop(name, None)
    changes: dict[str, dict[str, Any]] = {}
    for key, given in vars(options).items():
        match key.split("."):
            case ["parameter", name, field]:
                if vars(options).get(f"on.{name}") is False:
                    contradiction = _("--no-{name} and --{name}.{field} contradict each other. Leave one out.")
                    raise InputError(contradiction.format(name=name, field=field))
                changes.setdefault(name, {})[field] = given
    for kind in TECHNIQUES:
        if change := changes.get(kind.name):
            values["techniques"][kind.name] = kind.changed(values["techniques"].get(kind.name) or {}, change)
    return parse(values)
