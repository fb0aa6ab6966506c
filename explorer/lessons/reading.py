"""A file becomes a lesson, or a list of what is wrong: the line, what, and what to do. Nothing in it is executed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from explorer.errors import InputError
from explorer.i18n import N_, Message, _
from explorer.lessons.lesson import VERSION, Lesson
from explorer.lessons.lines import LONG, Keys, line_of, places
from explorer.lessons.texts import NotShownError
from explorer.recipe.messages import explain

LARGEST = 1 << 20
"""Bytes of a file."""
MOST_PROBLEMS = 20
"""That are told at once."""
SUFFIX = ".toml"


def read(path: Path) -> Lesson:
    """The lesson in the file `path`. Raises InputError with every problem, a line each."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            text = N_("{path} has {n} bytes; a lesson has {most} at most. Split it in two.")
            raise InputError(Message(text, path=path, n=size, most=LARGEST))
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        what = N_("The lesson {path} cannot be read: {error}. Check the path.")
        raise InputError(Message(what, path=path, error=error.strerror or error)) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(_problem(path.name, line, _("This is not UTF-8. Save the file as UTF-8."))) from None
    lesson = parse(text, path.name)
    if lesson.name != path.stem:
        what = N_("The lesson is called {name}, but its file {stem}. Give both the same name.")
        line = line_of(places(text), ("name",))
        raise InputError(_problem(path.name, line, str(Message(what, name=repr(lesson.name), stem=repr(path.stem)))))
    return lesson


def parse(text: str, file: str) -> Lesson:
    """The lesson that `text` says; `file` is named in errors. Raises InputError."""
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        what, _sign, where = str(error).rpartition(" (at line ")
        line = int(where.partition(",")[0]) if where.partition(",")[0].isdigit() else text.count("\n") + 1
        said = _("This is not TOML: {error}. Mend it there, or just before.").format(error=what or error)
        raise InputError(_problem(file, line, said)) from None
    found = places(text)
    version = values.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        said = _("The lesson has version {version}; this program reads up to {ours}. Update Training Explorer.")
        raise InputError(_problem(file, line_of(found, ("version",)), said.format(version=version, ours=VERSION)))
    try:
        lesson = Lesson.model_validate(values)
    except ValidationError as error:
        wrong = [(_line(detail, found, text), _what(detail)) for detail in error.errors()]
    else:
        wrong = [(line_of(found, where), what) for where, what in _recipes(lesson, found)]
    if wrong:
        lines = [_problem(file, line, what) for line, what in dict.fromkeys(sorted(wrong))]
        if more := len(lines) - MOST_PROBLEMS:
            lines[MOST_PROBLEMS:] = [_("… and {n} more").format(n=more)] if more > 0 else []
        raise InputError("\n".join(lines))
    return lesson


def _problem(file: str, line: int, what: str) -> str:
    return _("{file}, line {line}: {problem}").format(file=file, line=line, problem=what)


def _line(detail: ErrorDetails, found: dict[Keys, int], text: str) -> int:
    error = detail.get("ctx", {}).get("error")
    line = line_of(found, (*detail["loc"], *getattr(error, "where", ())))
    if isinstance(error, NotShownError):
        opened = text.splitlines()[line - 1].rstrip().endswith(LONG)  # the text itself begins below
        return line + error.line + opened
    return line


def _what(detail: ErrorDetails) -> str:
    name = ".".join(str(part + 1) if isinstance(part, int) else part for part in detail["loc"])
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            return _("{name} is missing. Add it.").format(name=name)
        case "string_pattern_mismatch":
            text = _("{name} is {given}; a name has small letters, digits and hyphens. Change it.")
            return text.format(name=name, given=repr(str(detail["input"])[:60]))
        case "string_too_long" | "too_long":
            most = context.get("max_length")
            return _("{name} is too long: {most} at most. Shorten it.").format(name=name, most=most)
        case "string_too_short" | "too_short":
            return _("{name} is empty. Fill it in.").format(name=name)
        case "model_type" | "dict_type":
            return _("{name} is not a table. Write its parts: {name}.en = … or [{name}].").format(name=name)
        case "string_type":
            return _("{name} is not a text. Put it in quotes.").format(name=name)
        case "tuple_type" | "list_type":
            return _("{name} is not a list. Put it in brackets: […].").format(name=name)
    clipped = detail | {"input": detail["input"] if len(repr(detail["input"])) < 100 else "…"}
    said = str(explain(clipped, Lesson))
    return said if detail["type"] == "value_error" else said.replace(".".join(map(str, detail["loc"])), name)


def _recipes(lesson: Lesson, found: dict[Keys, int]) -> list[tuple[Keys, str]]:
    """What is wrong in the recipes, and in those of the arms."""

    def inside(place: Keys, problem: str) -> Keys:
        """Where within `place` the word stands of which `problem` speaks first."""
        keys = [key for key in found if key[: len(place)] == place and len(key) > len(place)]
        named = [key for key in keys if re.search(rf"\b{re.escape(str(key[-1]))}\b", problem)]
        return min(named, key=lambda key: problem.index(str(key[-1])), default=place)

    wrong: list[tuple[Keys, str]] = []
    good = set()
    for name in lesson.recipes:
        try:
            lesson.base(name)
            good.add(name)
        except InputError as error:
            wrong += [(inside(("recipes", name), line), line) for line in str(error).splitlines()]
    for i, claim in enumerate(lesson.claim):
        for j, arm in enumerate(claim.arm):
            for key, name in (("recipe", arm.recipe or claim.recipe), ("teacher", arm.teacher or "")):
                if name and name not in lesson.recipes:
                    text = _("There is no recipe {name}. Write [recipes.{plain}].")
                    where: Keys = ("claim", i, "arm", j, key) if key == "teacher" or arm.recipe else ("claim", i, key)
                    wrong.append((where, text.format(name=repr(name), plain=name)))
            base = arm.recipe or claim.recipe
            if base in good:
                try:
                    arm.of(lesson.base(base))
                except InputError as error:
                    wrong += [(inside(("claim", i, "arm", j), line), line) for line in str(error).splitlines()]
    return wrong
