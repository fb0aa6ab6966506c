"""What each technique adds to the script, a file each. Adding a technique: its file, and its line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explorer.exports.script.base import Fragments, Situation
from explorer.exports.script.techniques import (
    accumulation,
    activation,
    augmentation,
    class_balance,
    clipping,
    distillation,
    dropout,
    early_stopping,
    frozen_norm,
    initialization,
    label_distribution,
    label_smoothing,
    mixing,
    normalization,
    sam,
    schedule,
    skip,
    stochastic_depth,
    transfer,
    weight_averaging,
    weight_standardization,
)

FRAGMENTS: dict[str, Callable[[Any, Situation], Fragments]] = {
    "augmentation": augmentation.fragments,
    "label_distribution": label_distribution.fragments,
    "label_smoothing": label_smoothing.fragments,
    "mixing": mixing.fragments,
    "class_balance": class_balance.fragments,
    "dropout": dropout.fragments,
    "stochastic_depth": stochastic_depth.fragments,
    "sam": sam.fragments,
    "early_stopping": early_stopping.fragments,
    "normalization": normalization.fragments,
    "weight_standardization": weight_standardization.fragments,
    "initialization": initialization.fragments,
    "activation": activation.fragments,
    "skip": skip.fragments,
    "clipping": clipping.fragments,
    "accumulation": accumulation.fragments,
    "schedule": schedule.fragments,
    "weight_averaging": weight_averaging.fragments,
    "transfer": transfer.fragments,
    "frozen_norm": frozen_norm.fragments,
    "distillation": distillation.fragments,
}
"""By the name of the technique; tests/exports/test_script.py says which one lacks."""
