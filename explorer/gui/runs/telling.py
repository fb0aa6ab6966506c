"""What the line below the progress, and the banner, tell of the run on screen: all of it from its own record."""

from __future__ import annotations

from typing import NamedTuple

from explorer.events import Note, Progress, RecipeChanged, RunEnded
from explorer.gui.runs.banner import Banner
from explorer.gui.runs.transport import Transport, outcome
from explorer.i18n import NOTHING, Message, _, ngettext
from explorer.runs import in_use
from explorer.session.going_on import can_go_on, is_young
from explorer.session.live_change import changed_help, changed_text
from explorer.session.screen import RunOnScreen
from explorer.titles import duration


class Telling(NamedTuple):
    """One line, and the whole of it; both in the language now in use."""

    text: str = ""
    help: str = ""


class Teller:
    """Lets the run on screen say what it has to say, once; until then, what others said beside it stays."""

    def __init__(self, transport: Transport, banner: Banner) -> None:
        self._transport, self._banner = transport, banner
        self._told: tuple[RunOnScreen | None, Telling] = (None, Telling())

    def tell(self, current: RunOnScreen | None, live: bool) -> None:
        """What there is to say of `current` now; `live`: it goes on in this program."""
        telling = told(current, live)
        if (current, telling) != self._told:
            is_new = current is not self._told[0] or telling.text != self._told[1].text
            self._told = current, telling
            self._transport.say(*telling)
            if is_new and not live and current and not current.refused and (cut_off := left_off(current)):
                self._banner.say_of_run(cut_off, None, can_go_on=can_go_on(current.folder))


def told(shown: RunOnScreen | None, live: bool) -> Telling:
    """The last that the run on screen has to say; `live`: it goes on in this program."""
    if shown is None:
        return Telling()
    record = shown.record
    notes = [str(note.text) for note in record.all(Note)]
    if record.ended is not None:
        count = [ngettext("{n} note", "{n} notes", len(notes)).format(n=len(notes))] if notes else []
        text = " · ".join([outcome(record), *count])
        return Telling(text, "\n".join([text, *notes]) if notes else "")
    if not live:
        how = left_off(shown)
        return Telling(str(how.reason), "\n".join([f"{how.reason} {how.remedy}", *notes])) if how else Telling()
    match record.said:
        case Progress() as progress:
            return Telling(how_far(progress))
        case Note():
            return Telling(notes[-1], "\n".join(notes))
        case RecipeChanged() as change:
            return Telling(changed_text(record, change), changed_help(record, change))
    return Telling()


def how_far(progress: Progress) -> str:
    """What goes on, and where it is known how much of it is done, and how long the rest takes."""
    words = [str(progress.what)]
    if progress.total:
        words.append(f"{100 * progress.done / progress.total:.0f} %")
    if progress.left is not None:
        words.append(_("{time} left").format(time=duration(progress.left)))
    return " · ".join(words)


def left_off(shown: RunOnScreen) -> RunEnded | None:
    """How a run that was never ended breaks off, and what can be done with it; None if it was, or is not read yet."""
    record, folder = shown.record, shown.folder
    if shown.rest is not None or record.ended is not None or record.started is None:
        return None
    if in_use(folder):
        return RunEnded(outcome="", reason=Message("This run goes on in another window or terminal."), remedy=NOTHING)
    reason = Message(
        "Cut off at step {step} (whole epochs: {epoch}): its program ended before it did.",
        step=record.series.steps.last,
        epoch=len(record.epochs),
    )
    remedy = Message("It left no checkpoint to go on from; what it did is shown.")
    if is_young(folder):
        remedy = Message("It can go on from its start.")
    elif can_go_on(folder):
        remedy = Message("It can go on from its last checkpoint, as if it had never been interrupted.")
    return RunEnded(outcome="", reason=reason, remedy=remedy)
