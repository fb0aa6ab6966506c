"""A run goes on in its own folder: afterwards it is, event by event, the run that was never interrupted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import torch

from explorer.errors import InputError
from explorer.events import CheckpointDue, EpochDone, Event, RecipeChanged, RunEnded, RunResumed, StepDone, encode
from explorer.recipe import Recipe
from explorer.runs import RunStore, open_run
from explorer.runs.store import DATABASE, stored_events
from explorer.session.going_on import can_go_on, goes_on, is_young, recipe_at_checkpoint
from explorer.techniques import Dropout, EarlyStopping, Normalization, Schedule
from explorer.training import checkpoint, keeping
from explorer.training.control import Control
from explorer.training.loop import train

RECIPE = Recipe(
    data={"name": "fashion-mini", "classes": ("Sandal", "Bag"), "per_class": 40}, width=4, batch_size=16, epochs=3,
    device="cpu", lr=0.05, save_seconds=1, techniques=(Normalization(), Schedule()),
)  # fmt: skip
PER_EPOCH = 5


def begin(folder: Path, recipe: Recipe = RECIPE, stop: int = 0, switch: int = 0, kill: int = 0) -> Path:
    """Train; `stop` after a step, `switch` dropout on after one, `kill` after one: then nothing more is said."""
    control = Control()
    store = RunStore(folder, recipe)
    for event in store.recorded(train(recipe, control=control, checkpoints=store.checkpoints)):
        if not isinstance(event, StepDone):
            continue
        if event.step == switch:
            control.change(recipe.switched(Dropout(p=0.5)))
        if event.step == stop:
            control.stop()
        if event.step == kill:
            break
    store.close()
    return folder


def go_on(folder: Path, recipe: Recipe | None = None) -> list[Event]:
    return list(goes_on(folder, recipe or recipe_at_checkpoint(folder), Control()))


def told(folder: Path) -> Iterator[str]:
    """All that is kept, but for what is measured with a clock, and when checkpoints were written."""
    clocks = ("seconds", "images_per_second", "measuring_seconds", "time", "training_seconds", "threads", "others")
    for event in stored_events(folder):
        if not isinstance(event, CheckpointDue | RunResumed) and type(event).__name__ not in (
            "InstrumentCost",
            "Progress",
        ):
            values = {key: getattr(event, key) for key in event.__struct_fields__ if key not in clocks}
            yield f"{type(event).__name__} {values}"


def same(one: Path, other: Path) -> None:
    assert list(told(one)) == list(told(other))
    for name in ("last.pt", "best.pt"):
        a, b = (checkpoint.read(folder / "checkpoints" / name) for folder in (one, other))
        assert all(torch.equal(tensor, b["model"][key]) for key, tensor in a["model"].items())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return begin(tmp_path_factory.mktemp("whole") / "run")


@pytest.mark.parametrize("how", [{"stop": 7}, {"kill": 8}, {"stop": 10}])
def test_as_if_it_had_never_been_interrupted(whole: Path, tmp_path: Path, how: dict[str, int]) -> None:
    folder = begin(tmp_path / "run", **how)
    events = go_on(folder)
    assert isinstance(events[-1], RunEnded)
    same(folder, whole)
    record = open_run(folder)
    resumed = record.latest(RunResumed)
    assert resumed
    assert (resumed.step, resumed.epoch) == (how.get("stop", PER_EPOCH), 1)


def test_a_live_change_after_the_checkpoint_comes_at_its_step_again(tmp_path: Path) -> None:
    one = begin(tmp_path / "one", switch=7)
    other = begin(tmp_path / "other", switch=7, kill=9)
    go_on(other)
    assert [event.step for event in open_run(other).all(RecipeChanged)] == [7]
    same(one, other)


def test_more_epochs_are_a_change_at_the_end(tmp_path: Path) -> None:
    plain = RECIPE.without("schedule")
    folder, long = begin(tmp_path / "run", plain), begin(tmp_path / "long", plain.with_(epochs=4))
    go_on(folder, plain.with_(epochs=4))
    record, other = open_run(folder), open_run(long)
    assert [(event.step, event.recipe["epochs"]) for event in record.all(RecipeChanged)] == [(3 * PER_EPOCH, 4)]
    assert record.series.steps.losses.tolist() == other.series.steps.losses.tolist()
    assert [event.epoch for event in record.all(EpochDone)] == [1, 2, 3, 4]
    assert record.ended
    assert record.ended.seconds > 0
    assert len(record.all(RunEnded)) == 1


def test_what_would_be_another_run_is_refused_and_leaves_it_as_it_was(whole: Path, tmp_path: Path) -> None:
    before = list(told(whole))
    with pytest.raises(InputError, match=r"stays what it was.*[Bb]atch size"):
        go_on(whole, RECIPE.with_(batch_size=8, epochs=4))
    assert list(told(whole)) == before
    with RunStore(tmp_path / "run", RECIPE) as store, pytest.raises(InputError, match="in use"):
        list(goes_on(store.folder, RECIPE, Control()))


def test_images_that_are_no_longer_the_same_are_refused(tmp_path: Path) -> None:
    folder = begin(tmp_path / "run", stop=7)
    with sqlite3.connect(folder / DATABASE) as database:
        started = open_run(folder).started
        assert started
        more = msgspec.structs.replace(started, images={**started.images, "train": 81})
        database.execute("UPDATE events SET event = ? WHERE kind = 'RunStarted'", (encode(more),))
    before = list(told(folder))
    with pytest.raises(InputError, match="no longer those of the run: it had 81"):
        go_on(folder)
    assert list(told(folder)) == before


def test_a_run_of_earlier_versions_goes_on_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not say when its checkpoints were written."""
    append = RunStore.append
    with monkeypatch.context() as patch:
        patch.setattr(
            RunStore, "append", lambda self, event: None if isinstance(event, CheckpointDue) else append(self, event)
        )
        folder = begin(tmp_path / "run", kill=8)
    go_on(folder)
    assert open_run(folder).series.steps.numbers.tolist() == list(range(1, 3 * PER_EPOCH + 1))


def test_one_that_was_stopped_early_goes_on_with_more_patience(tmp_path: Path) -> None:
    eager = RECIPE.without("schedule").switched(EarlyStopping(patience=1)).with_(epochs=9, lr=1e-6)
    patient = eager.switched(EarlyStopping(patience=100))
    one, other = begin(tmp_path / "one", eager), begin(tmp_path / "other", patient)
    if len(open_run(one).epochs) < 9:
        go_on(one, patient)
    assert open_run(one).series.steps.losses.tolist() == open_run(other).series.steps.losses.tolist()


def test_mid_epoch_checkpoints_are_gone_on_from(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(keeping, "perf_counter", lambda: float("inf"))
        folder = begin(tmp_path / "run", kill=8)
    go_on(folder)
    resumed = open_run(folder).latest(RunResumed)
    assert resumed
    assert resumed.step == 7, "the eighth was not kept yet"
    same(folder, whole)


def test_a_folder_that_was_deleted_holds_nothing_to_go_on_with(tmp_path: Path) -> None:
    assert not is_young(tmp_path / "deleted")
    assert not can_go_on(tmp_path / "deleted")
