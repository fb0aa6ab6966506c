"""A text of a lesson, in every language of the program side by side."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from explorer.i18n import Message, _, language
from explorer.lessons.formula import FORMULA, parse
from explorer.nearest import did_you_mean

LONGEST = 20_000
"""Letters of a text: a step is read in minutes."""
PICTURE = re.compile(r"!\[[^\]]*\]\(\s*<?([^)>\s]*)[^)]*\)")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(\s*<?([^)>\s]*)[^)]*\)|^\s*\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")
TAG = re.compile(r"</?[A-Za-z!?][^>\n]*>?")
SUFFIXES = (".png", ".jpg", ".jpeg")
TURNED = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
"""Signs that let a text look as if it said something else."""


class Text(BaseModel):
    """English and Russian, as Markdown without HTML."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: Annotated[str, AfterValidator(lambda text: _harmless(text))] = Field(
        min_length=1, max_length=LONGEST, description="In English."
    )
    ru: Annotated[str, AfterValidator(lambda text: _harmless(text))] = Field(
        min_length=1, max_length=LONGEST, description="In Russian."
    )

    def __str__(self) -> str:
        """In the language now in use."""
        said: str = getattr(self, language())
        return said.strip()

    @property
    def pictures(self) -> tuple[str, ...]:
        """Names of the picture files that it shows, in either language."""
        return tuple(dict.fromkeys(PICTURE.findall(self.en) + PICTURE.findall(self.ru)))


def _harmless(text: str) -> str:
    """`text`, if all that is in it is shown and nothing is fetched or acts. Raises ValueError."""
    if not text.strip():
        raise ValueError(_("The text is empty. Write it, in both languages."))
    for place, sign in enumerate(text):
        if sign in TURNED or (unicodedata.category(sign) == "Cc" and sign not in "\n\t"):
            name = unicodedata.name(sign, f"U+{ord(sign):04X}")
            what = _("There is a sign that cannot be seen: {name}. Delete it.").format(name=name)
            raise NotShownError(what, text[:place].count("\n"))
    for found in TAG.finditer(CODE.sub(lambda code: " " * len(code[0]), text)):
        what = _("{tag} is HTML, which is not shown. Write Markdown: **bold**, *slanted*, # heading, | tables |.")
        raise NotShownError(what.format(tag=found[0][:40]), text[: found.start()].count("\n"))
    for found in FORMULA.finditer(text):
        try:
            parse(found[1].strip())
        except ValueError as error:
            raise NotShownError(str(error), text[: found.start()].count("\n")) from None
    for found in PICTURE.finditer(text):
        path = found[1]
        plain = re.fullmatch(r"[\w.-]+", path) and not path.startswith(".")
        if not plain or not path.lower().endswith(SUFFIXES):
            what = _(
                "{path} is no picture that a lesson can show. Put a PNG or JPEG beside the file, and name it alone."
            )
            raise NotShownError(what.format(path=repr(path[:80])), text[: found.start()].count("\n"))
    for found in LINK.finditer(text):
        address = found[1] or found[2] or ""
        if not address.startswith("https://"):
            what = _("{address} is no address that a lesson can lead to. Give one that begins with https://.")
            raise NotShownError(what.format(address=repr(address[:80])), text[: found.start()].count("\n"))
    return text


class NotShownError(ValueError):
    """Something in a text cannot be shown; `line`, counted from 0, is that of the text."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.line = line


def same(en: str) -> Text:
    """A text that is the same in every language."""
    return Text(en=en, ru=en)


def unknown(kind: str, name: str, known: list[str]) -> ValueError:
    """An error that says what may have been meant."""
    return ValueError(Message.joined(Message(kind, name=repr(name[:80])), did_you_mean(name, known)))


def located(error: ValueError, *where: str | int) -> ValueError:
    """`error`, with where within the thing that was checked the cause stands."""
    error.where = where  # type: ignore[attr-defined]
    return error
