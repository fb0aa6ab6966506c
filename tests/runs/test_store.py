"""The run folder: whole after a kill, safe from a second process, clear about damage."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import InputError
from explorer.events import (
    EpochDone,
    Event,
    GradientNorms,
    Note,
    Progress,
    RunEnded,
    RunStarted,
    SampleGrid,
    StepDone,
    decode,
    encode,
)
from explorer.i18n import NOTHING, Message
from explorer.recipe import Recipe
from explorer.runs import RunStore, in_use, list_runs, new_folder, open_run
from explorer.runs.store import VERSION, stored_events


def started() -> RunStarted:
    return RunStarted(
        recipe=Recipe().model_dump(mode="json"),
        layers=(),
        classes=("a", "b"),
        ordered=False,
        images={"train": 10},
        steps_per_epoch=2,
        device="cpu",
        time=0.0,
    )


def step(number: int) -> StepDone:
    return StepDone(step=number, epoch=0, loss=1 / number, lr=(0.1,), seconds=0.01, images=128)


def grid(number: int) -> SampleGrid:
    pictures = np.full((1, 1, 2, 2), number, np.uint8)
    return SampleGrid(
        step=number,
        before=pictures,
        after=pictures,
        labels=np.zeros(1, np.int64),
        targets=np.ones((1, 2), np.float32),
        drawn={},
    )


def ended() -> RunEnded:
    return RunEnded(
        outcome="finished", reason=NOTHING, step=2, epoch=1, best_epoch=1, test={"accuracy": 0.5}, seconds=1.0
    )


def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    norms = GradientNorms(
        step=1,
        names=("conv",),
        sizes=np.array([9]),
        before=np.array([2.0], np.float32),
        after=np.array([1.0], np.float32),
        weights=np.array([3.0], np.float32),
        updates=np.array([0.5], np.float32),
    )
    said: list[Event] = [started(), step(1), norms, step(2), ended()]
    with RunStore(tmp_path / "run", Recipe()) as store:
        assert list(store.recorded(said)) == said
    back = list(stored_events(tmp_path / "run"))
    assert [type(event) for event in back] == [type(event) for event in said]
    assert back[1] == said[1]
    assert isinstance(back[2], GradientNorms)
    np.testing.assert_array_equal(back[2].before, norms.before)
    assert back[2].before.dtype == np.float32
    assert Recipe.read(tmp_path / "run" / "recipe.json") == Recipe()
    assert not list((tmp_path / "run").glob("run.sqlite-*")), "a closed run is one file"


def test_only_the_latest_samples_are_kept(tmp_path: Path) -> None:
    with RunStore(tmp_path / "run", Recipe()) as store:
        list(store.recorded([started(), grid(1), grid(2), ended()]))
    samples = [event for event in stored_events(tmp_path / "run") if isinstance(event, SampleGrid)]
    assert [event.step for event in samples] == [2]


def test_a_run_that_is_open_can_be_read_up_to_its_last_epoch(tmp_path: Path) -> None:
    epoch = EpochDone(
        epoch=1, step=1, train={"loss": 1.0}, validation={"loss": 1.0}, best=True, seconds=1, images_per_second=1
    )
    with RunStore(tmp_path / "run", Recipe()) as store:
        for event in (started(), step(1), epoch, step(2)):
            store.append(event)
        record = open_run(tmp_path / "run")
    assert len(record.epochs) == 1
    assert record.ended is None


def test_one_process_per_folder(tmp_path: Path) -> None:
    with RunStore(tmp_path / "run", Recipe()) as store:
        store.append(started())
        with pytest.raises(InputError, match="in use by another process"):
            RunStore(tmp_path / "run", Recipe())
    with pytest.raises(InputError, match="already holds a run"):
        RunStore(tmp_path / "run", Recipe())


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"cannot be written.*Choose another folder"):
        RunStore(tmp_path / "file" / "run", Recipe())
    assert (tmp_path / "file").read_text() == "mine"


def test_nothing_is_left_of_a_run_that_never_began(tmp_path: Path) -> None:
    with RunStore(tmp_path / "run", Recipe()) as store:
        store.append(Progress(what=Message("Loading")))
    assert not (tmp_path / "run").exists()


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with RunStore(tmp_path, Recipe()):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_full_disk_ends_the_run_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    def events() -> object:
        try:
            yield started()
            yield step(1)
            yield step(2)
        finally:
            closed.append(True)

    store = RunStore(tmp_path / "run", Recipe())
    append = store.append

    def full(event: Event) -> None:
        if isinstance(event, StepDone) and event.step == 2:
            raise sqlite3.OperationalError("database or disk is full")
        append(event)

    monkeypatch.setattr(store, "append", full)
    with store:
        said = list(store.recorded(events()))  # type: ignore[arg-type]
    assert isinstance(said[-1], RunEnded)
    assert said[-1].outcome == "failed"
    assert said[-1].step == 1
    assert "disk is full" in str(said[-1].reason)
    assert "Free some space" in str(said[-1].remedy)
    assert closed == [True]
    assert open_run(tmp_path / "run").series.steps.last == 1


@pytest.mark.parametrize("damage", ["cut", "text", "foreign"])
def test_damaged_database(tmp_path: Path, damage: str) -> None:
    with RunStore(tmp_path / "run", Recipe()) as store:
        list(store.recorded([started(), step(1), ended()]))
    path = tmp_path / "run" / "run.sqlite"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "text":
        path.write_text("not a database, but long enough to look at " * 10)
    else:
        with sqlite3.connect(path) as database:
            database.execute("UPDATE events SET event = x'93c0c0c0'")
    with pytest.raises(InputError, match="damaged"):
        open_run(tmp_path / "run")


def test_no_run_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no run"):
        open_run(tmp_path)


def test_names_of_new_folders_are_free(tmp_path: Path) -> None:
    first = new_folder(Recipe(), tmp_path)
    first.mkdir()
    assert new_folder(Recipe(), tmp_path) != first
    assert "fashion-mini" in first.name


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with RunStore(tmp_path / name, Recipe()) as store:
            store.append(started())
    assert {path.name for path in list_runs(tmp_path)} == {"a", "b"}
    assert list_runs(tmp_path / "nowhere") == ()


def test_decode_refuses_what_is_not_an_event() -> None:
    for data in (b"", b"\x80", b"garbage", encode(step(1))[:-3]):
        with pytest.raises(ValueError, match=r"."):
            decode(data)


NAMES = (
    "a#b",
    "a?mode=memory",
    "a%41%",
    "quote ' and \" and `",
    "[red]bold[/red]",
    "{place} \\n",
    "запуск № 3",
    "🙂🙂",
    "a space at the end ",
    "-rf",
    "*",
    "ж" * 127,
    "x" * 255,
)
"""Of folders, as the file systems of Linux and macOS take them."""


@pytest.mark.parametrize("name", NAMES)
def test_a_run_opens_again_whatever_its_folder_is_called(tmp_path: Path, name: str) -> None:
    try:
        (tmp_path / name).mkdir()
    except OSError:
        pytest.skip("this file system does not take the name")
    folder = tmp_path / name
    with RunStore(folder, Recipe()) as store:
        list(store.recorded([started(), step(1), ended()]))
    before = {path.relative_to(tmp_path) for path in tmp_path.rglob("*")}
    record = open_run(folder)
    assert (record.series.steps.last, record.ended) == (1, ended())
    assert list_runs(tmp_path) == (folder,)
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*")} == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_relative_folder_opens_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with RunStore(Path("a#b"), Recipe()) as store:
        list(store.recorded([started(), ended()]))
    assert open_run("a#b").ended is not None


def test_a_path_too_long_for_a_database_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 250) / ("y" * 250)
    with pytest.raises(InputError, match="too long for a database"):
        RunStore(folder, Recipe())
    assert not folder.exists()


def test_a_long_name_of_the_data_is_cut_in_that_of_the_run(tmp_path: Path) -> None:
    recipe = Recipe().with_(data={"name": str(tmp_path / ("ж" * 120))})
    folder = new_folder(recipe, tmp_path)
    folder.mkdir()
    assert folder.name.endswith("ж" * 50)


def test_opening_writes_nothing(tmp_path: Path) -> None:
    """Also into the folder of a run whose process was killed, which has a journal beside its database."""
    folder = tmp_path / "run"
    store = RunStore(folder, Recipe())
    for event in (started(), step(1)):
        store.append(event)
    store._commit()
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    store.close()
    before = (copy / "run.sqlite").read_bytes()
    record = open_run(copy)
    assert (record.series.steps.last, record.ended) == (1, None)
    assert (copy / "run.sqlite").read_bytes() == before


def test_events_of_a_newer_version_are_skipped_counted_and_said(tmp_path: Path) -> None:
    with RunStore(tmp_path / "run", Recipe()) as store:
        list(store.recorded([started(), step(1), ended()]))
    with sqlite3.connect(tmp_path / "run" / "run.sqlite") as database:
        assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
        for blob in (b"", encode(step(7)), b"garbage"):
            database.execute("INSERT INTO events (kind, event) VALUES ('WeightHistogram', ?)", (blob,))
    record = open_run(tmp_path / "run")
    assert [str(note.text) for note in record.all(Note)] == ["3 events of a newer version were skipped."]
    assert (record.series.steps.last, record.ended) == (1, ended())


def test_a_run_knows_whether_somebody_writes_it(tmp_path: Path) -> None:
    assert not in_use(tmp_path)
    store = RunStore(tmp_path / "run", Recipe())
    assert in_use(tmp_path / "run")
    store.append(started())
    store.close()
    assert not in_use(tmp_path / "run")


def test_runs_from_before_databases_had_a_version_open() -> None:
    folder = Path(__file__).parents[1] / "files" / "v1" / "run"
    with closing(sqlite3.connect(folder / "run.sqlite")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (0,)
    record = open_run(folder)
    assert record.ended is not None
    assert str(record.ended.reason) == "Finished."
    assert record.series.steps.last > 0
    assert len(record.epochs) == record.ended.epoch
