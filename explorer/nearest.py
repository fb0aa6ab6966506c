"""What somebody may have meant by a name that is not known: the one place that says it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from explorer.i18n import NOTHING, Message


def did_you_mean(name: str, known: Iterable[str], *, everything: bool = False) -> Message:
    """A sentence that names the nearest of `known`, or all of them; both, if `everything`."""
    known = list(known)
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name, known, n=1) or difflib.get_close_matches(name.lower(), lower, n=1)
    hint = Message("Did you mean {name}?", name=lower.get(near[0], near[0])) if near else NOTHING
    if hint and not everything:
        return hint
    return Message.joined(hint, Message("There are: {names}.", names=", ".join(known)))
