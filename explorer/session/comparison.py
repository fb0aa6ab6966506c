"""An experiment in the window: one run after another, laid over each other, until all are made or one is stopped."""

from __future__ import annotations

import math
from time import monotonic

from explorer.i18n import _
from explorer.runs.experiment import Experiment, Planned
from explorer.runs.timing import seconds_left
from explorer.session.screen import RunOnScreen
from explorer.session.session import Session
from explorer.titles import duration


class Comparison:
    """Takes an idle `session` through the runs of `experiment`; its recipe is not touched."""

    def __init__(self, session: Session, experiment: Experiment) -> None:
        self._session, self.experiment = session, experiment
        self._begun: list[RunOnScreen] = []
        self._planned: Planned | None = None
        self._at, self._took = monotonic(), list[float]()
        """When the run that goes on began, and how long those before took, all in all."""

    def go_on(self) -> bool:
        """Begin the next run, if there is one after the last one's end; whether it did. Raises OSError."""
        session = self._session
        if self._planned and (ended := self._begun[-1].record.ended):
            self.experiment.ended(self._planned, ended, self._begun[-1].folder)
            self._took.append(monotonic() - self._at)
        self._planned, self._at = self.experiment.take(), monotonic()
        if self._planned is None:
            return False
        session.screen.overlays = list(self._begun)  # before the start, so that the new run gets a colour of its own
        session.start(planned=self._planned)
        assert session.current
        self._begun.append(session.current)
        return True

    @property
    def seconds_left(self) -> float:
        """About, to the end of the last run; NaN before the first one can tell."""
        own = seconds_left(self._begun[-1].record) if self._begun else None
        if own is None:
            return math.nan
        each = sum(self._took) / len(self._took) if self._took else monotonic() - self._at + own
        return own + self.experiment.left * each

    @property
    def standing(self) -> str:
        """Which run goes on, and when the last one will have ended; empty where there is only one."""
        if (total := len(self.experiment.runs)) < 2:
            return ""
        words = [_("run {n} of {total}").format(n=total - self.experiment.left, total=total)]
        if not math.isnan(left := self.seconds_left):
            words.append(_("{time} to the end of the last").format(time=duration(left)))
        return " · ".join(words)

    @property
    def shown(self) -> list[RunOnScreen]:
        """The runs that were begun, in their order."""
        return list(self._begun)

    @property
    def ended(self) -> int:
        """How many have."""
        return sum(run.record.ended is not None for run in self._begun)

    @property
    def whole(self) -> bool:
        """Whether every run was made, and none of them stopped."""
        return self.ended == len(self.experiment.runs) and not self.experiment.stopped

    def __str__(self) -> str:
        return str(self.experiment)
