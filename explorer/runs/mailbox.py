"""Where the worker's thread hands events to the window's: the one place at which they meet."""

from __future__ import annotations

import threading

from explorer.events import Event


class Mailbox:
    """Keeps events in order until they are drained; of a kind that keeps the latest, only the last one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []

    def put(self, event: Event) -> None:
        """Hand `event` over. Any thread."""
        with self._lock:
            if event.keep == "latest":
                self._events = [waiting for waiting in self._events if type(waiting) is not type(event)]
            self._events.append(event)

    def drain(self) -> list[Event]:
        """All events since the last call, oldest first. Any thread."""
        with self._lock:
            events, self._events = self._events, []
        return events
