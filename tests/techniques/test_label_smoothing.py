"""Smoothed targets and their loss, against torch's CrossEntropyLoss(label_smoothing=ε)."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from explorer.techniques import LabelSmoothing
from explorer.training.metrics import soft_cross_entropy

CLASSES = 7


def logits_and_labels() -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(0)
    logits = (3 * torch.randn((20, CLASSES), generator=rng)).requires_grad_()
    return logits, torch.randint(CLASSES, (20,), generator=rng)


def entropy(targets: torch.Tensor) -> torch.Tensor:
    return -torch.special.xlogy(targets, targets).sum(1).mean()


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5])
def test_formula(epsilon: float) -> None:
    soft = LabelSmoothing(epsilon=epsilon).soften(torch.eye(CLASSES))
    for row in range(CLASSES):
        for column in range(CLASSES):
            q = (1 - epsilon) * (row == column) + epsilon / CLASSES
            assert soft[row, column].item() == pytest.approx(q, abs=1e-6)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5])
def test_gradient_equals_torchs_and_the_value_differs_by_the_entropy_of_the_targets(epsilon: float) -> None:
    logits, labels = logits_and_labels()
    targets = LabelSmoothing(epsilon=epsilon).soften(functional.one_hot(labels, CLASSES).float())
    ours = soft_cross_entropy(logits, targets)
    theirs = functional.cross_entropy(logits, labels, label_smoothing=epsilon)
    torch.testing.assert_close(theirs - ours, entropy(targets))
    torch.testing.assert_close(*(torch.autograd.grad(loss, logits)[0] for loss in (ours, theirs)))


def test_a_perfect_fit_has_loss_zero_at_finite_logits() -> None:
    targets = LabelSmoothing(epsilon=0.1).soften(torch.eye(CLASSES))
    assert soft_cross_entropy(targets.log(), targets).item() == pytest.approx(0, abs=1e-6)
    assert targets.log().isfinite().all()
