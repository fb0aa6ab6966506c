"""Paints the panels one at a time, and while a run goes on only as often as training hardly feels it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from explorer.gui.panels import Panel

SHARE = 0.025
"""Of one core, for everything that the window's thread does while a run goes on. Whatever it takes, training loses on
both cores, as two threads of torch wait for each other."""
DEBT = 0.05
"""Seconds that can be owed at most: after a burst of work the next panel is painted DEBT / SHARE = 2 s later."""
LONGEST = 0.5
"""Seconds after which a panel is painted in any case: where the window's other work alone takes more than its share,
such as on a slow machine, nothing would be painted otherwise."""
CREDIT = 0.01
"""Seconds that can be saved up: about one panel."""


class Budget:
    """An account of the time that the calling thread has used, from `used`, against its share of that on `clock`."""

    def __init__(
        self, used: Callable[[], float] = time.thread_time, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._used, self._clock = used, clock
        self._used_at, self._clock_at, self._balance = used(), clock(), 0.0

    def allows(self) -> bool:
        """Whether there is something left to paint with."""
        used, clock = self._used(), self._clock()
        earned = SHARE * (clock - self._clock_at) - (used - self._used_at)
        self._used_at, self._clock_at = used, clock
        self._balance = min(CREDIT, max(-DEBT, self._balance + earned))
        return self._balance >= 0


class Painter:
    """Paints at most one dirty, visible panel a call, round robin, each no more often than its pace."""

    def __init__(self, panels: Sequence[Panel]) -> None:
        self._panels = panels
        self._painted_at: dict[str, float] = {}
        self._turn, self._last = 0, 0.0
        self._budget = Budget()

    def begin(self) -> None:
        """A run begins: its first points are not kept waiting for what was spent before."""
        self._budget = Budget()

    def paint_one(self, training: bool) -> None:
        """Paint the next panel that is due, if `training` leaves time for it."""
        now, n = time.monotonic(), len(self._panels)
        if not self._budget.allows() and training and now - self._last < LONGEST:
            return
        for i in (*range(self._turn, n), *range(self._turn)):
            panel = self._panels[i]
            if panel.dirty and panel.isVisible() and now - self._painted_at.get(panel.name, 0) >= panel.pace:
                panel.refresh()
                self._painted_at[panel.name] = self._last = time.monotonic()
                self._turn = (i + 1) % n
                return
