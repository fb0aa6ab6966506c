"""Runs in a process of their own: events come and requests go over a pipe, so each is watched and steered like a local
one. A process trains one run after another, since loading PyTorch takes as long as some runs.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self, TypeAlias

import msgspec

from explorer.errors import InputError, said, unforeseen
from explorer.events import Event, RunEnded, decode, encode
from explorer.i18n import Message
from explorer.recipe import Recipe
from explorer.runs.place import Place
from explorer.session.stored import REPORT, failed, stored_run
from explorer.training.control import Change, Control, Pause, Request, Resume, Steps, Stop


class Job(msgspec.Struct, frozen=True, tag=True):
    """A run to make. Without a folder it is only watched, and leaves nothing."""

    recipe: str
    folder: str = ""
    instruments: str = "default"
    place: Place | None = None


class Refused(msgspec.Struct, frozen=True, tag=True):
    """It could not begin with what was given."""

    reason: Message


class Over(msgspec.Struct, frozen=True, tag=True):
    """All of it has been told."""


Asked: TypeAlias = Job | Pause | Resume | Steps | Stop | Change
_TO_PLAIN = msgspec.msgpack.Encoder(enc_hook=lambda message: message.to_plain())
_ASKED: msgspec.msgpack.Decoder[Asked] = msgspec.msgpack.Decoder(
    Asked, dec_hook=lambda _kind, value: Message.from_plain(value)
)
_SAID: msgspec.msgpack.Decoder[Refused | Over] = msgspec.msgpack.Decoder(
    Refused | Over, dec_hook=lambda _kind, value: Message.from_plain(value)
)
EVENT, WORD = b"e", b"w"
"""What a message from the process begins with."""


class TrainingProcess:
    """A process that trains, from when this is made until `close`; it ends by itself when this one is gone."""

    def __init__(self, niceness: int = 0) -> None:
        context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        self._pipe, theirs = context.Pipe()
        self._sending = threading.Lock()
        self._process = context.Process(target=_serve, args=(theirs, niceness), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def alive(self) -> bool:
        """Whether it can train."""
        return self._process.is_alive()

    @property
    def pid(self) -> int:
        """Its number for the system."""
        return self._process.pid or 0

    def train(
        self,
        recipe: Recipe,
        control: Control,
        folder: Path | None = None,
        *,
        instruments: str = "default",
        place: Place | None = None,
    ) -> Iterator[Event]:
        """What happens in a run there; the last event is RunEnded. One run at a time. Raises InputError."""
        ended = over = False
        try:
            self._send(Job(recipe.to_json(), str(folder) if folder else "", instruments, place))
            control.relay(self._ask)
            while True:
                told = self._pipe.recv_bytes()
                if told[:1] == EVENT:
                    event = decode(told[1:])
                    ended = ended or isinstance(event, RunEnded)
                    yield event
                    continue
                word, over = _SAID.decode(told[1:]), True
                if isinstance(word, Refused):
                    raise InputError(word.reason)
                return
        except (EOFError, OSError):
            over = True
            self._process.join(1)
            if not ended:
                reason = Message("The process that trained has ended (code {code}).", code=self._process.exitcode or 0)
                yield failed(reason, Message("If there was too little memory, train fewer runs at once."))
        finally:
            control.relay(_nobody)
            if not over:  # whoever watched has lost interest
                self._ask(Stop())
                with suppress(EOFError, OSError):
                    while self._pipe.recv_bytes()[:1] == EVENT:
                        pass

    def close(self) -> None:
        """End it; a run that goes on is cut off."""
        self._pipe.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.terminate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _ask(self, request: Request) -> None:
        with suppress(OSError):  # it has gone: whoever reads the events hears of it
            self._send(request)

    def _send(self, asked: Asked) -> None:
        with self._sending:
            self._pipe.send_bytes(_TO_PLAIN.encode(asked))


def _nobody(_request: Request) -> None:
    """The run is over: nobody hears what is still asked."""


def _serve(pipe: Connection, niceness: int) -> None:
    """What the process does: run after run, until nobody is at the other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; who started us decides
    if niceness and sys.platform != "win32":
        os.nice(niceness)
    jobs: queue.SimpleQueue[tuple[Job, Control] | None] = queue.SimpleQueue()
    control = Control()

    def listen() -> None:
        nonlocal control
        with suppress(EOFError, OSError):
            while True:
                asked = _ASKED.decode(pipe.recv_bytes())
                if isinstance(asked, Job):
                    control = Control()
                    jobs.put((asked, control))
                else:
                    control.obey(asked)
        control.stop()
        jobs.put(None)

    threading.Thread(target=listen, daemon=True).start()
    with suppress(OSError):  # nobody reads any more
        while job := jobs.get():
            _work(pipe, *job)


def _work(pipe: Connection, job: Job, control: Control) -> None:
    """One run. Raises OSError."""
    word: Refused | Over = Over()
    try:
        recipe = Recipe.from_json(job.recipe)
        with TemporaryDirectory() as nowhere:
            folder = Path(job.folder) if job.folder else Path(nowhere) / "run"
            for event in stored_run(recipe, control, folder, instruments=job.instruments, place=job.place):
                pipe.send_bytes(EVENT + encode(event))
    except InputError as error:
        word = Refused(said(error))
    except OSError:
        raise
    except BaseException as error:  # whoever watches hears of it
        pipe.send_bytes(EVENT + encode(failed(unforeseen(error), REPORT, traceback.format_exc())))
    pipe.send_bytes(WORD + _TO_PLAIN.encode(word))
