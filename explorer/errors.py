"""Errors that a person can mend: each names the thing and the remedy, and is shown without a traceback."""

from __future__ import annotations

from explorer.i18n import Message


class InputError(ValueError):
    """Something the user gave cannot be used. It says the thing and the remedy (exit code 2): a Message, or a text
    in the language now in use.
    """


def said(error: Exception) -> Message:
    """What `error` says, as it was given."""
    given = error.args[0] if error.args else ""
    return given if isinstance(given, Message) else Message(str(error))


def unforeseen(error: BaseException) -> Message:
    """What to say of an error that nobody foresaw; it is the same in every language."""
    text = "{kind}: {error}"
    return Message(text, kind=type(error).__name__, error=str(error))
