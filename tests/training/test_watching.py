"""Watching never ends or changes a run; what cannot be trained is refused before; no image is left out in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer import train
from explorer.data import ImageData
from explorer.errors import InputError
from explorer.events import (
    Event,
    InstrumentFault,
    ModeAccuracy,
    Note,
    RecipeChanged,
    RunEnded,
    RunStarted,
    SampleGrid,
    StepDone,
)
from explorer.recipe import Recipe
from explorer.runs import RunRecord
from explorer.techniques import Accumulation, Dropout, Normalization, Technique
from explorer.training import checkpoint
from explorer.training.control import Control
from explorer.training.instruments import Instrument, StepContext
from explorer.training.instruments import activations as activations_module
from explorer.training.instruments.activations import Activations
from explorer.training.instruments.samples import Samples
from explorer.training.preview import preview

MakeImages = Callable[..., ImageData]
MOMENTS = ("before_forward", "after_forward", "before_clipping", "after_clipping", "after_step", "after_epoch")


def recipe(*techniques: Technique, **fields: Any) -> Recipe:
    values = {"width": 4, "batch_size": 16, "epochs": 2, "lr": 0.05, "device": "cpu", "techniques": techniques}
    return Recipe(**{**values, **fields})


class Broken(Instrument):
    """Fails at one moment."""

    name = "broken"

    def __init__(self, moment: str) -> None:
        super().__init__(every=1)
        self.calls = 0
        self.__dict__[moment] = self._fail

    def _fail(self, _context: StepContext) -> Iterable[Event]:
        self.calls += 1
        raise RuntimeError("no such panel")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_fault_is_told_and_the_run_goes_on_as_it_would(tiny: MakeImages, tmp_path: Path, moment: str) -> None:
    data, of, weights = tiny(), recipe(Normalization(), Dropout()), []
    broken = Broken(moment)
    for name, watching in (("with", (broken, Samples(every=1))), ("without", ())):
        (tmp_path / name).mkdir()
        events = list(train(of, data=data, instruments=watching, checkpoints=tmp_path / name))
        assert isinstance(events[-1], RunEnded)
        assert events[-1].outcome == "finished", events[-1].details
        weights.append(checkpoint.read(tmp_path / name / "last.pt")["model"])
        if watching:
            (fault,) = RunRecord.of(events).all(InstrumentFault)
            assert (fault.instrument, fault.reason) == ("broken", "RuntimeError: no such panel")
            assert fault.step == (4 if moment == "after_epoch" else 1)
            assert sum(isinstance(event, SampleGrid) for event in events) == 8, "the others go on"
    assert broken.calls == 1
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())


def test_a_fault_in_a_hook_does_not_reach_the_network(tiny: MakeImages, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("in a hook")

    monkeypatch.setattr(activations_module, "statistics", fail)
    events = list(train(recipe(), data=tiny(), instruments=(Activations(every=1),)))
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == "finished", events[-1].details
    assert [event.step for event in events if isinstance(event, InstrumentFault)] == [1]


def test_few_images_in_small_batches_are_watched(tiny: MakeImages) -> None:
    """Nine images in batches of two: the last piece is not one image alone, which BatchNorm at 1 × 1 cannot take."""
    events = list(train(recipe(Normalization(), batch_size=2), data=tiny(count=9, classes=3, size=4)))
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == "finished", events[-1].details
    assert len([event for event in events if isinstance(event, ModeAccuracy)]) == 2
    assert not any(isinstance(event, InstrumentFault) for event in events)


@pytest.mark.parametrize(
    "of",
    [
        recipe(Normalization(), batch_size=1),
        recipe(Normalization(), batch_size=8, drop_last=False),
        recipe(Normalization(), Accumulation(pieces=8), batch_size=8),
    ],
    ids=["batch", "last batch", "piece"],
)
def test_one_image_without_variance_is_refused_before_training(tiny: MakeImages, of: Recipe) -> None:
    data = tiny(count=9, classes=3, size=4)
    with pytest.raises(InputError, match=r"(?s)single pixel.*2 images or more"):
        list(train(of, data=data))
    larger = list(train(of, data=tiny(count=9, classes=3, size=24)))[-1]
    assert isinstance(larger, RunEnded)
    assert larger.outcome == "finished"
    without = list(train(of.without("normalization"), data=data))[-1]
    assert isinstance(without, RunEnded)
    assert without.outcome == "finished"


def test_a_live_change_that_cannot_be_trained_is_refused_and_the_run_goes_on(tiny: MakeImages) -> None:
    control, of, events = Control(), recipe(batch_size=1, epochs=1), []
    for event in train(of, data=tiny(count=9, classes=3, size=4), control=control):
        if isinstance(event, StepDone) and event.step == 2:
            control.change(of.switched(Normalization()))
        events.append(event)
    assert any("single pixel" in str(event.text) for event in events if isinstance(event, Note))
    assert not any(isinstance(event, RecipeChanged) for event in events)
    assert isinstance(events[-1], RunEnded)
    assert events[-1].outcome == "finished", events[-1].details


def test_images_that_fill_no_whole_batch_are_said_or_trained(tiny: MakeImages) -> None:
    data = tiny(count=62)
    kept = list(train(recipe(batch_size=32), data=data))
    said = [str(event.text) for event in kept if isinstance(event, Note)]
    assert any("30 of 62 images" in text and "drop_last" in text for text in said)
    whole = list(train(recipe(batch_size=32, drop_last=False), data=data))
    assert not any("of 62 images" in str(event.text) for event in whole if isinstance(event, Note))
    steps = [event for event in whole if isinstance(event, StepDone)]
    assert [step.images for step in steps] == [32, 30] * 2
    assert next(event for event in whole if isinstance(event, RunStarted)).steps_per_epoch == 2
    first, second = (event for event in kept if isinstance(event, StepDone)), steps
    assert next(first).loss == second[0].loss, "whole batches are the same"
    fitting = train(recipe(batch_size=31), data=data)
    assert not any("images out" in str(event.text) for event in fitting if isinstance(event, Note))


def test_a_preview_of_a_last_batch_is_the_training_of_it(tiny: MakeImages) -> None:
    data, of = tiny(count=62), recipe(batch_size=32, drop_last=False)
    ours = preview(of, data)
    theirs = next(event for event in train(of, data=data, instruments=(Samples(),)) if isinstance(event, SampleGrid))
    assert ours.steps_per_epoch == 2
    assert ours.samples is not None
    np.testing.assert_array_equal(ours.samples.before, theirs.before)


@pytest.mark.parametrize(
    ("network", "kind", "size", "refused"),
    [
        ({"kind": "mlp", "width": 4}, {"kind": "group", "groups": 4}, 16, True),
        ({"kind": "mlp", "width": 4}, {"kind": "group", "groups": 2}, 16, False),
        ({"kind": "vit", "width": 16, "depth": 1}, {"kind": "group", "groups": 64}, 16, True),
        ({"kind": "small_cnn", "width": 4}, {"kind": "instance"}, 8, True),
        ({"kind": "small_cnn", "width": 4}, {"kind": "instance"}, 9, False),
        ({"kind": "small_cnn", "width": 4}, {"kind": "group", "groups": 64}, 8, True),
        ({"kind": "small_cnn", "width": 4}, {"kind": "layer"}, 8, False),
    ],
)
def test_normalization_that_would_make_0_of_everything_is_refused(
    tiny: Callable[..., ImageData], network: dict[str, Any], kind: dict[str, Any], size: int, refused: bool
) -> None:
    recipe = Recipe().with_(network=network, batch_size=8, epochs=1, device="cpu", techniques={"normalization": kind})
    events = train(recipe, data=tiny(count=16, size=size), instruments=())
    if refused:
        with pytest.raises(InputError, match=r"always makes 0 of it.*Use fewer groups"):
            list(events)
    else:
        *_events, end = events
        assert isinstance(end, RunEnded)
        assert end.outcome == "finished"
