"""What a step says of its loss: what was optimised, and the cross-entropy with true labels, which can be compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from explorer.data import ImageData
from explorer.events import StepDone, decode, encode
from explorer.recipe import Recipe
from explorer.runs.record import RunRecord
from explorer.techniques import LabelSmoothing, Mixing, Technique
from explorer.training.loop import train
from explorer.training.metrics import cross_entropy

MakeImages = Callable[..., ImageData]


def said(data: ImageData, *techniques: Technique) -> list[StepDone]:
    values: dict[str, Any] = {"width": 4, "batch_size": 16, "epochs": 1, "lr": 0.01, "device": "cpu"}
    events = list(train(Recipe(**values, techniques=techniques), data=data, instruments="none"))
    return [event for event in events if isinstance(event, StepDone)]


def test_with_hard_targets_both_are_one(tiny: MakeImages) -> None:
    for step in said(tiny()):
        assert step.cross_entropy == pytest.approx(step.loss, rel=1e-5)


def test_with_softened_targets_the_cross_entropy_is_that_of_the_same_run_s_start(tiny: MakeImages) -> None:
    data = tiny()
    hard, soft = said(data)[0], said(data, LabelSmoothing(epsilon=0.2))[0]
    assert soft.cross_entropy == pytest.approx(hard.loss, rel=1e-5)
    assert soft.loss < hard.loss - 0.3  # less by the entropy of the targets: never to be drawn on one axis


def test_mixed_images_have_no_true_label(tiny: MakeImages) -> None:
    few, many = (said(tiny(classes=classes), Mixing(probability=1.0, alpha=1.0)) for classes in (2, 64))
    assert all(step.cross_entropy is not None for step in few)  # two images of one class show that class alone
    assert any(step.cross_entropy is None for step in many)


def test_only_what_counts_is_averaged() -> None:
    logits, labels = torch.tensor([[2.0, 0.0], [0.0, 3.0]]), torch.tensor([0, 0])
    alone = cross_entropy(logits, labels, torch.tensor([True, False]))
    assert alone == pytest.approx(float(cross_entropy(logits[:1], labels[:1])))
    assert cross_entropy(logits, labels, torch.tensor([False, False])).isnan()


def test_a_run_of_an_earlier_version_opens_without_it() -> None:
    old = StepDone(step=1, epoch=0, loss=2.0, lr=(0.1,), seconds=0.1, images=8)
    new = StepDone(step=2, epoch=0, loss=2.0, lr=(0.1,), seconds=0.1, images=8, cross_entropy=1.5)
    record = RunRecord.of([decode(encode(event)) for event in (old, new)])
    assert record.series.steps.cross_entropies.tolist()[1] == 1.5
    assert record.series.steps.cross_entropies.tolist()[0] != record.series.steps.cross_entropies.tolist()[0]
