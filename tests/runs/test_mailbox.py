"""The one place at which the threads of training and of the window meet."""

from __future__ import annotations

import threading

from explorer.events import Note, Progress, StepDone
from explorer.i18n import Message
from explorer.runs import Mailbox


def step(number: int) -> StepDone:
    return StepDone(step=number, epoch=0, loss=1.0, lr=(0.1,), seconds=0.1, images=1)


def progress(done: int) -> Progress:
    return Progress(what=Message("Loading images"), done=done)


def test_all_come_in_order_and_only_once() -> None:
    mailbox = Mailbox()
    for number in range(5):
        mailbox.put(step(number))
    assert [event.step for event in mailbox.drain()] == [0, 1, 2, 3, 4]  # type: ignore[union-attr]
    assert mailbox.drain() == []


def test_of_a_kind_that_keeps_the_latest_the_last_comes_where_it_was_put() -> None:
    mailbox = Mailbox()
    for event in (progress(1), step(1), progress(2), step(2)):
        mailbox.put(event)
    assert mailbox.drain() == [step(1), progress(2), step(2)]


def test_notes_that_come_at_once_are_all_read() -> None:
    """Two of them in a row overwrote each other when they were Progress."""
    mailbox, notes = Mailbox(), [Note(text=Message("Finished.")), Note(text=Message("Stopped."))]
    for note in notes:
        mailbox.put(note)
    assert mailbox.drain() == notes


def test_nothing_is_lost_or_doubled_between_threads() -> None:
    mailbox, got, writers = Mailbox(), [], 4  # type: tuple[Mailbox, list[Event], int]

    def write(first: int) -> None:
        for number in range(500):
            mailbox.put(step(first + number))

    threads = [threading.Thread(target=write, args=(1000 * n,)) for n in range(writers)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        got += mailbox.drain()
    got += mailbox.drain()
    numbers = [event.step for event in got if isinstance(event, StepDone)]
    assert sorted(numbers) == sorted(1000 * n + number for n in range(writers) for number in range(500))
    for n in range(writers):
        own = [number for number in numbers if number // 1000 == n]
        assert own == sorted(own)
