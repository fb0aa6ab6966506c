"""Metrics against scikit-learn and against loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn import metrics as reference
from torch import nn

from explorer.data import Split
from explorer.training.metrics import BINS, evaluate, measure, soft_cross_entropy

CLASSES = 6


def predictions(count: int = 400, sharp: float = 1.5, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (count,), generator=rng)
    logits = sharp * (torch.randn((count, CLASSES), generator=rng) + 1.2 * torch.eye(CLASSES)[labels])
    return logits, labels


def probabilities(logits: torch.Tensor) -> np.ndarray:
    exponents = np.exp(logits.double().numpy())
    return exponents / exponents.sum(1, keepdims=True)


@pytest.mark.parametrize("seed", range(3))
def test_accuracy_f1_and_loss(seed: int) -> None:
    logits, labels = predictions(seed=seed)
    values, guess = measure(logits, labels, ordered=False), logits.argmax(1)
    assert values["accuracy"] == pytest.approx(reference.accuracy_score(labels, guess))
    assert values["f1"] == pytest.approx(reference.f1_score(labels, guess, average="macro"), rel=1e-5)
    expected = reference.log_loss(labels, probabilities(logits), labels=range(CLASSES))
    assert values["loss"] == pytest.approx(expected, rel=1e-5)
    assert values["confidence"] == pytest.approx(probabilities(logits).max(1).mean(), rel=1e-5)


def test_f1_with_classes_that_do_not_occur() -> None:
    logits = torch.eye(CLASSES)[[0, 0, 1, 2, 2, 2]]
    labels = torch.tensor([0, 1, 1, 2, 2, 0])
    expected = reference.f1_score(labels, logits.argmax(1), average="macro")
    assert measure(logits, labels, ordered=False)["f1"] == pytest.approx(expected)


@pytest.mark.parametrize("sharp", [0.3, 1.5, 10.0])
def test_ece_equals_the_naive_one(sharp: float) -> None:
    logits, labels = predictions(sharp=sharp)
    p = probabilities(logits)
    confidence, right = p.max(1), p.argmax(1) == labels.numpy()
    expected = 0.0
    for bin_ in range(BINS):
        inside = [i for i, c in enumerate(confidence) if bin_ / BINS < c <= (bin_ + 1) / BINS]
        if inside:
            gap = sum(confidence[i] for i in inside) / len(inside) - sum(right[i] for i in inside) / len(inside)
            expected += len(inside) / len(labels) * abs(gap)
    assert measure(logits, labels, ordered=False)["ece"] == pytest.approx(expected, abs=1e-5)


def test_mae_of_the_expected_class() -> None:
    logits, labels = predictions()
    expected = np.mean(
        [abs(p @ np.arange(CLASSES) - k) for p, k in zip(probabilities(logits), labels.tolist(), strict=True)]
    )
    assert measure(logits, labels, ordered=True)["mae"] == pytest.approx(expected, rel=1e-5)
    assert "mae" not in measure(logits, labels, ordered=False)


def test_divergence_is_kullback_leibler_also_where_targets_are_zero() -> None:
    logits, labels = predictions(20)
    targets = 0.5 * torch.eye(CLASSES)[labels] + 0.5 * torch.eye(CLASSES)[(labels + 1) % CLASSES]
    q, p = targets.double().numpy(), probabilities(logits)
    naive = [
        sum(a * math.log(a / b) for a, b in zip(one, two, strict=True) if a > 0) for one, two in zip(q, p, strict=True)
    ]
    assert soft_cross_entropy(logits, targets).item() == pytest.approx(np.mean(naive), rel=1e-5)


@pytest.mark.parametrize("count", [1, 37, 500, 501, 1003])
def test_evaluation_sees_every_image_once_and_puts_the_mode_back(count: int) -> None:
    rng = torch.Generator().manual_seed(count)
    images = torch.randint(256, (count, 1, 8, 8), generator=rng, dtype=torch.uint8)
    labels = torch.randint(3, (count,), generator=rng)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 3)).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    values = evaluate(model, Split(images, labels), ordered=False)
    assert model.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    with torch.no_grad():
        expected = measure(model.eval()(images.float() / 255), labels, ordered=False)
    assert values == pytest.approx(expected, abs=1e-5)
