"""Class weights and balanced sampling against the formulas, and that equal classes change nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from explorer.data import ImageData, Split
from explorer.events import StepDone
from explorer.networks.small_cnn import SmallCNN
from explorer.recipe import Recipe
from explorer.techniques import ClassBalance, Technique
from explorer.training.batches import class_weights, order, take
from explorer.training.loop import train
from explorer.training.metrics import soft_cross_entropy

COUNTS = (60, 25, 10, 5)
LABELS = torch.repeat_interleave(torch.arange(4), torch.tensor(COUNTS))


def recipe(*techniques: Technique, **fields: Any) -> Recipe:
    return Recipe(
        **{
            "network": SmallCNN(width=4),
            "batch_size": 16,
            "epochs": 2,
            "lr": 0.05,
            "device": "cpu",
            "techniques": techniques,
            **fields,
        }
    )


def unequal(data: ImageData) -> ImageData:
    """Of the first class all training images, of the others fewer and fewer."""
    labels = data.training.labels
    kept = torch.cat([torch.nonzero(labels == k).flatten()[: max(2, 12 // (k + 1))] for k in range(len(data.classes))])
    return replace(data, training=Split(data.training.images[kept], labels[kept]))


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.999])
def test_weights_by_the_effective_number(beta: float) -> None:
    effective = [(1 - beta**n) / (1 - beta) for n in COUNTS]
    scale = sum(COUNTS) / sum(n / e for n, e in zip(COUNTS, effective, strict=True))
    weights = ClassBalance(by="effective", beta=beta).weigh(torch.tensor(COUNTS))
    torch.testing.assert_close(weights, torch.tensor([scale / e for e in effective]))


def test_inverse_lets_every_class_count_alike() -> None:
    weights = ClassBalance().weigh(torch.tensor(COUNTS))
    assert weights is not None
    torch.testing.assert_close(weights * torch.tensor(COUNTS), torch.full((4,), 25.0))
    assert (weights[LABELS]).mean().item() == pytest.approx(1)


def test_the_loss_is_that_of_torch_with_class_weights() -> None:
    """CrossEntropyLoss(weight, reduction="sum"), over the number of images."""
    rng = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(12, 4, generator=rng), torch.arange(12) % 4
    weights = ClassBalance().weigh(torch.tensor(COUNTS))
    assert weights is not None
    expected = torch.nn.functional.cross_entropy(logits, labels, weight=weights, reduction="sum") / 12
    torch.testing.assert_close(soft_cross_entropy(logits, torch.eye(4)[labels], weights[labels]), expected)


def test_a_batch_carries_the_weights_of_its_images(tiny: Callable[..., ImageData]) -> None:
    data = unequal(tiny(count=48, classes=4))
    taken = take(recipe(ClassBalance()), data, data.training, torch.arange(10), 0, torch.device("cpu"))
    weights = class_weights(recipe(ClassBalance()), data.training.labels, 4)
    assert weights is not None
    assert taken.batch.weights is not None
    torch.testing.assert_close(taken.batch.weights, weights[taken.labels])


@pytest.mark.parametrize("where", ["loss", "sampling"])
def test_equal_classes_change_nothing(where: str, tiny: Callable[..., ImageData]) -> None:
    data = tiny(count=32, classes=4)
    with_, without = (
        [event.loss for event in train(recipe(*on), data=data, instruments="none") if isinstance(event, StepDone)]
        for on in ((ClassBalance.model_validate({"where": where}),), ())
    )
    assert with_ == without


@pytest.mark.parametrize("where", ["loss", "sampling"])
def test_unequal_classes_train_another_network(where: str, tiny: Callable[..., ImageData]) -> None:
    data = unequal(tiny(count=48, classes=4))
    with_, without = (
        [event.loss for event in train(recipe(*on), data=data, instruments="none") if isinstance(event, StepDone)]
        for on in ((ClassBalance.model_validate({"where": where}),), ())
    )
    assert with_ != without
    assert len(with_) == len(without)  # an epoch is as long as before


def test_sampling_takes_every_class_alike_and_all_images_in_turn() -> None:
    sampling = recipe(ClassBalance(where="sampling"))
    seen = torch.zeros(100, dtype=torch.long)
    for epoch in range(40):
        drawn = order(sampling, LABELS, epoch)
        assert len(drawn) == 100
        assert LABELS[drawn].bincount().tolist() == [25, 25, 25, 25]
        times = drawn.bincount(minlength=100)
        for label in range(4):  # within a class no image comes twice as long as another has not come
            own = times[label == LABELS]
            assert own.max() - own.min() <= 1
        seen += times
        assert torch.equal(drawn, order(sampling, LABELS, epoch))
    assert seen.min() > 0
    assert not torch.equal(order(sampling, LABELS, 0), order(sampling, LABELS, 1))


def test_a_class_without_an_image_does_no_harm() -> None:
    for balance in (ClassBalance(), ClassBalance(by="effective")):
        weights = balance.weigh(torch.tensor((4, 0, 2)))
        assert weights is not None
        assert weights[1] == 0
        assert torch.isfinite(weights).all()
    labels = torch.tensor((0, 0, 0, 0, 2, 2))
    drawn = order(recipe(ClassBalance(where="sampling")), labels, 0)
    assert labels[drawn].bincount(minlength=3).tolist() == [3, 0, 3]
