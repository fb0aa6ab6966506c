"""Batch normalization in frozen layers of the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation
from explorer.techniques import FrozenNormalization


def fragments(_policy: FrozenNormalization, _situation: Situation) -> Fragments:
    """What it decides stands in freezing.py, with what freezes which layers."""
    return Fragments()
