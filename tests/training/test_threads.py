"""How many threads a run has, who hears of it, and that nothing is left behind in the caller's process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from explorer import Recipe, train
from explorer.data import ImageData
from explorer.events import Event, Note, RecipeChanged, RunStarted, StepDone
from explorer.processor import BRIEFLY, COUNTING, busy_others, threads_beside, wait_briefly
from explorer.training import threads
from explorer.training.threads import QUIET, RECENT, USUAL, Chosen, fitting, used

RECIPE = Recipe().with_(width=4, batch_size=16, epochs=1, device="cpu", techniques=())


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody has said how many threads there are, and there are two."""
    for name in COUNTING:
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("others", "threads", "cores", "wanted"),
    [
        (None, 2, 2, 2),  # the system does not say
        (0.1, 2, 2, 2),
        (1.0, 2, 2, 1),  # one busy loop on one of two cores
        (4.0, 2, 2, 2),  # all cores are wanted anyway: each thread gets its share
        (1.0, 8, 8, 7),
        (3.0, 4, 8, 4),  # there is room beside them
        (7.2, 8, 8, 1),
    ],
)
def test_threads_leave_busy_cores_to_others(others: float | None, threads: int, cores: int, wanted: int) -> None:
    assert threads_beside(others, threads, cores) == wanted


def test_threads_sleep_soon_unless_somebody_decided() -> None:
    environment: dict[str, str] = {"OMP_NUM_THREADS": "4"}  # says how many, not how they wait
    wait_briefly(environment)
    assert environment == {"OMP_NUM_THREADS": "4"} | BRIEFLY
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"):
        decided = {name: "x"}
        wait_briefly(decided)
        assert decided == {name: "x"}


def test_whoever_imports_the_program_has_it_before_torch() -> None:
    said = "import sys, explorer, os; print('torch' in sys.modules, os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True, env={"PATH": ""})
    assert done.stdout.split() == ["False", BRIEFLY["GOMP_SPINCOUNT"]]


def test_running_threads_of_others_are_read(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux says")
    state = tmp_path / "stat"
    state.write_text("cpu  1 2 3\nprocs_running 3\nprocs_blocked 0\n")
    assert busy_others(state) == 2.0  # without this one
    assert busy_others(tmp_path / "absent") is None


@pytest.mark.usefixtures("free")
def test_a_run_has_as_many_as_pay_off_and_says_so(
    tiny: Callable[..., ImageData], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "busy_others", lambda: 1.0)
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 2)
    seen: list[int] = []
    for event in train(RECIPE, data=tiny(), instruments="none"):
        if isinstance(event, RunStarted):
            assert (event.threads, event.others) == (1, 1.0)
        if isinstance(event, StepDone):
            seen.append(torch.get_num_threads())
    assert set(seen) == {1}
    assert torch.get_num_threads() == 2  # as it was


@pytest.mark.usefixtures("free")
def test_the_recipe_and_the_environment_have_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "busy_others", lambda: pytest.fail("nobody needs to look"))
    with used(3) as chosen:
        assert (chosen.threads, chosen.others, torch.get_num_threads()) == (3, None, 3)
        assert chosen.most == 3  # a resumed run, too, has as many as before, on whatever machine
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with used(None) as chosen:
        assert chosen.threads == 2


@pytest.mark.usefixtures("free")
def test_a_resumed_run_has_as_many_as_before(
    tiny: Callable[..., ImageData], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = tiny()
    list(train(RECIPE.with_(threads=1), data=data, instruments="none", checkpoints=tmp_path))
    monkeypatch.setattr(threads, "busy_others", lambda: 0.0)
    events = train(RECIPE.with_(epochs=2), data=data, instruments="none", resume=tmp_path / "last.pt")
    assert [event.threads for event in events if isinstance(event, RunStarted)] == [1]


def test_auto_is_how_people_write_it() -> None:
    assert Recipe().with_(threads="auto").threads is None
    assert Recipe.from_json(Recipe().with_(threads=2).to_json()).threads == 2


def steps(*seconds: float) -> list[Event]:
    return [StepDone(step=i, epoch=0, loss=1.0, lr=(0.1,), seconds=s, images=1) for i, s in enumerate(seconds)]


def told(events: list[Event], chosen: int = 2, recipe: int | None = 2) -> tuple[list[str], int]:
    """What is said while `events` pass, and how many threads there are at the end; nobody computes."""
    left, before = Chosen(chosen, most=2), torch.get_num_threads()
    try:
        notes = [str(event.text) for event in fitting(events, left, recipe) if isinstance(event, Note)]
    finally:
        torch.set_num_threads(before)
    return notes, left.threads


USUALLY, SLOWLY = [1.0] * USUAL, [10.0] * RECENT


def test_a_collapse_is_told_once_where_the_recipe_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "busy_others", lambda: 1.0)
    (note,), left = told(steps(*USUALLY, *SLOWLY, *SLOWLY))
    assert "10 times slower" in note
    assert left == 2
    assert not told(steps(*USUALLY, *SLOWLY), chosen=1, recipe=1)[0]  # no thread waits for another
    assert told(steps(*USUALLY, *SLOWLY[:-1], 1.0))[0]  # one fast step is nothing
    assert not told(steps(*USUALLY, *[10.0, 1.0] * USUAL))[0]  # half of them are
    assert told(steps(*USUALLY, *[10.0, 1.0] * USUAL, *SLOWLY))[0]  # what is usual has not moved with them
    changed = RecipeChanged(step=1, recipe={})
    assert not told([*steps(*USUALLY), changed, *steps(*SLOWLY, *SLOWLY)])[0]  # a larger network takes longer
    monkeypatch.setattr(threads, "busy_others", lambda: 0.0)
    assert not told(steps(*USUALLY, *SLOWLY))[0]  # nobody else is busy: something else is wrong


@pytest.mark.usefixtures("free")
def test_where_it_is_open_the_run_goes_on_with_fewer_and_later_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, others = iter(range(10_000)), iter([1] * 5 + [0] * 100)
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(threads, "busy_others", lambda: 1.0)
    monkeypatch.setattr(threads, "running_others", lambda: next(others))
    monkeypatch.setattr(threads, "perf_counter", lambda: float(next(clock)))
    down, left = told(steps(*USUALLY, *SLOWLY), recipe=None)
    assert (len(down), left) == (1, 1)
    both, left = told(steps(*USUALLY, *SLOWLY, *[1.0] * (5 + int(2 * QUIET))), recipe=None)
    assert (both[0], len(both), left) == (down[0], 2, 2)
    monkeypatch.setattr(threads, "busy_others", lambda: 4.0)  # then two threads get more of the processor than one
    (crowded,), left = told(steps(*USUALLY, *SLOWLY, *SLOWLY), recipe=None)
    assert "want the whole processor" in crowded
    assert left == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # somebody decided
    assert told(steps(*USUALLY, *SLOWLY), recipe=None)[1] == 2
