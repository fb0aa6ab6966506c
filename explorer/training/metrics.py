"""What is measured on a set of images: loss, accuracy, macro F1, calibration, and the mean absolute error of order."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.data import Split

BINS = 15
CHUNK = 500


def soft_cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean Kullback–Leibler divergence from `targets` to softmax(`logits`), both (B, classes); a scalar in nats.

    With one-hot targets it is cross-entropy. With soft ones it is cross-entropy less the entropy of the targets: the
    same gradient, and 0 still means a perfect fit, so curves with and without softening can be compared. `weights`
    (B,): how much each image counts.
    """
    likely = functional.log_softmax(logits.float(), dim=1)
    if weights is None:
        return functional.kl_div(likely, targets, reduction="batchmean")
    return (functional.kl_div(likely, targets, reduction="none").sum(dim=1) * weights).mean()


@torch.no_grad()
def cross_entropy(logits: Tensor, labels: Tensor, counted: Tensor | None = None) -> Tensor:
    """Mean cross-entropy of logits (B, classes) with the true labels (B,), in nats, a scalar that needs no gradient.

    Over the images that are `counted` (B,), all without it; NaN if none is.
    """
    each = functional.cross_entropy(logits.float(), labels, reduction="none")
    return each.mean() if counted is None else each.where(counted, 0.0).sum() / counted.sum()


@torch.no_grad()
def predict(
    model: nn.Module,
    images: Tensor,
    *,
    training: bool = False,
    bf16: bool = False,
    chunk: int = CHUNK,
    features: Tensor | None = None,
) -> Tensor:
    """Logits float32 (N, classes) of uint8 `images` (N, C, H, W), in evaluation or `training` mode.

    With `features` (N, D), what the model's body makes of these images, only its head runs.
    The mode of every layer is put back after. Running statistics are not: a pass in training mode moves them. A model
    that is in training mode keeps the modes of its layers there, as frozen ones are in evaluation mode.
    """
    modes = [(layer, layer.training) for layer in model.modules()]
    if training != model.training:
        model.train(training)
    try:
        with torch.autocast(images.device.type, torch.bfloat16, enabled=bf16):
            # Parts of equal size: where statistics of the batch count, a small rest would have poor ones, and one image
            # alone none at all.
            n = len(images)
            count = min(-(-n // chunk), max(1, n // 2)) if training else -(-n // chunk)
            parts = torch.tensor_split(images if features is None else features, count)
            answers = (model(to_float(part)) if features is None else model.head(part) for part in parts)  # type: ignore[operator]
            return torch.cat([answer.float() for answer in answers])
    finally:
        for layer, mode in modes:
            layer.training = mode


def to_float(images: Tensor) -> Tensor:
    """uint8 (B, C, H, W) → float32 in [0, 1], channels last (the layout in which convolutions are fast)."""
    return images.to(torch.float32, memory_format=torch.channels_last).div_(255)


def evaluate(model: nn.Module, split: Split, ordered: bool, bf16: bool = False) -> dict[str, float]:
    """Metrics of `model` on `split`, in evaluation mode; the mode is put back after."""
    return measure(predict(model, split.images, bf16=bf16), split.labels, ordered)


def measure(logits: Tensor, labels: Tensor, ordered: bool) -> dict[str, float]:
    """Metrics of logits (N, classes) against labels (N,).

    loss: cross-entropy with the true labels, nats. accuracy, f1 (mean over the classes that occur, in labels or
    predictions), confidence (mean of the highest probability): in [0, 1]. ece: expected calibration error, 15 equal
    bins (Guo et al. 2017, arXiv 1706.04599). mae, if `ordered`: mean |Σ k·p(k) − label|, in classes.
    """
    classes = logits.shape[1]
    p = logits.softmax(dim=1)
    confidence, prediction = p.max(dim=1)
    right = (prediction == labels).float()
    confusion = torch.bincount(labels * classes + prediction, minlength=classes**2).view(classes, classes).float()
    hits, occurs = confusion.diagonal(), confusion.sum(0) + confusion.sum(1)
    f1 = (2 * hits / occurs.clamp(min=1))[occurs > 0].mean()

    bins = (confidence * BINS).ceil().long().clamp(1, BINS) - 1
    gap = torch.zeros(BINS, device=p.device).index_add_(0, bins, confidence - right)
    values = {
        "loss": functional.cross_entropy(logits, labels),
        "accuracy": right.mean(),
        "f1": f1,
        "ece": gap.abs().sum() / len(labels),
        "confidence": confidence.mean(),
    }
    if ordered:
        k = torch.arange(classes, dtype=p.dtype, device=p.device)
        values["mae"] = (p @ k - labels).abs().mean()
    names = list(values)
    return dict(zip(names, torch.stack([values[name] for name in names]).tolist(), strict=True))
