"""One run after another, laid over each other: what a technique does, shown in one go."""

from __future__ import annotations

from explorer.runs.experiment import Experiment, Planned
from explorer.session.screen import RunOnScreen
from explorer.session.session import Session


class Comparison:
    """Takes an idle `session` through the runs of `experiment`; its recipe is not touched."""

    def __init__(self, session: Session, experiment: Experiment) -> None:
        self._session, self._experiment = session, experiment
        self._begun: list[RunOnScreen] = []
        self._planned: Planned | None = None

    def go_on(self) -> bool:
        """Begin the next run, if there is one after the last one's end; whether it did. Raises OSError."""
        session = self._session
        if self._planned and (ended := self._begun[-1].record.ended):
            self._experiment.ended(self._planned, ended, self._begun[-1].folder)
        self._planned = planned = self._experiment.take()
        if planned is None:
            return False
        session.screen.overlays = list(self._begun)  # before the start, so that the new run gets a colour of its own
        session.start(planned=planned)
        assert session.current
        self._begun.append(session.current)
        return True

    def __str__(self) -> str:
        return str(self._experiment)
