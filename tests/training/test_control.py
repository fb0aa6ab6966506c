"""How others steer a run, from another thread."""

from __future__ import annotations

import threading

import pytest

from explorer.recipe import Recipe
from explorer.training.control import Control, Stopped

SECONDS = 10.0
"""After which a thread that should have gone on is taken for stuck."""


def waits(control: Control, batches: int = 1) -> tuple[threading.Thread, list[int]]:
    """A trainer that waits before each of so many batches, and the batches that it has come to."""
    done: list[int] = []

    def train() -> None:
        for number in range(batches):
            control.wait()
            if control.stopping:
                return
            done.append(number)

    thread = threading.Thread(target=train, daemon=True)
    thread.start()
    return thread, done


def test_nothing_waits_unless_asked_to() -> None:
    control = Control()
    control.wait()
    control.check()
    assert (control.paused, control.stopping, control.take()) == (False, False, None)


def test_a_paused_run_waits_until_it_is_resumed() -> None:
    control = Control()
    control.pause()
    thread, done = waits(control, 3)
    thread.join(0.05)
    assert (thread.is_alive(), done) == (True, [])
    control.resume()
    thread.join(SECONDS)
    assert (thread.is_alive(), done, control.paused) == (False, [0, 1, 2], False)


def test_steps_are_counted_and_add_up() -> None:
    control = Control()
    control.step(2)
    control.step(1)
    thread, done = waits(control, 5)
    thread.join(0.05)
    assert (done, thread.is_alive(), control.paused) == ([0, 1, 2], True, True)
    control.stop()
    thread.join(SECONDS)
    assert (done, thread.is_alive()) == ([0, 1, 2], False)


def test_pause_takes_back_the_steps_that_were_asked_for() -> None:
    control = Control()
    control.step(3)
    control.pause()
    thread, done = waits(control)
    thread.join(0.05)
    assert (done, thread.is_alive()) == ([], True)
    control.resume()
    thread.join(SECONDS)
    assert done == [0]


def test_stop_ends_a_run_also_while_it_waits() -> None:
    control = Control()
    control.pause()
    thread, done = waits(control)
    control.stop()
    thread.join(SECONDS)
    assert (thread.is_alive(), done, control.stopping) == (False, [], True)
    with pytest.raises(Stopped):
        control.check()


def test_a_new_recipe_is_taken_once_and_the_last_one_counts() -> None:
    control = Control()
    control.change(Recipe(epochs=2))
    control.change(Recipe(epochs=3))
    assert control.take() == Recipe(epochs=3)
    assert control.take() is None
