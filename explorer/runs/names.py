"""What a run is called: in one line what it was and what came of it, in the language now in use, live and stored alike.

The title stays the same from the first step on: how its recipe, as it began, differs from the default one, or which arm
of a comparison it is, or the name that somebody gave it. What came of it (live changes, end, accuracy) follows.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from explorer.errors import InputError
from explorer.events import DIVERGED, FAILED, STOPPED, EpochDone, RecipeChanged, RunEnded, RunStarted
from explorer.i18n import _, ngettext
from explorer.recipe import Recipe, apart_from_default, parse
from explorer.runs.place import Place, kept_place
from explorer.runs.record import RunRecord
from explorer.runs.store import RECIPE, in_use, stored_events

AUTOMATIC = re.compile(r"\d{4}-\d\d-\d\d-\d{6}(-|$)")
"""How folders begin that nobody gave a name."""
NAMING = tuple(kind.__name__ for kind in (RunStarted, RecipeChanged, EpochDone, RunEnded))
"""Events that a name is made of."""
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
    classes: tuple[str, ...] = ()
    """Of the images."""

    @property
    def title(self) -> str:
        """What it was."""
        return self.given or (_capital(self.place.said) if self.place else self.recipe_words(MOST_DIFFERENCES))

    @property
    def without_seed(self) -> str:
        """What it and all runs that differ in the seed alone were."""
        if self.place:
            return _capital(str(self.place.label))
        recipe = self.recipe.with_(seed=Recipe().seed) if self.recipe else None
        return replace(self, recipe=recipe).recipe_words(MOST_DIFFERENCES)

    def recipe_words(self, most: int = 1000) -> str:
        """How its recipe differs from the default one, naming `most` of the differences."""
        if self.recipe is None:
            return _("a recipe of another version")
        found = apart_from_default(self.recipe)
        more = len(found) - most
        words = [*found[:most], *([ngettext("{n} more", "{n} more", more).format(n=more)] if more > 0 else [])]
        return _capital("; ".join(words)) or _("Default recipe")

    @property
    def result(self) -> str:
        """What came of it."""
        words = []
        if n := len(self.changes):
            words.append(ngettext("{n} live change", "{n} live changes", n).format(n=n))
        if said := self._end():
            words.append(said.format(epoch=self.epoch + 1))
        if self.accuracy is not None and not self.goes_on and self.outcome not in (DIVERGED, FAILED):
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
        """Day and time at which it began, the time alone if it was today; empty if unknown."""
        if not self.began:
            return ""
        began = datetime.fromtimestamp(self.began)
        return f"{began:%H:%M}" if began.date() == datetime.now().date() else f"{began:%Y-%m-%d %H:%M}"


def name_of(record: RunRecord, folder: Path, place: Place | None = None, *, goes_on: bool = False) -> Name:
    """What the run of `record` is called, as far as it has come; `place` if its folder does not say it yet."""
    started, ended, place = record.started, record.ended, place or kept_place(folder)
    ours = AUTOMATIC.match(folder.name) or (place and folder.name in map(file_name, (place.said, str(place.label))))
    test = ended.test.get("accuracy") if ended else None
    reached = record.best.validation.get("accuracy") if record.best else None
    return Name(
        given="" if ours else folder.name,
        place=place,
        began=started.time if started else 0.0,
        recipe=_read(record),
        changes=tuple(", ".join(record.changes(mark)) for mark in record.all(RecipeChanged)),
        outcome=ended.outcome if ended else "",
        epoch=len(record.epochs),
        accuracy=reached if test is None else test,
        goes_on=goes_on,
        classes=started.classes if started else (),
    )


def stored_name(folder: Path) -> Name:
    """What the run in `folder` is called, without reading more of it than that takes."""
    try:
        record = RunRecord.of(stored_events(folder, NAMING))
    except (sqlite3.Error, msgspec.MsgspecError, ValueError, TypeError):
        record = RunRecord()
    if record.started is None:  # damaged, or not that far yet
        with suppress(InputError):
            return replace(name_of(record, folder), recipe=Recipe.read(folder / RECIPE), goes_on=in_use(folder))
    return name_of(record, folder, goes_on=record.ended is None and in_use(folder))


def apart(names: Sequence[Name]) -> list[str]:
    """The titles, no two alike: where need be with all differences, with the time of the start, or numbered."""
    titles = [name.title for name in names]
    alike = Counter(titles)
    for i, name in enumerate(names):
        if alike[titles[i]] > 1 and not name.given and not name.place:
            titles[i] = name.recipe_words()
    alike = Counter(titles)
    for i, name in enumerate(names):
        if alike[titles[i]] > 1 and name.when:
            titles[i] = f"{titles[i]} · {name.when}"
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


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
