"""One run after another, laid over each other: what a technique does, shown in one go."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.events import FINISHED
from explorer.i18n import _
from explorer.recipe import Recipe
from explorer.session.session import RunOnScreen, Session


class Comparison:
    """Takes an idle `session` through `arms`, (label, recipe); in the end it has its own recipe again."""

    def __init__(self, session: Session, arms: Sequence[tuple[str, Recipe]]) -> None:
        self._session, self._recipe, self._arms = session, session.recipe, arms
        self._runs: list[RunOnScreen] = []
        """Those begun so far."""

    def go_on(self) -> bool:
        """Begin the next run, if the one before came to its end; whether it did. Raises InputError, OSError."""
        session, begun = self._session, False
        try:
            if len(self._runs) < len(self._arms) and all(map(_finished, self._runs)):
                label, recipe = self._arms[len(self._runs)]
                session.change(recipe)
                session.overlays = list(self._runs)  # before the start, so that the new run gets a colour of its own
                session.start(label=label)
                assert session.current
                self._runs.append(session.current)
                begun = True
        finally:
            if not begun:
                session.change(self._recipe)
        return begun

    def __str__(self) -> str:
        return _("Comparison, run {n} of {total}: {label}").format(
            n=len(self._runs), total=len(self._arms), label=self._runs[-1].label
        )


def _finished(run: RunOnScreen) -> bool:
    return run.record.ended is not None and run.record.ended.outcome == FINISHED
