"""Flags that follow from the declarations of recipe and techniques, and the recipe that they make."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Literal, NoReturn, get_origin

from pydantic.fields import FieldInfo

from explorer.data import DataChoice
from explorer.errors import InputError
from explorer.i18n import N_, Message, _
from explorer.nearest import did_you_mean
from explorer.networks import Pretrained
from explorer.recipe import CHOICES, Recipe, parse
from explorer.recipe.migrate import OLD_SWITCHES, SHORT
from explorer.techniques import TECHNIQUES

OLD_FLAGS = ("backbone", "size")
"""Of transfer learning, which chose the network in version 1; not in the help, but they still do what they did. So do
its OLD_SWITCHES, which reading the recipe moves to where they are now."""


PLAIN = ("classes", "per_class", "fraction", "size", "fit", "colour")
"""Of the data, what is said so often that its flag goes without "data."."""


class Parser(argparse.ArgumentParser):
    """Complains as the rest of the program does: names the thing, offers the nearest, exit code 2."""

    def error(self, message: str) -> NoReturn:
        see = Message("See {program} --help.", program=self.prog)
        raise InputError(Message.joined(message, see, by="\n"))

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            known = [flag for action in _all_actions(self) for flag in action.option_strings]
            text = Message("There is no flag {flag}.", flag=unknown[0])
            raise InputError(Message.joined(text, _near(unknown[0], known)))
        return options


def _near(flag: str, known: list[str]) -> Message:
    hint = did_you_mean(flag.partition("=")[0], known)
    return hint if len(str(hint)) < 200 else Message("See training-explorer train --help.")


def _all_actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    commands = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return [action for command in commands.choices.values() for action in command._actions]


def recipe_flags(parser: argparse.ArgumentParser) -> None:
    for name, field in Recipe.model_fields.items():
        if name == "data":
            _flag(parser, "--data", "set.data.name", field)
            data_flags(parser)
        elif name in CHOICES:
            _choice_flags(parser, name, field)
        elif name not in ("version", "techniques"):
            _flag(parser, "--" + name.replace("_", "-"), f"set.{name}", field)
    for name in OLD_FLAGS:
        parser.add_argument(f"--transfer.{name}", dest=f"old.{name}", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    for name in OLD_SWITCHES:
        parser.add_argument(
            f"--transfer.{name}",
            dest=f"parameter.transfer.{name}",
            action=argparse.BooleanOptionalAction,
            default=argparse.SUPPRESS,
            help=argparse.SUPPRESS,
        )
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


def data_flags(parser: argparse.ArgumentParser) -> None:
    """How images are taken from a set, whichever it is."""
    for name, field in DataChoice.model_fields.items():
        if name != "name":
            prefix = "--" if name in PLAIN else "--data."
            _flag(parser, prefix + name.replace("_", "-"), f"set.data.{name}", field)


def _choice_flags(parser: argparse.ArgumentParser, choice: str, field: FieldInfo) -> None:
    """The flag that chooses a kind, and one for each parameter that any kind has."""
    kinds, title = CHOICES[choice], _(field.title or "")
    group = parser.add_argument_group(title, _(field.description or ""))
    known = ", ".join(kinds) + (", " + _("or the name of a pretrained one") if choice == "network" else "")
    group.add_argument(
        f"--{choice}",
        dest=f"choose.{choice}",
        metavar="KIND",
        default=argparse.SUPPRESS,
        help=f"{known} {_('[{default}]').format(default=field.default.kind)}",
    )
    names = dict.fromkeys(name for kind in kinds.values() for name in kind.model_fields if name != "kind")
    for name in names:
        owners = {key: kind.model_fields[name] for key, kind in kinds.items() if name in kind.model_fields}
        flags = [f"--{choice}.{name}", *([f"--{name}"] if name in SHORT else [])]
        help_ = "; ".join(f"{key}: {_described(own)}" for key, own in owners.items())
        own = next(iter(owners.values()))
        _add(group, flags, f"chosen.{choice}.{name}", own, help_)


def _flag(parser: Any, flag: str, dest: str, field: FieldInfo) -> None:
    """One flag; its value stays text, so that the declaration alone says what is valid and what to answer."""
    _add(parser, [flag], dest, field, _described(field))


def _described(field: FieldInfo) -> str:
    default = "auto" if field.default is None and field.annotation == float | None else text_of(field.default)
    return _(field.description or "") + " " + _("[{default}]").format(default=default)


def _add(parser: Any, flags: list[str], dest: str, field: FieldInfo, text: str) -> None:
    name = flags[0].rpartition(".")[2].strip("-").upper()
    common = {"dest": dest, "default": argparse.SUPPRESS, "help": text.replace("%", "%%")}
    if field.annotation is bool:
        parser.add_argument(*flags, action=argparse.BooleanOptionalAction, **common)
    elif isinstance(field.default, tuple):
        parser.add_argument(*flags, metavar="A,B", type=lambda value: value.split(",") if value else [], **common)
    else:
        parser.add_argument(*flags, metavar=name, **common)


def _typed(field: FieldInfo | None, value: Any) -> Any:
    """Numbers among which to choose must be numbers: "14" is none of 8, 14, 20."""
    if field is not None and get_origin(field.annotation) is Literal and isinstance(field.default, int):
        return int(value) if value.isdecimal() else value
    return value


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
            case ["old", "backbone"]:
                values["network"] = parse({"network": given}).model_dump(mode="json")["network"]
            case ["old", "size"] if "old.backbone" not in vars(options) and "choose.network" not in vars(options):
                values["network"] = Pretrained().model_dump(mode="json")
            case ["choose", choice] if given != values[choice]["kind"]:
                values[choice] = parse({choice: given}).model_dump(mode="json")[choice]
            case ["on", name]:
                values["techniques"].setdefault(name, {}) if given else values["techniques"].pop(name, None)
    if any(key.startswith("old.") for key in vars(options)):
        values["techniques"].setdefault("transfer", {})
    changes: dict[str, dict[str, Any]] = {}
    for key, given in vars(options).items():
        match key.split("."):
            case ["chosen", choice, name]:
                kind = CHOICES[choice][values[choice]["kind"]]
                values[choice][name] = _typed(kind.model_fields.get(name), given)
            case ["old", "size"] if values["network"]["kind"] == "pretrained":
                values["network"]["size"] = given
            case ["parameter", name, field]:
                if vars(options).get(f"on.{name}") is False:
                    contradiction = N_("--no-{name} and --{name}.{field} contradict each other. Leave one out.")
                    raise InputError(Message(contradiction, name=name, field=field))
                changes.setdefault(name, {})[field] = given
    for kind in TECHNIQUES:
        if change := changes.get(kind.name):
            values["techniques"][kind.name] = kind.changed(values["techniques"].get(kind.name) or {}, change)
    return parse(values)
