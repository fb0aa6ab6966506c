"""One folder is one run: copy it, mail it, delete it. It survives a kill at any moment.

recipe.json, run.sqlite (every event; committed once a second, at each epoch and before each checkpoint), checkpoints/.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock
import msgspec
from platformdirs import user_data_path

from explorer import files
from explorer.errors import InputError
from explorer.events import (
    FAILED,
    KINDS,
    CheckpointDue,
    EpochDone,
    Event,
    Note,
    RunEnded,
    RunResumed,
    RunStarted,
    StepDone,
    decode,
    encode,
)
from explorer.i18n import N_, Message
from explorer.recipe import Recipe
from explorer.runs.record import RunRecord

DATABASE, RECIPE, CHECKPOINTS, LOCK = "run.sqlite", "recipe.json", "checkpoints", ".lock"
LONGEST_NAME = 100
"""Bytes of the data's name in that of a run; names may have 255 in all."""
LONGEST_PATH = 500
"""Bytes of a path that SQLite opens (512 on Unix, less what its journals add)."""
VERSION = 1
"""Of the database, as its user_version; 0 is from before there was one, and the same."""
SECONDS_BETWEEN_COMMITS = 1.0


def runs_folder() -> Path:
    """Where runs are kept unless told otherwise: TRAINING_EXPLORER_RUNS, or the user's data folder."""
    chosen = os.environ.get("TRAINING_EXPLORER_RUNS")
    return Path(chosen) if chosen else user_data_path("training-explorer", appauthor=False) / "runs"


def new_folder(recipe: Recipe, parent: Path | None = None) -> Path:
    """A folder name that is free: date, time and data."""
    data = "".join(c if c.isalnum() or c in "-_" else "-" for c in Path(recipe.data.name).name)
    data = data.encode()[:LONGEST_NAME].decode("utf-8", "ignore")  # a folder of pictures may have a longer one
    name = f"{datetime.now():%Y-%m-%d-%H%M%S}-{data}"
    parent = parent or runs_folder()
    taken = {path.name for path in parent.iterdir()} if parent.is_dir() else set()
    return parent / next(n for n in (name, *(f"{name}-{i}" for i in range(2, 10_000))) if n not in taken)


class RunStore:
    """The folder of a run that is being written; a context manager. Only one process can have it at a time."""

    def __init__(self, folder: Path, recipe: Recipe | None) -> None:
        """Make `folder` and take hold of it. Raises InputError if it cannot be written, is in use or holds a run.

        Without a recipe it must hold a run: that one goes on.
        """
        self.folder = folder
        try:
            (folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
            self._lock = filelock.FileLock(folder / LOCK, blocking=False)
            self._lock.acquire()
        except filelock.Timeout:
            raise InputError(
                Message(
                    "{folder} is in use by another process. Choose another folder, or wait until it is done.",
                    folder=folder,
                )
            ) from None
        except OSError as error:
            raise _cannot_write(folder, error) from None
        self._latest: dict[str, int | None] = {}
        """Row of the last event of each kind."""
        self._committed = time.monotonic()
        self._begun, self._goes_on = False, recipe is None
        if recipe is None:
            try:
                self._database = _known_database(folder / DATABASE)
            except sqlite3.Error as error:
                self._lock.release()
                raise _damaged(folder, error) from None
            return
        if (folder / DATABASE).exists():
            self._lock.release()
            raise InputError(
                Message("{folder} already holds a run. Choose another folder, or delete it.", folder=folder)
            )
        try:
            files.write(folder / RECIPE, recipe.to_json())
            self._database = _new_database(folder / DATABASE)
        except (OSError, sqlite3.Error) as error:
            self._lock.release()
            self._leave()
            raise _cannot_write(folder, error) from None

    @property
    def checkpoints(self) -> Path:
        """Folder of last.pt and best.pt."""
        return self.folder / CHECKPOINTS

    def append(self, event: Event) -> None:
        """Keep `event`; of a kind that keeps the latest, it replaces the one before.

        Of a run that goes on, what it had told after its checkpoint gives way to RunResumed, and nothing before that.
        """
        self._begun = self._begun or isinstance(event, RunStarted | RunResumed)
        if self._goes_on and not self._begun:
            return
        kind = type(event).__name__
        if isinstance(event, RunResumed):
            self._latest = cut(self._database, event)
        if event.keep == "latest":
            self._database.execute("DELETE FROM events WHERE id = ?", (self._latest.get(kind),))
        row = self._database.execute("INSERT INTO events (kind, event) VALUES (?, ?)", (kind, encode(event)))
        self._latest[kind] = row.lastrowid
        overdue = time.monotonic() - self._committed > SECONDS_BETWEEN_COMMITS
        if overdue or isinstance(event, EpochDone | RunEnded | RunResumed | CheckpointDue):
            self._commit()
        if isinstance(event, CheckpointDue):  # else a power cut may leave less here than in the checkpoint
            self._database.execute("COMMIT")
            self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._database.execute("BEGIN")

    def recorded(self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass `events` on, each after it was kept; if it cannot be, end with RunEnded(failed) and close them."""
        step = epoch = best = 0
        began = time.monotonic()
        for event in events:
            try:
                self.append(event)
            except (sqlite3.Error, OSError) as error:
                if isinstance(events, Iterator) and hasattr(events, "close"):
                    events.close()
                yield RunEnded(
                    outcome=FAILED,
                    reason=Message(
                        "The run could not be written to {folder}: {error}.", folder=self.folder, error=error
                    ),
                    remedy=Message("Free some space, or choose another folder; what was written so far is kept."),
                    step=step,
                    epoch=epoch,
                    best_epoch=best,
                    test={},
                    seconds=time.monotonic() - began,
                )
                return
            if isinstance(event, StepDone):
                step = event.step
            elif isinstance(event, EpochDone):
                epoch, best = event.epoch, event.epoch if event.best else best
            yield event

    def _commit(self) -> None:
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")
        self._committed = time.monotonic()

    def close(self) -> None:
        """Write what is left and let go of the folder."""
        with suppress(sqlite3.Error):  # a full disk: what was committed before stays
            self._database.execute("COMMIT")
            self._database.execute("PRAGMA journal_mode = DELETE")  # a finished run is one file that can be copied
        self._database.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if not (self._begun or self._goes_on):  # bad input, found before the first step: leave nothing behind
            self._leave()

    def _leave(self) -> None:
        for path in (RECIPE, DATABASE, LOCK):
            (self.folder / path).unlink(missing_ok=True)
        with suppress(OSError):  # not empty: somebody else's files
            self.checkpoints.rmdir()
            self.folder.rmdir()


def _new_database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, event BLOB NOT NULL)")
    database.execute("BEGIN")
    return database


def _known_database(path: Path) -> sqlite3.Connection:
    """Raises sqlite3.Error if there is none, or it is damaged."""
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
    )
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("BEGIN")
    return database


def cut(database: sqlite3.Connection, to: RunResumed) -> dict[str, int | None]:
    """Take away all that was told after the checkpoint `to`; rows of the last event of each kind that is left."""
    last = _row_of_checkpoint(database, to)
    database.execute("DELETE FROM events WHERE id > ?", (last,))
    return dict(database.execute("SELECT kind, max(id) FROM events GROUP BY kind"))


def _row_of_checkpoint(database: sqlite3.Connection, to: RunResumed) -> int:
    due = CheckpointDue(step=to.step, epoch=to.epoch)
    told = "SELECT id, event FROM events WHERE kind = ? ORDER BY id"
    for row, event in reversed(database.execute(told, (CheckpointDue.__name__,)).fetchall()):
        if decode(event) == due:
            return int(row)
    # Runs of earlier versions do not say when they wrote it; it was before the next step, and before their end.
    for row, kind, event in database.execute(
        "SELECT id, kind, event FROM events WHERE kind IN (?, ?) ORDER BY id", (StepDone.__name__, RunEnded.__name__)
    ):
        if kind == RunEnded.__name__ or (isinstance(step := decode(event), StepDone) and step.step > to.step):
            return int(row) - 1
    return int(database.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])


def _cannot_write(folder: Path, error: OSError | sqlite3.Error) -> InputError:
    if len(os.fsencode((folder / DATABASE).absolute())) > LONGEST_PATH:
        text = N_("The path {folder} is too long for a database: {n} bytes at most. Choose a shorter one with --out.")
        return InputError(Message(text, folder=folder, n=LONGEST_PATH))
    text = N_("{folder} cannot be written: {error}. Choose another folder with --out.")
    return InputError(Message(text, folder=folder, error=getattr(error, "strerror", None) or error))


def open_run(folder: Path | str) -> RunRecord:
    """The record of a stored run, finished or cut off. Raises InputError that names the folder."""
    folder = Path(folder)
    if not (folder / DATABASE).is_file():
        raise InputError(
            Message("{folder} holds no run. Give the folder of a run (it has run.sqlite in it).", folder=folder)
        )
    try:
        return RunRecord.of(stored_events(folder))
    except (sqlite3.Error, msgspec.MsgspecError, ValueError, TypeError) as error:
        raise _damaged(folder, error) from None


def _damaged(folder: Path, error: Exception) -> InputError:
    text = N_("The run in {folder} is damaged: {error}. Its checkpoints may still be good.")
    return InputError(Message(text, folder=folder, error=error))


def stored_events(folder: Path, kinds: Collection[str] = KINDS) -> Iterator[Event]:
    """The events of a stored run, oldest first; before them a Note, if it has some that only a newer version knows.

    With `kinds` (names of classes) these alone: what is not asked for is not even read, which of a long run is most.
    """
    # As a URI, since only that opens without the right to write; quoted, as names may hold #, ? and %.
    address = (folder / DATABASE).absolute().as_uri()
    with closing(sqlite3.connect(f"{address}?mode=ro", uri=True)) as database:
        counts = dict(database.execute("SELECT kind, count(*) FROM events GROUP BY kind"))
        if unknown := sum(n for kind, n in counts.items() if isinstance(kind, str) and kind not in KINDS):
            yield Note(
                text=Message.counted(
                    "{n} event of a newer version was skipped.", "{n} events of a newer version were skipped.", unknown
                )
            )
        for kind, event in database.execute("SELECT kind, event FROM events ORDER BY id"):
            if kind in kinds or not isinstance(kind, str):  # no name at all is damage, as decode will say
                yield decode(event)


def in_use(folder: Path) -> bool:
    """Whether a process writes the run in `folder` at this moment."""
    if not (folder / LOCK).is_file():
        return False
    try:
        with filelock.FileLock(folder / LOCK, blocking=False):
            return False
    except filelock.Timeout:
        return True
    except OSError:  # may not be written, by anybody here
        return False


def list_runs(parent: Path | None = None) -> tuple[Path, ...]:
    """Folders of the runs in `parent`, newest first."""
    parent = parent or runs_folder()
    written = {}
    for path in parent.glob(f"*/{DATABASE}") if parent.is_dir() else ():
        with suppress(FileNotFoundError):  # a run that never began has taken its folder away in between
            written[path.parent] = path.stat().st_mtime
    return tuple(sorted(written, key=lambda folder: written[folder], reverse=True))
