"""Checkpoints in mid-epoch, in an order that a kill does not spoil, and never ahead of what is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import train
from explorer.data import ImageData
from explorer.events import CheckpointDue, EpochDone, Event, StepDone
from explorer.recipe import Recipe
from explorer.techniques import EarlyStopping, Normalization, WeightAveraging
from explorer.training import checkpoint, keeping
from explorer.training.resuming import newest

MakeImages = Callable[..., ImageData]
RECIPE = Recipe(
    width=4, batch_size=16, epochs=4, lr=0.05, device="cpu", save_seconds=1,
    techniques=(Normalization(), WeightAveraging(decay=0.8), EarlyStopping(patience=3)),
)  # fmt: skip


def run(folder: Path, data: ImageData, **given: Any) -> list[Event]:
    folder.mkdir(exist_ok=True)
    return list(train(RECIPE, data=data, checkpoints=folder, instruments="none", **given))


def losses(events: list[Event]) -> list[float]:
    return [event.loss for event in events if isinstance(event, StepDone)]


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always time."""
    monkeypatch.setattr(keeping, "perf_counter", lambda: float("inf"))


def test_a_run_goes_on_exactly_from_every_step(tiny: MakeImages, tmp_path: Path, always: None) -> None:
    data = tiny(count=48)
    whole = run(tmp_path / "whole", data)
    due = [event for event in whole if isinstance(event, CheckpointDue)]
    assert [event.step for event in due] == list(range(1, 13))
    for cut in (1, 5, 6, 11):
        folder = tmp_path / f"{cut}"
        folder.mkdir()
        events = train(RECIPE, data=data, checkpoints=folder, instruments="none")
        while not (isinstance(event := next(events), CheckpointDue) and event.step == cut):
            pass
        next(events)  # by then the checkpoint is there
        events.close()  # type: ignore[attr-defined]
        on = run(tmp_path / f"{cut} on", data, resume=folder / "last.pt")
        assert losses(on) == losses(whole)[cut:]
        for name in ("last.pt", "best.pt"):
            one, two = (checkpoint.read(tmp_path / of / name) for of in ("whole", f"{cut} on"))
            assert (one["best"], one["losses"]) == (two["best"], two["losses"])
            assert all(torch.equal(tensor, two["model"][key]) for key, tensor in one["model"].items())


def test_a_kill_between_best_and_last_loses_nothing(tiny: MakeImages, tmp_path: Path) -> None:
    data = tiny(count=48, noise=0.3)
    folder = tmp_path / "run"
    folder.mkdir()
    events = train(RECIPE, data=data, checkpoints=folder, instruments="none")
    while not (isinstance(event := next(events), EpochDone) and event.epoch == 2):
        pass
    older = (folder / "last.pt").read_bytes()
    while not (isinstance(event := next(events), StepDone) and event.step == 7):
        pass
    events.close()  # type: ignore[attr-defined]
    best = checkpoint.read(folder / "best.pt")
    assert best["epoch"] == 2, "this epoch was the best"
    (folder / "last.pt").write_bytes(older)
    path, content = newest(folder / "last.pt")
    assert (path.name, content["epoch"]) == ("best.pt", 2)
    on = run(tmp_path / "on", data, resume=folder / "last.pt")
    assert losses(on) == losses(run(tmp_path / "whole", data))[6:]
    (folder / "last.pt").unlink()
    assert newest(folder / "last.pt")[0].name == "best.pt"


def test_what_is_told_is_never_behind_a_checkpoint(tiny: MakeImages, tmp_path: Path, always: None) -> None:
    tmp_path.joinpath("run").mkdir()
    seen: tuple[int, int] = (0, 0)
    last = tmp_path / "run" / "last.pt"
    for event in train(RECIPE, data=tiny(count=48), checkpoints=last.parent, instruments="none"):
        if isinstance(event, CheckpointDue):
            seen = (event.step, event.epoch)
        if last.exists():
            content = checkpoint.read(last)
            assert (content["step"], content["epoch"]) <= seen


def test_without_seconds_nothing_is_written_in_between(tiny: MakeImages, tmp_path: Path, always: None) -> None:
    tmp_path.joinpath("run").mkdir()
    events = train(RECIPE.with_(save_seconds=0), data=tiny(count=48), checkpoints=tmp_path / "run", instruments="none")
    assert [event.step for event in events if isinstance(event, CheckpointDue)] == [3, 6, 9, 12]
