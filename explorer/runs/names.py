"""What a run is called: in one line what it was and what came of it, in the language now in use, live and stored alike.

The title stays the same from the first step on: how its recipe, as it began, differs from the default one, or which arm
of a comparison it is, or the name that somebody gave it. What came of it (live changes, end, accuracy) follows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from explorer.errors import InputError
from explorer.events import DIVERGED, FAILED, STOPPED
from explorer.i18n import _, ngettext
from explorer.recipe import Recipe, in_words, parse
from explorer.runs.experiment import Place, kept_place
from explorer.runs.record import RunRecord

AUTOMATIC = re.compile(r"\d{4}-\d\d-\d\d-\d{6}(-|$)")
"""How folders begin that nobody gave a name."""
MOST_DIFFERENCES = 3
"""That a title lists; a tool tip has them all."""
LONGEST_FILE = 80
"""Letters of a file's name made from a title."""


@dataclass(frozen=True)
class Name:
    """All that a run is called by; made anew whenever its record has grown."""

    given: str = ""
    """By somebody; empty if the folder has the name that it was made with."""
    place: Place | None = None
    began: float = 0.0
    """Seconds since 1970; 0 if unknown."""
    recipe: Recipe | None = None
    """As the run began; None if this version cannot read it."""
    changes: tuple[str, ...] = ()
    """What was changed while it went on."""
    outcome: str = ""
    """As RunEnded says; empty while there is none."""
    epoch: int = 0
    """Epochs done."""
    accuracy: float | None = None
    """On the test images, or of the best epoch on validation where the run never came to them."""
    goes_on: bool = False

    @property
    def title(self) -> str:
        """What it was."""
        return self.given or (self.place.said if self.place else self.recipe_words(MOST_DIFFERENCES))

    def recipe_words(self, most: int = 1000) -> str:
        """How its recipe differs from the default one, naming `most` of the differences."""
        if self.recipe is None:
            return _("a recipe of another version")
        found = in_words(Recipe(), self.recipe)
        more = len(found) - most
        words = [*found[:most], *([ngettext("{n} more", "{n} more", more).format(n=more)] if more > 0 else [])]
        text = "; ".join(words)
        return text[:1].upper() + text[1:] if text else _("Default recipe")

    @property
    def result(self) -> str:
        """What came of it."""
        words = []
        if n := len(self.changes):
            words.append(ngettext("{n} live change", "{n} live changes", n).format(n=n))
        if said := self._end():
            words.append(said.format(epoch=self.epoch + 1))
        if self.accuracy is not None and not self.goes_on:
            words.append(f"{100 * self.accuracy:.1f} %")
        return " · ".join(words)

    def _end(self) -> str:
        if self.goes_on:
            return _("goes on")
        return {
            "": _("cut off in epoch {epoch}"),
            DIVERGED: _("diverged in epoch {epoch}"),
            STOPPED: _("stopped in epoch {epoch}"),
            FAILED: _("failed"),
        }.get(self.outcome, "")

    @property
    def line(self) -> str:
        """Both."""
        return " · ".join(filter(None, (self.title, self.result)))

    @property
    def when(self) -> str:
        """Day and time at which it began; empty if unknown."""
        return f"{datetime.fromtimestamp(self.began):%Y-%m-%d %H:%M}" if self.began else ""


def name_of(record: RunRecord, folder: Path, place: Place | None = None, *, goes_on: bool = False) -> Name:
    """What the run of `record` is called, as far as it has come; `place` if its folder does not say it yet."""
    started, ended = record.started, record.ended
    test = ended.test.get("accuracy") if ended else None
    reached = record.best.validation.get("accuracy") if record.best else None
    return Name(
        given="" if AUTOMATIC.match(folder.name) else folder.name,
        place=place or kept_place(folder),
        began=started.time if started else 0.0,
        recipe=_read(record),
        changes=tuple(", ".join(record.changes(mark)) for mark in record.marks),
        outcome=ended.outcome if ended else "",
        epoch=len(record.epochs),
        accuracy=reached if test is None else test,
        goes_on=goes_on,
    )


def apart(names: Sequence[Name]) -> list[str]:
    """The titles, those that are alike with the time at which the run began; and where that is alike too, numbered."""
    titles = [name.title for name in names]
    alike = Counter(titles)
    titles = [
        f"{title} · {name.when}" if alike[title] > 1 and name.when else title
        for title, name in zip(titles, names, strict=True)
    ]
    alike, seen = Counter(titles), Counter[str]()
    for i, title in enumerate(titles):
        if alike[title] > 1:
            seen[title] += 1
            titles[i] = f"{title} ({seen[title]})"
    return titles


def file_name(title: str) -> str:
    """`title` as the name of a file or folder on every system, without its ending: "without-Dropout"."""
    words = re.sub(r"[^\w.+=-]+", "-", title, flags=re.UNICODE).strip("-.")
    return words[:LONGEST_FILE].rstrip("-.") or "run"


def _read(record: RunRecord) -> Recipe | None:
    try:
        return parse(record.started.recipe if record.started else record.recipe)
    except InputError:
        return None
