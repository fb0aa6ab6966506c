"""A checkpoint goes on as the run would have; where it does not fit the recipe, that is refused or said first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import train
from explorer.data import ImageData
from explorer.errors import InputError
from explorer.events import Event, Note, RunEnded, StepDone
from explorer.recipe import Recipe
from explorer.techniques import EarlyStopping, Normalization, Schedule, Technique, WeightAveraging
from explorer.training import checkpoint

MakeImages = Callable[..., ImageData]


def recipe(*techniques: Technique, **fields: Any) -> Recipe:
    values = {"width": 4, "batch_size": 16, "epochs": 20, "lr": 0.05, "device": "cpu", "techniques": techniques}
    return Recipe(**{**values, **fields})


def trained(folder: Path, of: Recipe, data: ImageData, resume: Path | None = None) -> list[Event]:
    folder.mkdir(exist_ok=True)
    return list(train(of, data=data, checkpoints=folder, resume=resume, instruments="none"))


def ending(events: list[Event]) -> RunEnded:
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == "finished", events[-1].details
    return events[-1]


def notes(events: list[Event]) -> str:
    """What is said before the first step."""
    first = next((i for i, event in enumerate(events) if isinstance(event, StepDone)), len(events))
    return "\n".join(str(event.text) for event in events[:first] if isinstance(event, Note))


@pytest.mark.parametrize("averaged", [False, True])
def test_a_run_that_stopped_early_goes_on_exactly(tiny: MakeImages, tmp_path: Path, averaged: bool) -> None:
    data = tiny(count=48)
    others: tuple[Technique, ...] = (Normalization(), *((WeightAveraging(decay=0.8),) if averaged else ()))
    stopping = recipe(EarlyStopping(patience=2), *others)
    end = ending(trained(tmp_path / "stopped", stopping, data))
    assert end.epoch < 12, "it stopped early"
    last = checkpoint.read(tmp_path / "stopped" / "last.pt")
    best = checkpoint.read(tmp_path / "stopped" / "best.pt")
    assert all(torch.equal(tensor, best["model"][name]) for name, tensor in last["model"].items()), "the best ones"

    patient = recipe(EarlyStopping(patience=1000), *others, epochs=end.epoch + 3)
    goes_on = trained(tmp_path / "on", patient, data, tmp_path / "stopped" / "last.pt")
    whole = trained(tmp_path / "whole", patient, data)
    steps = [event.loss for event in goes_on if isinstance(event, StepDone)]
    assert steps == [event.loss for event in whole if isinstance(event, StepDone)][-9:]
    one, two = (checkpoint.read(tmp_path / name / "last.pt") for name in ("on", "whole"))
    for key in ("model", "trained"):
        assert all(torch.equal(tensor, two[key][name]) for name, tensor in one[key].items()), key


def test_a_run_that_is_over_says_so_and_what_can_be_done(tiny: MakeImages, tmp_path: Path) -> None:
    data = tiny(count=48)
    of = recipe(Normalization(), EarlyStopping(patience=2))
    first = ending(trained(tmp_path / "run", of, data))
    again = ending(trained(tmp_path / "again", of, data, tmp_path / "run" / "last.pt"))
    assert again.epoch == first.epoch
    assert "stopped early" in str(again.reason)
    assert "patience" in str(again.remedy)
    assert again.test == pytest.approx(first.test)
    finished = recipe(epochs=1)
    trained(tmp_path / "whole", finished, data)
    done = ending(trained(tmp_path / "again", finished, data, tmp_path / "whole" / "last.pt"))
    assert "already reached epoch 1" in str(done.reason)
    assert "more epochs" in str(done.remedy)


def test_a_rate_that_jumps_is_said_before_training(tiny: MakeImages, tmp_path: Path) -> None:
    data, of = tiny(), recipe(Schedule(), epochs=2)
    trained(tmp_path / "run", of, data)
    last = tmp_path / "run" / "last.pt"
    assert "jumps" in notes(trained(tmp_path / "more", of.with_(epochs=4), data, last))
    constant = recipe(epochs=2)
    trained(tmp_path / "constant", constant, data)
    said = notes(trained(tmp_path / "more", constant.with_(epochs=4), data, tmp_path / "constant" / "last.pt"))
    assert "jumps" not in said
    assert "epochs 4 instead of 2" in said, "that it goes on with more epochs"


def test_a_run_that_goes_on_as_it_was_has_nothing_to_say(tiny: MakeImages, tmp_path: Path) -> None:
    data, of = tiny(), recipe(Schedule(), Normalization(), epochs=3)
    (tmp_path / "run").mkdir()
    events = train(of, data=data, checkpoints=tmp_path / "run", instruments="none")
    while not (isinstance(event := next(events), StepDone) and event.step == 9):
        pass
    events.close()  # type: ignore[attr-defined]
    assert notes(trained(tmp_path / "on", of, data, tmp_path / "run" / "last.pt")) == ""


def test_another_optimizer_starts_afresh_and_says_so(tiny: MakeImages, tmp_path: Path) -> None:
    data, of = tiny(), recipe(epochs=1)
    trained(tmp_path / "run", of, data)
    events = trained(tmp_path / "on", of.with_(optimizer="adamw", epochs=2), data, tmp_path / "run" / "last.pt")
    assert ending(events).epoch == 2
    assert "another optimizer" in notes(events)


def test_other_classes_are_refused(tiny: MakeImages, tmp_path: Path) -> None:
    data, of = tiny(), recipe(epochs=1)
    trained(tmp_path / "run", of, data)
    other = tiny()
    object.__setattr__(other, "classes", tuple(f"other {k}" for k in range(4)))
    with pytest.raises(InputError, match="other classes"):
        trained(tmp_path / "on", of.with_(epochs=2), other, tmp_path / "run" / "last.pt")
