"""How the network answers on the validation images: confusions, calibration, the worst mistakes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from explorer.events import Bytes, Evaluation, Event
from explorer.training.instruments.base import Instrument, StepContext
from explorer.training.metrics import BINS

MISTAKES = 12
MOST_CLASSES = 100
"""With more, the confusion matrix is left out: nobody can read it, and it grows with the square."""
LONGEST = 112
"""Pixels; larger pictures are shrunk, so that an epoch adds at most half a megabyte to the run."""


class Evaluations(Instrument):
    """Reads off the metrics' own pass over the validation images; the bins of confidence are those of the ECE."""

    name = "evaluation"

    def after_epoch(self, context: StepContext) -> Iterable[Event]:
        assert context.validation_logits is not None
        labels, logits = context.validation.labels, context.validation_logits
        confidence, answers = logits.softmax(dim=1).max(dim=1)
        right = answers == labels
        wrong = torch.nonzero(~right)[:, 0]
        worst = wrong[confidence[wrong].argsort(descending=True, stable=True)[:MISTAKES]]
        return [
            Evaluation(
                epoch=context.epoch,
                confusion=confusion(labels, answers, logits.shape[1]).cpu().numpy(),
                bins=reliability(confidence, right).cpu().numpy(),
                images=shrunk(context.validation.images[worst]),
                labels=labels[worst].cpu().numpy(),
                answers=answers[worst].cpu().numpy(),
                confidence=confidence[worst].cpu().numpy(),
                selective=selective(confidence, right).cpu().numpy(),
            )
        ]


def confusion(labels: Tensor, answers: Tensor, classes: int) -> Tensor:
    """(classes, classes): how many images of each class (row) got each answer (column); (0, 0) if there are too many.

    `labels` and `answers` are int64 (N,).
    """
    if classes > MOST_CLASSES:
        return labels.new_zeros((0, 0))
    return torch.bincount(labels * classes + answers, minlength=classes**2).view(classes, classes)


def reliability(confidence: Tensor, right: Tensor) -> Tensor:
    """(15, 3): of each of 15 equal ranges of confidence the images, their mean confidence, the share that is right.

    `confidence` float32 (N,), `right` bool (N,).
    """
    bins = (confidence * BINS).ceil().long().clamp(1, BINS) - 1
    columns = torch.stack([torch.ones_like(confidence), confidence, right.float()], dim=1)
    sums = torch.zeros((BINS, 3), device=confidence.device).index_add_(0, bins, columns)
    return torch.cat([sums[:, :1], sums[:, 1:] / sums[:, :1].clamp(min=1)], dim=1)


def selective(confidence: Tensor, right: Tensor) -> Tensor:
    """(10,): the share that is right of the surest 10 %, 20 %, … 100 % of the images, as if the rest were not answered.

    `confidence` float32 (N,), `right` bool (N,).
    """
    surest = right[confidence.argsort(descending=True, stable=True)].float()
    counts = torch.ceil(torch.arange(1, 11, device=right.device) * len(right) / 10).long().clamp(1)
    return surest.cumsum(0)[counts - 1] / counts


def shrunk(images: Tensor) -> Bytes:
    """uint8 (n, C, H, W), averaged over squares so that neither side is longer than LONGEST."""
    factor = -(-max(images.shape[-2:]) // LONGEST)
    if factor > 1 and len(images):
        images = functional.avg_pool2d(images.float(), factor, ceil_mode=True).round().to(torch.uint8)
    pixels: Bytes = np.ascontiguousarray(images.cpu().numpy())
    return pixels
