"""What a live change did, in words: one line for the transport, and the whole of it for its tooltip."""

from __future__ import annotations

from explorer.events import RecipeChanged
from explorer.i18n import _
from explorer.runs import RunRecord

MOST = 24
"""Names that are listed; a tooltip with hundreds of them could not be read."""


def changed_text(record: RunRecord, event: RecipeChanged) -> str:
    """In one line."""
    words = [_("After step {step}: {changes}").format(step=event.step, changes=", ".join(record.changes(event)))]
    if event.anew:
        words.append(_("another network: its best epoch is looked for anew"))
    if event.fresh:
        words.append(
            _("weights kept: {kept}, started fresh: {fresh}").format(kept=len(event.kept), fresh=len(event.fresh))
        )
    return " · ".join(words)


def changed_help(record: RunRecord, event: RecipeChanged) -> str:
    """With the names of what was kept and of what starts fresh, where the network was built anew."""
    lines = [changed_text(record, event)]
    if event.fresh:
        lines.append(_("The network was built anew."))
        lines.append(_("Start fresh: {names}").format(names=listed(event.fresh)))
        lines.append(_("Kept: {names}").format(names=listed(event.kept)))
    return "\n".join(lines)


def listed(names: tuple[str, ...]) -> str:
    """Names one after the other; of too many the first ones, and how many more there are."""
    if not names:
        return _("none")
    more = [_("and {n} more").format(n=len(names) - MOST)] if len(names) > MOST else []
    return ", ".join([*names[:MOST], *more])
