"""How others steer a run: each request is taken at the next batch boundary. Safe to call from any thread.

And the two ways in which a run can break off.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from explorer.recipe import Recipe


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Wait before the next batch."""


class Resume(msgspec.Struct, frozen=True, tag=True):
    """Go on."""


class Steps(msgspec.Struct, frozen=True, tag=True):
    """Go on for so many batches, then wait."""

    batches: int


class Stop(msgspec.Struct, frozen=True, tag=True):
    """End the run."""


class Change(msgspec.Struct, frozen=True, tag=True):
    """Train on with a recipe, given as JSON."""

    recipe: str


Request: TypeAlias = Pause | Resume | Steps | Stop | Change
"""What can be asked of a run, as plain values, so that it can travel to another process."""


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
        self._relay: Callable[[Request], None] | None = None

    def relay(self, send: Callable[[Request], None]) -> None:
        """Tell `send` of every request from now on, and first of what has been asked already."""
        with self._changed:
            self._relay = send
            asked: list[Request] = [Change(self._recipe.to_json())] if self._recipe else []
            asked += [Pause()] if self._paused else []
            asked += [Steps(self._steps)] if self._steps else []
            asked += [Stop()] if self._stop else []
            for request in asked:
                send(request)

    def obey(self, request: Request) -> None:
        """Do what was asked elsewhere."""
        match request:
            case Pause():
                self.pause()
            case Resume():
                self.resume()
            case Steps(batches):
                self.step(batches)
            case Stop():
                self.stop()
            case Change(recipe):
                self.change(Recipe.from_json(recipe))

    def _pass_on(self, request: Request) -> None:
        if self._relay:
            self._relay(request)

    def change(self, recipe: Recipe) -> None:
        """Train on with `recipe` from the next batch; a later call before that replaces it."""
        with self._changed:
            self._recipe = recipe
            self._pass_on(Change(recipe.to_json()))

    def pause(self) -> None:
        """Wait before the next batch."""
        with self._changed:
            self._paused, self._steps = True, 0
            self._pass_on(Pause())

    def resume(self) -> None:
        """Go on."""
        with self._changed:
            self._paused, self._steps = False, 0
            self._pass_on(Resume())
            self._changed.notify_all()

    def step(self, batches: int = 1) -> None:
        """Go on for so many batches, then wait."""
        with self._changed:
            self._paused, self._steps = True, self._steps + batches
            self._pass_on(Steps(batches))
            self._changed.notify_all()

    def stop(self) -> None:
        """End the run before the next batch, also while it waits."""
        with self._changed:
            self._stop = True
            self._pass_on(Stop())
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
