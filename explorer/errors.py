"""Errors that a person can mend: each names the thing and the remedy, and is shown without a traceback."""


class InputError(ValueError):
    """Something the user gave cannot be used. The message names the thing and the remedy (exit code 2)."""
