"""A run in another process is watched and steered like a local one, and is the same run."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.data import DataChoice
from explorer.errors import InputError
from explorer.events import EpochDone, Event, RunEnded, StepDone, encode
from explorer.networks import SmallCNN
from explorer.recipe import Recipe
from explorer.runs import open_run
from explorer.runs.experiment import Experiment
from explorer.runs.place import kept_place
from explorer.session.process import TrainingProcess
from explorer.session.processes import Processes
from explorer.training.control import Control
from explorer.training.loop import train

TINY = Recipe(
    data=DataChoice(name="fashion-mini", per_class=10),
    network=SmallCNN(depth=8, width=4),
    batch_size=50,
    epochs=2,
    threads=1,
    device="cpu",
)


@pytest.fixture(scope="module")
def process() -> Iterator[TrainingProcess]:
    with TrainingProcess() as made:
        yield made


def measured(events: list[Event]) -> list[bytes]:
    """What is the same however fast it went."""
    kept = [event for event in events if isinstance(event, EpochDone)]
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    return [repr((event.train, event.validation)).encode() for event in kept] + [repr(ended.test).encode()]


def test_it_is_the_same_run_and_kept_with_its_place(process: TrainingProcess, tmp_path: Path) -> None:
    place = Experiment.of_recipe(TINY, 1).runs[0].place
    there = list(process.train(TINY, Control(), tmp_path / "run", place=place))
    assert measured(there) == measured(list(train(TINY, instruments="none")))
    assert open_run(tmp_path / "run").ended == there[-1]
    assert kept_place(tmp_path / "run") == place
    assert all(encode(event) for event in there)


def test_it_waits_steps_changes_and_stops_as_asked(process: TrainingProcess, tmp_path: Path) -> None:
    control = Control()
    control.step(3)  # asked before it begins
    steps, rates = 0, []
    for event in process.train(TINY.with_(epochs=500), control, tmp_path / "run"):
        if not isinstance(event, StepDone):
            continue
        steps, rates = event.step, [*rates, event.lr[0]]
        if event.step == 3:
            control.change(TINY.with_(epochs=500, lr=1e-6).without("schedule"))
            control.step(2)
        elif event.step == 5:
            control.resume()
        elif event.step == 8:
            control.stop()
    assert 8 <= steps < 40
    assert rates[2] > 1e-3
    assert rates[3] == pytest.approx(1e-6)
    ended = open_run(tmp_path / "run").ended
    assert ended
    assert ended.outcome == "stopped"


def test_bad_input_is_refused_as_here_and_the_process_goes_on(process: TrainingProcess, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        list(process.train(TINY.with_(data=DataChoice(name="nowhere")), Control(), tmp_path / "run"))
    assert not (tmp_path / "run").exists()
    events = process.train(TINY.with_(epochs=500), Control())
    next(event for event in events if isinstance(event, StepDone))
    events.close()  # type: ignore[attr-defined]  # whoever watched has lost interest: it does not train on
    assert isinstance(list(process.train(TINY, Control()))[-1], RunEnded)


@pytest.mark.slow
def test_a_process_that_dies_is_an_end_and_the_next_run_gets_another(tmp_path: Path) -> None:
    (planned,) = Experiment.of_recipe(TINY.with_(epochs=500), 1).runs
    with Processes() as pool:
        seen = []
        for event in pool.train(planned, Control(), tmp_path / "run"):
            seen.append(event)
            if isinstance(event, StepDone) and event.step == 2:
                os.kill(pool.pids[0], signal.SIGKILL)
        assert isinstance(seen[-1], RunEnded)
        assert seen[-1].outcome == "failed"
        assert open_run(tmp_path / "run").ended is None  # cut off, and opens
        again = Experiment.of_recipe(TINY, 1).runs[0]
        *_others, ended = pool.train(again, Control(), tmp_path / "again")
        assert isinstance(ended, RunEnded)
        assert ended.outcome == "finished"
