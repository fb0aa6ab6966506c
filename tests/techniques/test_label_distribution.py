"""The bell curve over ordered classes, against a loop."""

from __future__ import annotations

import math

import pytest
import torch

from explorer.techniques import DataSpec, LabelDistribution

CLASSES = 9


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0, 3.0, 20.0])
def test_equals_the_naive_gaussian(sigma: float) -> None:
    soft = LabelDistribution(sigma=sigma).soften(torch.eye(CLASSES))
    for label in range(CLASSES):
        bell = [math.exp(-((k - label) ** 2) / (2 * sigma**2)) for k in range(CLASSES)]
        assert soft[label].tolist() == pytest.approx([value / sum(bell) for value in bell], abs=1e-6)
    torch.testing.assert_close(soft.sum(1), torch.ones(CLASSES))
    assert soft.argmax(1).tolist() == list(range(CLASSES))


def test_in_the_middle_mean_and_deviation_are_those_of_the_curve() -> None:
    k = torch.arange(41, dtype=torch.float32)
    row = LabelDistribution(sigma=2.0).soften(torch.eye(41))[20]
    assert (row @ k).item() == pytest.approx(20, abs=1e-4)
    assert (row @ (k - 20) ** 2).sqrt().item() == pytest.approx(2, abs=1e-3)


def test_mixed_targets_become_two_bells() -> None:
    technique, one, two = LabelDistribution(), torch.eye(CLASSES)[[2]], torch.eye(CLASSES)[[6]]
    mixed = technique.soften(0.3 * one + 0.7 * two)
    torch.testing.assert_close(mixed, 0.3 * technique.soften(one) + 0.7 * technique.soften(two))


def test_refuses_classes_without_an_order() -> None:
    assert "order" in str(LabelDistribution().refuse(DataSpec(classes=5, ordered=False)))
    assert not LabelDistribution().refuse(DataSpec(classes=5, ordered=True))
