"""One piece of work beside the window that says how far it is, and ends when nobody wants it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from explorer.errors import InputError, unforeseen

T = TypeVar("T")


class Aside(Generic[T]):
    """`work` in a thread of its own. It is given a function that it calls with how much it has done."""

    def __init__(self, work: Callable[[Callable[[int], None]], T]) -> None:
        self.done = 0
        self.result: T | None = None
        self.problem: InputError | None = None
        self._work, self._unwanted = work, False
        # A daemon: a network folder that does not answer must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="aside", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether there is a result or a problem, or it was cancelled in time."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """End it when it next says how much it has done."""
        self._unwanted = True

    def _run(self) -> None:
        try:
            self.result = self._work(self._say)
        except _UnwantedError:
            pass
        except InputError as error:
            self.problem = error
        except Exception as error:  # whatever a file system thinks of
            self.problem = InputError(unforeseen(error))

    def _say(self, done: int) -> None:
        self.done = done
        if self._unwanted:
            raise _UnwantedError


class _UnwantedError(Exception):
    """Nobody waits for it any more."""
