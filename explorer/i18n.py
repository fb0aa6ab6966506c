"""Text that people read. English is the source; a gettext catalogue in resources/locale gives the other languages.

`_` translates now; `N_` only marks a text declared at import time, to be translated when it is shown; a `Message` is a
text with what fills its places, to be kept, sent, and translated where and whenever it is shown.
"""

from __future__ import annotations

import gettext as _gettext
import locale
import os
from typing import Any, Self

from explorer.resources import resource

LANGUAGES = {"en": "English", "ru": "Русский"}

_catalogue: _gettext.NullTranslations = _gettext.NullTranslations()
_language = "en"


def set_language(language: str) -> None:
    """Translate from now on into `language` (a key of LANGUAGES; anything else means English)."""
    global _catalogue, _language
    _language = language if language in LANGUAGES else "en"
    _catalogue = _gettext.translation("explorer", str(resource("locale")), languages=[_language], fallback=True)


def language() -> str:
    """The key in LANGUAGES of the language now in use."""
    return _language


def system_language() -> str:
    """The language that the environment asks for, if we have it, else English."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if code := os.environ.get(variable, "")[:2]:
            return code if code in LANGUAGES else "en"
    code = (locale.getlocale()[0] or "en")[:2].lower()
    return code if code in LANGUAGES else "en"


def _(text: str) -> str:
    """`text` in the language now in use."""
    return _catalogue.gettext(text) if text else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """The plural form for `n` in the language now in use."""
    return _catalogue.ngettext(singular, plural, n)


def N_(text: str) -> str:
    """Mark `text` for the catalogue and return it as it is."""
    return text


def in_mid_sentence(title: str) -> str:
    """With a small letter, unless it is an abbreviation."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


class Message:
    """A text for people that is still to be translated: the English one is its id, `arguments` fill its {places}.

    `str` gives it in the language now in use, wherever and in whichever language it was made. Arguments are strings,
    numbers, other messages, or tuples of these; of an error that holds a message, the message; of all else its text.
    """

    __slots__ = ("arguments", "id", "inner", "plural", "sides")

    def __init__(self, text: str = "", /, **arguments: object) -> None:
        self.id, self.plural, self.inner = text, "", False
        self.sides: dict[str, str] = {}
        self.arguments: dict[str, Any] = {name: _kept(value) for name, value in arguments.items()}

    @classmethod
    def counted(cls, singular: str, plural: str, n: int, /, **arguments: object) -> Self:
        """One whose form depends on `n`, which also fills {n}."""
        message = cls(singular, **{"n": n, **arguments})
        message.plural = plural
        return message

    @classmethod
    def of_sides(cls, english: str, **others: str) -> Self:
        """One that no catalogue has: it brings its translations along, by their languages."""
        message = cls(english)
        message.sides = others
        return message

    @classmethod
    def joined(cls, *parts: Message | str, by: str = " ") -> Self:
        """`parts` one after the other, without the empty ones."""
        said = {f"part{i}": part for i, part in enumerate(parts) if part}
        return cls(by.join(f"{{{name}}}" for name in said), **said)

    def in_mid_sentence(self) -> Message:
        """The same, to be said within a sentence: with a small letter, unless it is an abbreviation."""
        message = Message(self.id, **self.arguments)
        message.plural, message.inner, message.sides = self.plural, True, self.sides
        return message

    @property
    def english(self) -> str:
        """The text as it is in the source, whatever language is in use."""
        return self._in(_gettext.NullTranslations())

    def __str__(self) -> str:
        return self._in(_catalogue)

    def _in(self, catalogue: _gettext.NullTranslations) -> str:
        text = self._whole(catalogue)
        return in_mid_sentence(text) if self.inner else text

    def _whole(self, catalogue: _gettext.NullTranslations) -> str:
        if not self.id:
            return ""  # of an empty text, catalogues give their header
        if self.sides:
            return self.sides.get(language(), self.id) if catalogue is _catalogue else self.id
        counted = bool(self.plural)
        text = catalogue.ngettext(self.id, self.plural, self.arguments["n"]) if counted else catalogue.gettext(self.id)
        if not self.arguments:
            return text
        try:
            return text.format_map({name: _said(value, catalogue) for name, value in self.arguments.items()})
        except (LookupError, ValueError, TypeError, AttributeError):  # of another version, or made up
            return text

    def __bool__(self) -> bool:
        return bool(self.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.to_plain() == other.to_plain()

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Message({self.english!r})"

    def to_plain(self) -> str | dict[str, Any]:
        """As plain values, for files and pipes; without arguments, the text itself."""
        return _to_plain(self) if self.arguments or self.inner or self.sides else self.id

    @classmethod
    def from_plain(cls, plain: object) -> Self:
        """What `to_plain` gave, or a text that an older version had translated already. Raises ValueError."""
        if isinstance(plain, str):
            return cls(plain)
        if not isinstance(plain, dict) or not isinstance(plain.get("id"), str):
            raise ValueError("a message is a text, or has an id")
        message = cls(plain["id"], **{str(k): _from_plain(v) for k, v in dict(plain.get("arguments", {})).items()})
        message.plural, message.inner = str(plain.get("plural", "")), plain.get("inner") is True
        message.sides = {str(name): str(text) for name, text in dict(plain.get("sides", {})).items()}
        return message


NOTHING = Message()
"""Nothing to say; false."""


def _kept(value: object) -> object:
    if isinstance(value, Exception) and value.args and isinstance(value.args[0], Message):
        return value.args[0]
    if isinstance(value, tuple | list):
        return tuple(map(_kept, value))
    if isinstance(value, int | float | Message):
        return value
    return str(value).encode("utf-8", "replace").decode()  # names of files need not be Unicode; files and pipes do


def _said(value: Any, catalogue: _gettext.NullTranslations) -> Any:
    if isinstance(value, tuple):
        return ", ".join(str(_said(one, catalogue)) for one in value)
    return value._in(catalogue) if isinstance(value, Message) else value


def _to_plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_plain(one) for one in value]
    if not isinstance(value, Message):
        return value
    how: dict[str, Any] = ({"plural": value.plural} if value.plural else {}) | ({"inner": True} if value.inner else {})
    how |= {"sides": value.sides} if value.sides else {}
    return {"id": value.id, **how, "arguments": {k: _to_plain(v) for k, v in value.arguments.items()}}


def _from_plain(value: object) -> object:
    if isinstance(value, tuple | list):
        return tuple(map(_from_plain, value))
    return Message.from_plain(value) if isinstance(value, dict) else value
