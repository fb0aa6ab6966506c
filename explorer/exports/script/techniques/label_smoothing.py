"""Label smoothing in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation
from explorer.techniques import LabelSmoothing


def fragments(smoothing: LabelSmoothing, _situation: Situation) -> Fragments:
    return Fragments(targets=f"targets = targets * (1 - {smoothing.epsilon}) + {smoothing.epsilon} / classes")
