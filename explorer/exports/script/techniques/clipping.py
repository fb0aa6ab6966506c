"""Gradient clipping in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation
from explorer.techniques import Clipping


def fragments(clipping: Clipping, _situation: Situation) -> Fragments:
    kind = {"norm": "clip_grad_norm_", "value": "clip_grad_value_"}[clipping.kind]
    return Fragments(gradients=f"nn.utils.{kind}(model.parameters(), {clipping.threshold})")
