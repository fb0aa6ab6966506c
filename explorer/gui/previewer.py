"""Previews of the next run, made beside the window: the newest recipe wins, and nothing is made while a run trains.

A plain thread, not a QThread: nothing of Qt's is touched, so there is no crossing to guard. When the program ends while
the thread imports torch, which must not be interrupted, Python itself waits for it: the window is gone at once, the
process a second later, and nothing has to be killed.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from explorer.data import DataChoice, ImageData, loading
from explorer.errors import InputError, said, unforeseen
from explorer.events import Floats, Progress
from explorer.gui.panels import Panel
from explorer.gui.worker import NICENESS
from explorer.i18n import N_, NOTHING, Message
from explorer.recipe import Recipe
from explorer.session.session import Session, State

if TYPE_CHECKING:
    from explorer.training.preview import Preview

SETTLED = 1.0
"""Seconds from the first paint until torch is imported for previews: who trains at once need not share the processor,
and the window is done with what it puts off."""
KEPT = 2
"""Sets of images that are kept in memory, for who goes back and forth between them."""
AT_A_TIME = 0.008
"""Seconds after which no further panel is drawn before the window has had its turn."""
LARGE = 300_000_000
"""Bytes of training images from which on only one set is kept."""
STOPPING = 0.5
"""Seconds for which the end of the thread is waited for, at most."""


CANCELLED = N_("These images have not been loaded: that was cancelled.")


class Wanted(NamedTuple):
    """What the panels lack."""

    recipe: Recipe | None
    """Of the next run; None if there is nothing to preview."""
    shown: Recipe | None
    """Of the run on screen."""
    classes: int
    """Of the run on screen; 0 if unknown."""
    training: bool
    """Whether a run goes on."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known so far of what was `wanted`."""

    wanted: Wanted
    targets: Floats | None = None
    """(classes, classes): what the run on screen compares with for each class."""
    preview: Preview | None = None
    problem: Message = NOTHING
    """Why there is no preview, or no more of it, for people."""
    complete: bool = False


class Previewer:
    """Makes previews in a thread of its own, which starts with the first wish. For one calling thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next: Wanted | None = None
        self._answer: Answer | None = None
        self._ended = self._loading = False
        self._thread: threading.Thread | None = None
        self._data: dict[tuple[object, int], ImageData] = {}
        self.progress: Progress | None = None
        """How far the loading of images is, if any are being loaded."""
        self.refused: tuple[object, int] | None = None
        """Images that are not to be loaded: somebody cancelled that."""

    @property
    def began(self) -> bool:
        """Whether there is a thread."""
        return self._thread is not None

    def want(self, wanted: Wanted) -> None:
        """Turn to `wanted`; whatever was wanted before is dropped, done or not."""
        with self._changed:
            self._next, self._answer = wanted, None
            self._changed.notify()
        if wanted.training or (wanted.recipe and _images_of(wanted.recipe) != self.refused):
            self.refused = None
        if self._thread is None and not self._ended:
            self._thread = threading.Thread(target=self._run, name="previews")
            self._thread.start()

    def take(self) -> Answer | None:
        """What has become known since the last call; each answer holds all that those before it held."""
        with self._changed:
            answer, self._answer = self._answer, None
        return answer

    def end(self) -> bool:
        """End the thread; whether it has ended already. If not, it will after an import or a large step of torch's."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        thread = self._thread
        if thread is None or thread.ident is None:
            return True
        thread.join(STOPPING / 2)
        if thread.is_alive() and self._loading:  # of a folder with many pictures may take minutes
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
            thread.join(STOPPING / 2)
        return not thread.is_alive()

    # In the thread.

    def _run(self) -> None:
        _load_library()
        import torch

        _one_thread()
        torch.set_flush_denormal(True)  # as in a run; see there
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._next is not None)
                wanted, self._next = self._next, None
            if self._ended or wanted is None:
                return
            self._make(wanted)

    def _make(self, wanted: Wanted) -> None:
        answer = Answer(wanted)
        try:
            for answer in self._answers(wanted):
                if not self._publish(answer):
                    return
            problem = NOTHING
        except (SystemExit, _LeftError):  # the first from `end`
            return
        except InputError as error:
            problem = said(error)
        except Exception as error:  # a preview that fails is no reason to bother anybody who does not look at it
            problem = unforeseen(error)
        self._publish(Answer(wanted, answer.targets, answer.preview, problem, complete=True))

    def _answers(self, wanted: Wanted) -> Iterator[Answer]:
        from explorer.training.preview import parts, targets_of

        targets = targets_of(wanted.shown, wanted.classes) if wanted.shown and wanted.classes else None
        yield Answer(wanted, targets)
        if wanted.training:
            self._data.clear()  # the run needs the room, and pictures in a folder may be others when it has ended
        if wanted.recipe is not None:
            for preview in parts(wanted.recipe, self._images(wanted.recipe), self._stale):
                yield Answer(wanted, targets, preview)

    def _images(self, recipe: Recipe) -> ImageData:
        key = _images_of(recipe)
        data = self._data.pop(key, None)
        if data is None:
            self._loading = True
            try:
                data = self._loaded(recipe)
            finally:
                self._loading, self.progress = False, None
        while len(self._data) >= (KEPT if data.training.images.nbytes < LARGE else 1):
            del self._data[next(iter(self._data))]
        self._data[key] = data
        return data

    def _loaded(self, recipe: Recipe) -> ImageData:
        """The images of `recipe`. A run that begins, or a wish for others, ends the loading."""
        key, steps = _images_of(recipe), loading(recipe.data, recipe.seed)
        try:
            while True:
                if self.refused == key:
                    raise InputError(Message(CANCELLED))
                wish = self._next
                if self._ended or (wish and (wish.recipe is None or _images_of(wish.recipe) != key)):
                    raise _LeftError
                self.progress = next(steps)
        except StopIteration as end:
            data: ImageData = end.value
            return data
        finally:
            steps.close()

    def _stale(self) -> bool:
        return self._ended or self._next is not None

    def _publish(self, answer: Answer) -> bool:
        with self._changed:
            if self._stale():
                return False
            self._answer = answer
        return True


class _LeftError(Exception):
    """What was being made is not wanted any more."""


def _images_of(recipe: Recipe) -> tuple[object, int]:
    """What decides which images a recipe trains on."""
    return recipe.data, recipe.seed


def _load_library() -> None:
    """Bring torch's largest library into memory without the interpreter's lock, which an import holds all the while.

    The longest time for which the window stands still falls from 220–280 ms to 40–70 ms. Where it fails, or on another
    system, the import does it.
    """
    found = importlib.util.find_spec("torch") if sys.platform == "linux" and "torch" not in sys.modules else None
    if found is None or found.origin is None:
        return
    path = Path(found.origin).parent / "lib" / "libtorch_cpu.so"
    dlopen = ctypes.CDLL(None).dlopen  # ctypes.CDLL(path) would hold the lock
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    dlopen(os.fsencode(path), os.RTLD_LAZY)


def _one_thread() -> None:
    """Let torch take one core in this thread alone.

    torch.set_num_threads also sets what threads begin with that use torch later: without the second call, made where
    its own effect is lost, a run would train on one core, at half the speed.
    """
    import torch

    many = torch.get_num_threads()
    torch.set_num_threads(1)
    other = threading.Thread(target=torch.set_num_threads, args=(many,))
    other.start()
    other.join()


class Previews:
    """Asks for previews as the recipe changes, and hands them to the panels. For the window's thread."""

    def __init__(
        self, session: Session, panels: Sequence[Panel], noted: Callable[[DataChoice, tuple[Message, ...]], None]
    ) -> None:
        """`noted` hears what is to be known of images that have been loaded."""
        self._noted = noted
        self._session, self._panels = session, [panel for panel in panels if panel.previews]
        self._maker = Previewer()
        self._wanted: Wanted | None = None
        self._answer: Answer | None = None
        self._to_draw: list[Panel] = []
        self._first = float("inf")

    def begin(self) -> None:
        """The window has been painted."""
        self._first = min(self._first, time.monotonic() + SETTLED)

    def ask(self) -> None:
        """Ask for what the recipe as it is now calls for; what does not belong to it any more leaves the panels."""
        session = self._session
        shown, training = session.screen.recipe, session.state is not State.IDLE
        started = session.current.record.started if session.current else None
        recipe = None if training or session.recipe == shown else session.recipe
        wanted = Wanted(recipe, shown, len(started.classes) if started else 0, training)
        if wanted == self._wanted or not (self._maker.began or (time.monotonic() >= self._first and not training)):
            return
        if old := self._answer:
            targets = old.targets if (shown, wanted.classes) == (old.wanted.shown, old.wanted.classes) else None
            preview, problem = (old.preview, old.problem) if recipe else (None, NOTHING)
            self._show(Answer(wanted, targets, preview, problem))
        self._wanted = wanted
        self._maker.want(wanted)

    def tick(self) -> bool:
        """Take in what has become known and draw panels that show it; whether to look again soon."""
        self.ask()
        if answer := self._maker.take():
            self._show(answer)
        self._to_draw = [panel for panel in self._to_draw if panel.dirty and panel.isVisible()]
        until = time.perf_counter() + AT_A_TIME
        while self._to_draw and self._session.state is State.IDLE and time.perf_counter() < until:
            self._to_draw.pop(0).refresh()
        return bool(self._to_draw or (self._wanted and not (self._answer and self._answer.complete)))

    @property
    def progress(self) -> Progress | None:
        """How far the loading of images for previews is, if any are being loaded."""
        return self._maker.progress

    @property
    def refused(self) -> bool:
        """Whether the images of the recipe are not loaded because somebody cancelled that."""
        return self._maker.refused is not None

    def load(self, wanted: bool) -> None:
        """Leave the loading of images, or begin it again."""
        recipe = self._session.recipe
        self._maker.refused = None if wanted else _images_of(recipe)
        if wanted:
            self._wanted = None

    def retranslate(self) -> None:
        """Ask again, for texts in the language now in use."""
        self._wanted = None

    def end(self) -> bool:
        """End the thread; whether it has ended already."""
        return self._maker.end()

    def _show(self, answer: Answer) -> None:
        self._answer = answer
        if answer.preview:
            self._noted(answer.preview.recipe.data, answer.preview.notes)
        for panel in self._panels:
            panel.show_preview(answer.preview, answer.targets, answer.problem)
        self._to_draw = [panel for panel in self._panels if panel.dirty]
