"""What somebody may have meant by a name that is not known: the one place that says it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from explorer.i18n import _


def did_you_mean(name: str, known: Iterable[str], *, everything: bool = False) -> str:
    """A sentence, with a space before it, that names the nearest of `known`, or all of them; both, if `everything`."""
    known = list(known)
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name, known, n=1) or difflib.get_close_matches(name.lower(), lower, n=1)
    hint = " " + _("Did you mean {name}?").format(name=lower.get(near[0], near[0])) if near else ""
    if hint and not everything:
        return hint
    return hint + " " + _("There are: {names}.").format(names=", ".join(known))
