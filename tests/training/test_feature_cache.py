"""Features that are computed once give the very run that computing them anew gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer import Recipe
from explorer.data import ImageData
from explorer.events import (
    FINISHED,
    STOPPED,
    EpochDone,
    Event,
    LayerPlan,
    ModeAccuracy,
    Note,
    Progress,
    RunEnded,
    StepDone,
)
from explorer.i18n import NOTHING
from explorer.networks import Network, Pretrained, SmallCNN
from explorer.techniques import (
    Augmentation,
    Dropout,
    FrozenNormalization,
    Normalization,
    Skip,
    Transfer,
    WeightAveraging,
)
from explorer.training import checkpoint, planning
from explorer.training import run as run_module
from explorer.training.control import Control
from explorer.training.feature_cache import Features
from explorer.training.loop import train

MakeImages = Callable[..., ImageData]
SMALL, LITE0 = Transfer(), Pretrained(size=64)


def recipe(transfer: Transfer, **fields: Any) -> Recipe:
    values = {"batch_size": 6, "epochs": 2, "lr": 0.05, "device": "cpu"}
    return Recipe(**{**values, **fields}, techniques=(Normalization(), Skip(), transfer))


def told(of: Recipe, data: ImageData, folder: Path, **options: Any) -> tuple[list[Event], dict[str, Any]]:
    """What the run said, and its last checkpoint."""
    folder.mkdir()
    events = list(train(of, data=data, checkpoints=folder, **options))
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == FINISHED, events[-1].details
    return events, checkpoint.read(folder / "last.pt")


def of_kind(events: list[Event], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize(
    ("network", "change"),
    [
        (SmallCNN(), {}),
        (SmallCNN(), {"precision": "bf16"}),
        (LITE0, {}),
    ],
    ids=["small", "small-bf16", "lite0"],
)
def test_the_run_is_the_same_to_the_last_bit(
    tiny: MakeImages,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    network: Network,
    change: dict[str, Any],
    optimizer: str,
) -> None:
    data = tiny(count=20, size=28)  # 3 batches of 6, and 2 images that no epoch of this length reaches
    of = recipe(SMALL, network=network, optimizer=optimizer, **change).switched(WeightAveraging(decay=0.5))
    if network is not LITE0:
        of = of.switched(Dropout(places=("classifier",)))
    one, kept = told(of, data, tmp_path / "kept")
    monkeypatch.setattr(planning, "reused", lambda *_arguments: (None, NOTHING))
    two, anew = told(of, data, tmp_path / "anew")
    assert of_kind(one, LayerPlan)[0].cached
    assert not of_kind(two, LayerPlan)[0].cached
    assert [event.loss for event in of_kind(one, StepDone)] == [event.loss for event in of_kind(two, StepDone)]
    assert [(e.train, e.validation) for e in of_kind(one, EpochDone)] == [
        (e.train, e.validation) for e in of_kind(two, EpochDone)
    ]
    assert of_kind(one, RunEnded)[0].test == of_kind(two, RunEnded)[0].test
    assert of_kind(one, ModeAccuracy) == of_kind(two, ModeAccuracy)
    for key in ("model", "trained"):
        assert all(torch.equal(tensor, anew[key][name]) for name, tensor in kept[key].items())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: r.switched(SMALL.model_copy(update={"train": "top"})), ""),
        (lambda r: r.switched(FrozenNormalization(affine_trains=False, statistics="followed")), "does not stand still"),
        (lambda r: r.switched(FrozenNormalization(affine_trains=False, statistics="batch")), "does not stand still"),
        (lambda r: r.switched(FrozenNormalization(affine_trains=True)), "does not stand still"),
        (lambda r: r.switched(Augmentation()), "Augmentation shows other images in each epoch"),
        (lambda r: r.switched(Dropout(places=("stage2",))), "stage2.0.drop draws anew in each pass"),
        (lambda r: r.switched(SMALL.model_copy(update={"train": "all"})), ""),
    ],
)
def test_why_features_are_not_reused_is_said(tiny: MakeImages, change: Callable[[Recipe], Recipe], reason: str) -> None:
    events = list(train(change(recipe(SMALL, epochs=1)), data=tiny(count=20, size=28), instruments="none"))
    plan = of_kind(events, LayerPlan)[0]
    assert not plan.cached
    assert reason in str(plan.why_not)
    said = [text for event in of_kind(events, Note) if "Features" in (text := str(event.text))]
    assert said == ([f"Features are not reused: {plan.why_not}."] if reason else [])


def test_the_body_runs_once(tiny: MakeImages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for the metrics of later epochs, nor for the accuracy in training mode."""
    passes: list[int] = []
    whole = Features._pass
    monkeypatch.setattr(Features, "_pass", lambda self, images: (passes.append(len(images)), whole(self, images))[1])
    predicted: list[bool] = []
    forward = run_module.predict

    def predict(*arguments: Any, **options: Any) -> torch.Tensor:
        predicted.append(options.get("features") is not None)
        return forward(*arguments, **options)

    monkeypatch.setattr(run_module, "predict", predict)
    data = tiny(count=20, size=28)
    events = list(train(recipe(SMALL, epochs=4), data=data))
    assert len(of_kind(events, ModeAccuracy)) == 4
    assert sum(passes) == 24 + 16 + 16 + 16  # 4 batches, the fixed sample, validation, test
    assert len(predicted) == 2 * 4 + 1
    assert all(predicted)


def test_a_live_change_takes_features_up_and_leaves_them(tiny: MakeImages) -> None:
    control, of = Control(), recipe(SMALL, epochs=4)
    augmented = of.switched(Augmentation())
    plans: list[bool] = []
    for event in train(of, control=control, data=tiny(count=20, size=28)):
        if isinstance(event, StepDone) and event.step in (2, 4, 6):
            control.change({2: augmented, 4: of, 6: of.with_(precision="bf16")}[event.step])
        if isinstance(event, LayerPlan):
            plans.append(event.cached)
    assert isinstance(event, RunEnded)
    assert event.outcome == FINISHED, event.details
    assert plans == [True, False, True, True]


class _SlowFeatures:
    """Takes one second a batch, by a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(planning, "perf_counter", lambda: self.now)
        whole = Features._pass

        def slow(features: Features, images: torch.Tensor) -> torch.Tensor:
            self.now += 1
            return whole(features, images)

        monkeypatch.setattr(Features, "_pass", slow)


def test_progress_is_said_while_features_take_long(tiny: MakeImages, monkeypatch: pytest.MonkeyPatch) -> None:
    _SlowFeatures(monkeypatch)
    events = list(train(recipe(SMALL, epochs=1), data=tiny(count=20, size=28), instruments="none"))
    said = [(event.done, event.total) for event in of_kind(events, Progress) if "computed once" in str(event.what)]
    assert said == [(0, 0), (6, 20), (12, 20), (18, 20), (20, 20)]


def test_stop_acts_while_features_are_computed(tiny: MakeImages, monkeypatch: pytest.MonkeyPatch) -> None:
    _SlowFeatures(monkeypatch)
    control = Control()

    def until_stopped() -> Iterator[Event]:
        for event in train(recipe(SMALL), data=tiny(count=20, size=28), control=control):
            if isinstance(event, Progress) and event.done == 6:
                control.stop()
            yield event

    events = list(until_stopped())
    assert isinstance(events[-1], RunEnded)
    assert (events[-1].outcome, events[-1].step) == (STOPPED, 0)
    assert max(event.done for event in of_kind(events, Progress)) == 6
