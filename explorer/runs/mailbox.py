"""Where the worker's thread hands events to the window's: the one place at which they meet."""

from __future__ import annotations

import threading

from explorer.events import Event, InstrumentCost, Progress, SampleGrid

LATEST_ONLY = (SampleGrid, Progress, InstrumentCost)


class Mailbox:
    """Keeps every event in order until it is drained; of the kinds in LATEST_ONLY, only the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []

    def put(self, event: Event) -> None:
        """Hand `event` over. Any thread."""
        with self._lock:
            if isinstance(event, LATEST_ONLY):
                self._events = [waiting for waiting in self._events if type(waiting) is not type(event)]
            self._events.append(event)

    def drain(self) -> list[Event]:
        """All events since the last call, oldest first. Any thread."""
        with self._lock:
            events, self._events = self._events, []
        return events
