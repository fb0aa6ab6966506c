"""How others steer a run: each request is taken at the next batch boundary. Safe to call from any thread.

And the two ways in which a run can break off.
"""

from __future__ import annotations

import threading

from explorer.recipe import Recipe


class Stopped(Exception):  # noqa: N818 - not an error
    """The run has been asked to end."""


class Diverged(Exception):  # noqa: N818
    """A loss is NaN or infinite."""


class Control:
    """Pause, resume, single step, stop, and a new recipe for a run that goes on."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._recipe: Recipe | None = None
        self._stop = False
        self._paused = False
        self._steps = 0

    def change(self, recipe: Recipe) -> None:
        """Train on with `recipe` from the next batch; a later call before that replaces it."""
        with self._changed:
            self._recipe = recipe

    def pause(self) -> None:
        """Wait before the next batch."""
        with self._changed:
            self._paused, self._steps = True, 0

    def resume(self) -> None:
        """Go on."""
        with self._changed:
            self._paused, self._steps = False, 0
            self._changed.notify_all()

    def step(self, batches: int = 1) -> None:
        """Go on for so many batches, then wait."""
        with self._changed:
            self._paused, self._steps = True, self._steps + batches
            self._changed.notify_all()

    def stop(self) -> None:
        """End the run before the next batch, also while it waits."""
        with self._changed:
            self._stop = True
            self._changed.notify_all()

    @property
    def paused(self) -> bool:
        """Whether the run waits, or will once the batches asked for are done."""
        return self._paused

    @property
    def stopping(self) -> bool:
        """Whether the run has been asked to end."""
        return self._stop

    def check(self) -> None:
        """Raises Stopped if the run has been asked to end."""
        if self._stop:
            raise Stopped

    def wait(self) -> None:
        """Called by the trainer before each batch: returns at once, or when it may go on."""
        if not self._paused:
            return
        with self._changed:
            self._changed.wait_for(lambda: not self._paused or self._steps > 0 or self._stop)
            self._steps = max(0, self._steps - 1)

    def take(self) -> Recipe | None:
        """Called by the trainer before each batch: the new recipe, once."""
        if self._recipe is None:
            return None
        with self._changed:
            recipe, self._recipe = self._recipe, None
            return recipe
