"""The fold of a run's events: what panels draw, whether the run is live or stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, TypeVar

import numpy as np

from explorer.errors import InputError
from explorer.events import Doubles, EpochDone, Event, Layer, Note, Progress, RecipeChanged, RunEnded, RunStarted
from explorer.i18n import _
from explorer.recipe import Recipe, in_words, parse
from explorer.runs.series import Series

E = TypeVar("E", bound=Event)


class RunRecord:
    """Everything known of one run. `apply` is the only way in, for live and for stored runs."""

    def __init__(self) -> None:
        self.recipe: dict[str, Any] = {}
        """As it is now, with all live changes."""
        self.series = Series()
        self.said: Progress | Note | RecipeChanged | None = None
        """The last of what it says in words, until it trains."""
        self._kept: dict[type, list[Any]] = {}
        self._recipes: list[Recipe | None] = []
        """That of the start and after each live change; None where this version cannot read it."""

    @classmethod
    def of(cls, events: Iterable[Event]) -> Self:
        """The fold of `events`."""
        record = cls()
        for event in events:
            record.apply(event)
        return record

    def apply(self, event: Event) -> None:
        """Take `event` in."""
        if self.series.take(event):
            return
        kept = self._kept.setdefault(type(event), [])
        if event.keep == "latest":
            kept.clear()
        kept.append(event)
        if isinstance(event, Progress | Note | RecipeChanged | RunStarted):
            self.said = None if isinstance(event, RunStarted) else event
        if isinstance(event, RunStarted | RecipeChanged):
            self.recipe = event.recipe
            self._recipes.append(_readable(event.recipe))

    def all(self, kind: type[E]) -> list[E]:
        """The events of `kind` that are kept, oldest first. Those that make up a series are not: see `series`."""
        return self._kept.setdefault(kind, [])

    def latest(self, kind: type[E]) -> E | None:
        """The last event of `kind`, or None if there was none."""
        kept = self._kept.get(kind)
        return kept[-1] if kept else None

    def changes(self, change: RecipeChanged) -> tuple[str, ...]:
        """What a live change of this run changed, in the language now in use."""
        number = next(i for i, one in enumerate(self.all(RecipeChanged)) if one is change)
        before, after = self._recipes[number : number + 2]
        if not before or not after:
            return (_("a change that only a newer version can read"),)
        return in_words(before, after) or (_("the same as before"),)

    # What panels and tables ask for.

    @property
    def started(self) -> RunStarted | None:
        """What the run started from."""
        return self.latest(RunStarted)

    @property
    def ended(self) -> RunEnded | None:
        """How the run ended; None while it goes on, and if it was cut off."""
        return self.latest(RunEnded)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Of the network that the run started with."""
        return self.started.layers if self.started else ()

    @property
    def epochs(self) -> list[EpochDone]:
        """The epochs done."""
        return self.all(EpochDone)

    def metric(self, split: str, name: str) -> Doubles:
        """`name` (loss, accuracy, f1, ece, confidence, mae) on "train" or "validation", per epoch; NaN where absent."""
        return np.array([getattr(epoch, split).get(name, np.nan) for epoch in self.epochs], np.float64)

    @property
    def best(self) -> EpochDone | None:
        """The epoch with the lowest validation loss since the network was last another one: what best.pt holds."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)


def _readable(recipe: dict[str, Any]) -> Recipe | None:
    try:
        return parse(recipe)
    except InputError:
        return None
