"""The session without a window: start, steer, change, fail, read stored runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from explorer.data import DataChoice
from explorer.errors import InputError
from explorer.events import Event, RecipeChanged, RunStarted
from explorer.i18n import set_language
from explorer.recipe import Recipe
from explorer.runs import Mailbox, RunStore
from explorer.runs.experiment import Experiment
from explorer.session.comparison import Comparison
from explorer.session.session import Difference, Session, State
from explorer.techniques import Dropout, Initialization, Skip
from explorer.training.control import Control
from tests.gui.scripted import PER_EPOCH, Script, until

RECIPE = Recipe(epochs=3)


class Threads:
    """Starts a plain thread for each run, as the window starts a QThread."""

    def __init__(self, script: Script) -> None:
        self.script, self.threads = script, []  # type: tuple[Script, list[threading.Thread]]
        self.session: Session | None = None

    def __call__(self, recipe: Recipe, control: Control, mailbox: Mailbox, folder: Path) -> None:
        def run() -> None:
            try:
                for event in self.script(recipe, control, folder):
                    mailbox.put(event)
            except RuntimeError:
                pass

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[tuple[Session, Script]]:
    script = Script(seconds=0.001)
    threads = Threads(script)
    session = Session(RECIPE, threads, lambda _recipe: tmp_path / "run")
    yield session, script
    session.stop()
    for thread in threads.threads:
        thread.join(5)
        assert not thread.is_alive()


def wait_for(session: Session, state: State) -> None:
    until(lambda: session.state is state, session.tick)


def to_the_end(session: Session) -> None:
    assert session.current
    record = session.current.record
    until(lambda: record.ended, session.tick)
    session.worker_gone()
    session.tick()


def test_a_run_from_start_to_end(run: tuple[Session, Script]) -> None:
    session, _script = run
    assert session.state is State.IDLE
    session.start()
    assert session.state is State.STARTING
    to_the_end(session)
    assert session.state is State.IDLE
    assert session.current
    record = session.current.record
    assert record.ended
    assert (record.ended.outcome, record.series.steps.last, len(record.epochs)) == ("finished", 3 * PER_EPOCH, 3)


def test_one_batch_then_one_epoch_then_on_to_the_end(run: tuple[Session, Script]) -> None:
    session, _script = run
    session.step()
    wait_for(session, State.PAUSED)
    assert session.current
    record = session.current.record
    assert record.series.steps.last == 1
    session.step()
    wait_for(session, State.PAUSED)
    assert record.series.steps.last == 2
    session.epoch()
    assert session.state is State.RUNNING
    wait_for(session, State.PAUSED)
    until(lambda: len(record.epochs) == 1, session.tick)
    assert record.series.steps.last == PER_EPOCH
    session.epoch()
    wait_for(session, State.PAUSED)
    assert record.series.steps.last == 2 * PER_EPOCH
    session.live.resume()  # type: ignore[union-attr]
    to_the_end(session)
    assert record.series.steps.last == 3 * PER_EPOCH


def test_a_run_can_begin_with_one_epoch(run: tuple[Session, Script]) -> None:
    session, _script = run
    session.epoch()
    wait_for(session, State.PAUSED)
    assert session.current
    assert session.current.record.series.steps.last == PER_EPOCH


def test_pause_and_stop_while_it_waits(run: tuple[Session, Script]) -> None:
    session, _script = run
    session.start()
    wait_for(session, State.RUNNING)
    session.live.pause()  # type: ignore[union-attr]
    wait_for(session, State.PAUSED)
    session.stop()
    assert session.state is State.STOPPING
    to_the_end(session)
    assert session.current
    assert session.current.record.ended
    assert session.current.record.ended.outcome == "stopped"


def test_a_change_reaches_the_run_once_and_is_marked_until_it_acts(run: tuple[Session, Script]) -> None:
    session, script = run
    session.step()
    wait_for(session, State.PAUSED)
    assert session.differences() == {}
    session.change(RECIPE.switched(Dropout()).with_(width=32))
    marks = session.differences()
    assert set(marks) == {"dropout", "network"}
    assert marks["dropout"].acts_live
    assert marks["dropout"].change == f"with {Dropout()}"
    assert not marks["network"].acts_live
    assert "size of their weights" in marks["network"].reason
    session.step()
    assert session.current
    record = session.current.record
    until(lambda: record.all(RecipeChanged), session.tick)
    assert set(session.differences()) == {"network"}
    assert record.changes(record.all(RecipeChanged)[0]) == (f"with {Dropout()}",)
    session.change(session.recipe.with_(width=64))  # nothing that the run could take
    session.step()
    wait_for(session, State.PAUSED)
    assert len(script.recipes) == 2


def acted(session: Session, marks: int) -> list[tuple[str, ...]]:
    """What the run says of its changes, once there are so many and it waits again."""
    assert session.current
    record = session.current.record
    session.step()
    until(lambda: len(record.all(RecipeChanged)) == marks, session.tick)
    wait_for(session, State.PAUSED)
    return [record.changes(mark) for mark in record.all(RecipeChanged)]


def test_undo_and_redo_in_mid_run_act_and_leave_marks_of_their_own(run: tuple[Session, Script]) -> None:
    session, script = run
    session.step()
    wait_for(session, State.PAUSED)
    session.change(RECIPE.switched(Dropout(p=0.3)))
    assert acted(session, 1) == [("with dropout 0.3",)]
    session.undo()
    assert session.differences()["dropout"] == Difference(acts_live=True, change="without dropout")
    assert acted(session, 2)[1:] == [("without dropout",)]
    assert script.recipes[-1] == RECIPE
    assert session.differences() == {}
    session.redo()
    assert acted(session, 3)[2:] == [("with dropout 0.3",)]


def test_frozen_layers_are_a_change_like_any_other(run: tuple[Session, Script]) -> None:
    session, _script = run
    session.step()
    wait_for(session, State.PAUSED)
    session.change(RECIPE.with_(frozen=("stage1",)))
    assert session.differences() == {"frozen": Difference(acts_live=True, change="frozen: stage1")}
    assert acted(session, 1) == [("frozen: stage1",)]
    assert session.differences() == {}
    session.undo()
    assert acted(session, 2)[1:] == [("learning: stage1",)]


def test_marks_say_which_parts_of_a_technique_wait_for_the_next_run(
    run: tuple[Session, Script], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A technique that lasts the whole run, with one field that waits and others that do not."""
    monkeypatch.setattr(Skip, "whole_run", True)
    monkeypatch.setattr(Skip, "next_run", "It keeps its network.")
    monkeypatch.setattr(Dropout.model_fields["places"], "json_schema_extra", {"next_run": "Layers are fixed."})
    session, _script = run
    session.change(RECIPE.switched(Dropout()))
    session.step()
    wait_for(session, State.PAUSED)

    def mark(recipe: Recipe) -> Difference:
        session.change(recipe)
        (found,) = session.differences().values()
        return found

    on = RECIPE.switched(Dropout())
    assert (mark(on.without("skip")).acts_live, mark(on.without("skip")).reason) == (False, "It keeps its network.")
    assert mark(on.switched(Dropout(p=0.25))).acts_live
    waiting = mark(on.switched(Dropout(places=("stage1",))))
    assert (waiting.acts_live, waiting.reason) == (False, "Layers are fixed.")
    kind = next(kind for kind in ("he_normal", "orthogonal") if kind != on.technique(Initialization).kind)
    waiting = mark(on.switched(Initialization(kind=kind)))
    assert (waiting.acts_live, waiting.reason) == (False, Initialization.next_run)


def test_a_change_taken_back_before_it_acted_does_not_act(run: tuple[Session, Script]) -> None:
    session, script = run
    session.step()
    wait_for(session, State.PAUSED)
    session.change(RECIPE.without("skip"))
    session.undo()
    session.step()
    wait_for(session, State.PAUSED)
    assert script.recipes[-1] == RECIPE
    assert session.differences() == {}


def test_undo_and_redo() -> None:
    session = Session(RECIPE, Threads(Script()))
    assert not session.history.can_undo
    session.change(RECIPE.with_(lr=0.5))
    session.change(RECIPE.with_(lr=0.6))
    session.undo()
    assert (session.recipe.lr, session.history.can_undo, session.history.can_redo) == (0.5, True, True)
    session.redo()
    assert (session.recipe.lr, session.history.can_redo) == (0.6, False)
    session.undo()
    session.change(RECIPE.without("skip"))
    assert not session.history.can_redo
    session.undo()
    session.undo()
    session.undo()
    assert session.recipe == RECIPE


def test_a_worker_that_dies_without_a_word_ends_the_run(tmp_path: Path) -> None:
    threads = Threads(Script(fail_at=3, how="crash"))
    session = Session(RECIPE, threads, lambda _recipe: tmp_path)
    session.start()
    threads.threads[0].join()
    session.worker_gone()
    session.tick()
    assert session.state is State.IDLE
    assert session.current
    assert session.current.record.ended
    assert session.current.record.ended.outcome == "failed"


def keep(folder: Path, recipe: Recipe, epochs: int = 2) -> Path:
    with RunStore(folder, recipe) as store:
        for _event in store.recorded(Script()(recipe.with_(epochs=epochs), Control(), folder)):
            pass
    return folder


def test_stored_runs_are_shown_and_laid_over_in_colours_that_stay(tmp_path: Path) -> None:
    one, two, three = (keep(tmp_path / name, RECIPE) for name in ("one", "two", "three"))
    session = Session(RECIPE, Threads(Script()))
    session.show(one)
    session.screen.overlay(two)
    session.screen.overlay(two)
    session.screen.overlay(three)
    until(lambda: all(shown.rest is None for shown in session.screen.runs), session.tick)
    assert [(s.folder.name, s.index, s.record.series.steps.last) for s in session.screen.runs] == [
        ("one", 0, 8),
        ("two", 1, 8),
        ("three", 2, 8),
    ]
    session.screen.remove(two)
    session.screen.overlay(two)
    assert {s.folder.name: s.index for s in session.screen.runs} == {"one": 0, "three": 2, "two": 1}
    session.show(three)
    assert {s.folder.name: s.index for s in session.screen.runs} == {"three": 2, "two": 1}
    session.screen.forget(three)
    assert session.current is None


class Images(Script):
    """Runs on the classes that the recipe chooses."""

    def __call__(self, recipe: Recipe, control: Control, folder: Path) -> Iterator[Event]:
        for event in super().__call__(recipe, control, folder):
            changed = isinstance(event, RunStarted) and recipe.data.classes
            yield msgspec.structs.replace(event, classes=recipe.data.classes) if changed else event


def test_runs_of_other_classes_are_not_laid_over_each_other(tmp_path: Path) -> None:
    one, same = keep(tmp_path / "one", RECIPE), keep(tmp_path / "same", RECIPE)
    other = RECIPE.with_(data={"name": "fashion-mini", "classes": ("Coat", "Bag")})
    with RunStore(tmp_path / "other", other) as store:
        assert list(store.recorded(Images()(other, Control(), tmp_path)))
    threads = Threads(Images())
    session = Session(RECIPE, threads, lambda recipe: tmp_path / f"new {len(recipe.data.classes)}")
    session.show(one)
    until(lambda: session.current and session.current.rest is None, session.tick)
    with pytest.raises(InputError, match="other classes"):
        session.screen.overlay(tmp_path / "other")
    session.screen.overlay(same)

    def after_a_run(recipe: Recipe, kept: bool) -> list[str]:
        session.screen.keep_overlays = kept
        session.change(recipe)
        session.start()
        threads.threads[-1].join(5)
        session.worker_gone()
        session.tick()
        return [shown.folder.name for shown in session.screen.overlays]

    assert after_a_run(RECIPE.with_(epochs=1), kept=True) == ["same"], "kept, as was asked"
    assert after_a_run(other.with_(epochs=1), kept=True) == [], "other classes: they leave"
    session.screen.overlay(tmp_path / "other")
    assert after_a_run(other.with_(epochs=1), kept=False) == [], "not asked to be kept"


def test_a_run_gets_another_name(tmp_path: Path) -> None:
    one, two = (keep(tmp_path / name, RECIPE) for name in ("one", "two"))
    session = Session(RECIPE, Threads(Script()))
    session.show(one)
    session.screen.overlay(two)
    assert session.screen.rename(one, " my run ") == tmp_path / "my run"
    assert [(shown.name.title, shown.folder.name) for shown in session.screen.runs] == [
        ("my run", "my run"),
        ("two", "two"),
    ]
    until(lambda: all(shown.rest is None for shown in session.screen.runs), session.tick)
    assert (tmp_path / "my run" / "run.sqlite").is_file()
    for name in ("", ".", "..", "two", "a/b", "a\\b", "a:b", "line\nbreak", ".hidden"):
        with pytest.raises(InputError):
            session.screen.rename(tmp_path / "my run", name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my run", "two"]
    with pytest.raises(InputError, match="nowhere"):
        session.screen.rename(tmp_path / "nowhere", "here")


def test_a_run_that_goes_on_keeps_its_name(run: tuple[Session, Script], tmp_path: Path) -> None:
    session, _script = run
    session.step()
    wait_for(session, State.PAUSED)
    with pytest.raises(InputError, match="Stop it first"):
        session.screen.rename(tmp_path / "run", "other")


def test_marks_compare_with_a_stored_run_too(tmp_path: Path) -> None:
    session = Session(RECIPE, Threads(Script()))
    session.show(keep(tmp_path / "one", RECIPE.with_(data=DataChoice(per_class=5), epochs=2)))
    until(lambda: session.current and session.current.rest is None, session.tick)
    session.change(RECIPE.without(Skip.name))
    marks = session.differences()
    assert set(marks) == {"data", "epochs", "skip"}
    assert not any(mark.acts_live for mark in marks.values())


def test_a_damaged_run_is_named_and_what_could_be_read_stays(tmp_path: Path) -> None:
    folder = keep(tmp_path / "one", RECIPE)
    session = Session(RECIPE, Threads(Script()))
    (folder / "run.sqlite").write_bytes(b"not a database" * 100)
    session.show(folder)
    with pytest.raises(InputError, match="one"):
        session.tick()
    assert session.tick() == []
    with pytest.raises(InputError, match="holds no run"):
        session.show(tmp_path)


def numbered(n: int) -> str:
    """As folders are named that nobody gave a name."""
    return f"2026-01-01-00000{n}-fashion-mini"


class Arms(Script):
    """Fails at step 2, in that way, where the recipe has no skip."""

    def __call__(self, recipe: Recipe, control: Control, folder: Path) -> Iterator[Event]:
        self.fail_at = -1 if recipe.technique(Skip) else 2
        yield from super().__call__(recipe, control, folder)


def all_arms(session: Session, threads: Threads, comparison: Comparison) -> list[str]:
    """How each ended."""
    outcomes = []
    while comparison.go_on():
        threads.threads[-1].join(5)
        session.worker_gone()
        session.tick()
        assert session.current
        assert session.current.record.ended
        outcomes.append(session.current.record.ended.outcome)
    return outcomes


def test_a_comparison_trains_each_arm_and_leaves_the_recipe_alone(tmp_path: Path) -> None:
    session = Session(
        RECIPE, threads := Threads(script := Script()), lambda _r: tmp_path / numbered(len(threads.threads))
    )
    comparison = Comparison(session, Experiment.of_technique(Dropout(p=0.4), RECIPE, seeds=2))
    assert comparison.go_on()
    session.change(RECIPE.with_(lr=0.7))  # is no change of an arm
    assert not session.differences()["lr"].acts_live
    to_the_end(session)
    threads.threads[-1].join(5)
    assert all_arms(session, threads, comparison) == ["finished"] * 3
    on = RECIPE.switched(Dropout(p=0.4))
    assert script.recipes == [RECIPE, on, RECIPE.with_(seed=1), on.with_(seed=1)]
    assert session.screen.titles == [
        "Dropout 0.4, seed 1",
        "Without dropout, seed 0",
        "Dropout 0.4, seed 0",
        "Without dropout, seed 1",
    ]
    assert len({shown.index for shown in session.screen.runs}) == 4
    assert session.recipe == RECIPE.with_(lr=0.7)
    assert not session.history.can_redo


@pytest.mark.parametrize(("how", "outcome"), [("diverge", "diverged"), ("crash", "failed")])
def test_an_arm_that_goes_wrong_is_a_result_and_the_next_one_begins(tmp_path: Path, how: str, outcome: str) -> None:
    threads = Threads(Arms(how=how))
    session = Session(RECIPE, threads, lambda _r: tmp_path / numbered(len(threads.threads)))
    experiment = Experiment.of_technique(Skip(), RECIPE)
    assert all_arms(session, threads, Comparison(session, experiment)) == [outcome, "finished"]
    assert [(str(arm.label), [result.ended.outcome for result in ended]) for arm, ended in experiment.by_arm()] == [
        ("without skip connections", [outcome]),
        ("skip", ["finished"]),
    ]


def test_stop_ends_a_comparison(tmp_path: Path) -> None:
    session = Session(RECIPE, threads := Threads(Script(seconds=0.2)), lambda _recipe: tmp_path / "run")
    comparison = Comparison(session, Experiment.of_technique(Skip(), RECIPE))
    assert comparison.go_on()
    session.stop()
    threads.threads[-1].join(5)
    session.worker_gone()
    session.tick()
    assert not comparison.go_on()
    assert session.state is State.IDLE


def test_the_arms_of_a_comparison_are_known_again(tmp_path: Path) -> None:
    threads = Threads(Kept())
    session = Session(RECIPE, threads, lambda _r: tmp_path / numbered(len(threads.threads)))
    experiment = Experiment.of_technique(Dropout(p=0.4), RECIPE)
    assert all_arms(session, threads, Comparison(session, experiment)) == ["finished"] * 2
    again = Session(RECIPE, threads)
    again.show(tmp_path / numbered(0))
    again.screen.overlay(tmp_path / numbered(1))
    assert again.screen.titles == ["Without dropout", "Dropout 0.4"]
    set_language("ru")
    assert again.screen.titles != ["Without dropout", "Dropout 0.4"]
    set_language("en")
    assert len({shown.place.experiment for shown in again.screen.runs if shown.place}) == 1


class Kept(Script):
    """Stores its run."""

    def __call__(self, recipe: Recipe, control: Control, folder: Path) -> Iterator[Event]:
        with RunStore(folder, recipe) as store:
            yield from store.recorded(super().__call__(recipe, control, folder))
