"""The lessons that come with the program, and every claim of the course, told in a lesson or not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from explorer.errors import InputError
from explorer.i18n import Message
from explorer.lessons.claims import Claim
from explorer.lessons.lesson import Lesson
from explorer.lessons.reading import SUFFIX, read
from explorer.nearest import did_you_mean
from explorer.resources import resource

CLAIMS = "claims"
"""The file with claims that no lesson tells; it has no steps, and is not listed."""


def folder() -> Path:
    """Where the lessons of the program are."""
    return resource("lessons")


@cache
def every_file() -> tuple[Lesson, ...]:
    """All files of lessons that come with the program, in their order."""
    return tuple(sorted(map(read, folder().glob(f"*{SUFFIX}")), key=lambda lesson: (lesson.order, lesson.name)))


def shipped() -> tuple[Lesson, ...]:
    """The lessons that come with the program, in their order."""
    return tuple(lesson for lesson in every_file() if lesson.step)


def all_claims() -> tuple[tuple[Lesson, Claim], ...]:
    """Every claim of the course with the file that says it: the one list for README, lessons and tests."""
    return tuple((lesson, claim) for lesson in every_file() for claim in lesson.claim)


def named(name: str) -> Lesson:
    """The lesson called `name`, or in the file `name`. Raises InputError."""
    known = {lesson.name: lesson for lesson in shipped()}
    if name in known:
        return known[name]
    if name.endswith(SUFFIX) or Path(name).is_file():
        return read(Path(name))
    raise InputError(
        Message.joined(Message("There is no lesson {name!r}.", name=name), did_you_mean(name, known, everything=True))
    )
