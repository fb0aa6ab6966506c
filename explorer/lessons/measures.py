"""What is read off a run: one number, by a name that lessons, tests and hand-ins share."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from explorer.events import DIVERGED, EpochDone, Evaluation, ModeAccuracy
from explorer.i18n import N_, Message, _
from explorer.nearest import did_you_mean
from explorer.runs import RunRecord

At = Literal["last", "best", "first"]
METRICS = ("loss", "accuracy", "f1", "ece", "confidence", "mae")
SPLITS = ("train", "validation", "test")
LOWER_IS_BETTER = ("loss", "ece", "mae")

Of = Callable[[RunRecord, At], float]


def measure(name: str, record: RunRecord, at: At = "last") -> float:
    """The number `name` of a run that has ended; NaN where the run does not have it. Raises InputError, ValueError.

    A network that diverged answers as by guessing, with an infinite loss.
    """
    split, dot, metric = name.partition(".")
    if dot:
        return _metric(split, metric, record, at)
    kind, colon, argument = name.partition(":")
    return _recall(record, argument) if colon and kind == "recall" else OTHERS[name][0](record, at)


def known(name: str) -> str:
    """`name`, if there is such a measure. Raises ValueError."""
    split, dot, metric = name.partition(".")
    if (dot and split in SPLITS and metric in METRICS) or name in OTHERS or name.startswith("recall:"):
        return name
    names = [*(f"{split}.{metric}" for split in SPLITS for metric in METRICS), *OTHERS, "recall:CLASS"]
    what = Message("There is no measure {name!r}.", name=name)
    raise ValueError(Message.joined(what, did_you_mean(name, names, everything=True)))


def title(name: str) -> str:
    """What people call it, translated."""
    split, dot, metric = name.partition(".")
    if dot:
        return f"{_(METRIC_TITLES[metric])}, {_(SPLIT_TITLES[split])}"
    kind, colon, argument = name.partition(":")
    return _("share found of {name}").format(name=argument) if colon else _(OTHERS[kind][1])


METRIC_TITLES = {
    "loss": N_("loss"),
    "accuracy": N_("accuracy"),
    "f1": N_("macro F1"),
    "ece": N_("calibration error (ECE)"),
    "confidence": N_("mean confidence"),
    "mae": N_("mean absolute error in classes"),
}
SPLIT_TITLES = {"train": N_("training images"), "validation": N_("validation images"), "test": N_("test images")}


def _metric(split: str, metric: str, record: RunRecord, at: At) -> float:
    if record.ended and record.ended.outcome == DIVERGED:
        return _guessing(metric, record)
    if split == "test":
        return record.ended.test.get(metric, math.nan) if record.ended else math.nan
    epoch = _epoch(record, at)
    return math.nan if epoch is None else float(getattr(epoch, split).get(metric, math.nan))


def _guessing(metric: str, record: RunRecord) -> float:
    classes = len(record.started.classes) if record.started else 0
    if metric in LOWER_IS_BETTER or not classes:
        return math.inf
    return 1 / classes


def _epoch(record: RunRecord, at: At) -> EpochDone | None:
    """The last epoch, the first, or that with the lowest validation loss."""
    epochs = record.epochs
    if not epochs:
        return None
    if at == "best":
        return min(epochs, key=lambda epoch: epoch.validation["loss"])
    return epochs[0 if at == "first" else -1]


def _gap(record: RunRecord, at: At) -> float:
    if record.ended and record.ended.outcome == DIVERGED:
        return 0.0
    return _metric("train", "accuracy", record, at) - _metric("validation", "accuracy", record, at)


def _overconfidence(record: RunRecord, at: At) -> float:
    return _metric("validation", "confidence", record, at) - _metric("validation", "accuracy", record, at)


def _best_epoch(record: RunRecord, _at: At) -> float:
    found = _epoch(record, "best")
    return math.nan if found is None else float(found.epoch)


def _gradient_ratio(record: RunRecord, _at: At) -> float:
    """Of the root mean squares per weight, as log₁₀: the first convolution's over the last one's, at the first look."""
    if not record.series.norms or not len(record.series.norms[0].steps):
        return math.nan
    norms = record.series.norms[0]
    rms = dict(zip(norms.names, norms.quantity("before")[0] / np.sqrt(norms.sizes), strict=True))
    first, last = (next((n for n in names if "conv" in n), "") for names in (norms.names, norms.names[::-1]))
    if not first or rms[first] <= 0 or rms[last] <= 0:
        return math.nan
    return math.log10(rms[first] / rms[last])


def _mode_gap(record: RunRecord, _at: At) -> float:
    """Accuracy on the same images in evaluation mode less that in training mode, after the last epoch."""
    modes = record.latest(ModeAccuracy)
    return modes.eval_mode - modes.train_mode if modes else math.nan


def _selective(record: RunRecord, _at: At) -> float:
    seen = record.latest(Evaluation)
    return float(seen.selective[7]) if seen is not None and len(seen.selective) else math.nan


def _diverged(record: RunRecord, _at: At) -> float:
    return float(record.ended is not None and record.ended.outcome == DIVERGED)


def _recall(record: RunRecord, name: str) -> float:
    """Share of the validation images of a class that are found, after the last epoch."""
    seen = record.latest(Evaluation)
    if seen is None or record.started is None or name not in record.started.classes or not seen.confusion.size:
        return math.nan
    k = record.started.classes.index(name)
    return float(seen.confusion[k, k] / max(1, seen.confusion[k].sum()))


OTHERS: dict[str, tuple[Of, str]] = {
    "gap": (_gap, N_("accuracy on training images minus that on validation images")),
    "overconfidence": (_overconfidence, N_("mean confidence minus accuracy, validation images")),
    "best_epoch": (_best_epoch, N_("epoch of the lowest validation loss")),
    "gradient_ratio": (
        _gradient_ratio,
        N_("log₁₀ of the gradient per weight in the first over that in the last convolution, first step"),
    ),
    "mode_gap": (_mode_gap, N_("accuracy in evaluation mode minus that in training mode, training images")),
    "selective": (_selective, N_("accuracy on the surest 80 % of the validation images")),
    "diverged": (_diverged, N_("share of runs that diverged")),
}
