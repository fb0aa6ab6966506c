"""Dropout in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, dropping
from explorer.techniques import Dropout


def fragments(dropout: Dropout, _situation: Situation) -> Fragments:
    channels = dropout.kind == "channel"
    what, shape = ("whole channels", "x.shape[:2] + (1,) * (x.ndim - 2)") if channels else ("elements", "x.shape")
    return Fragments(
        helpers=(dropping("Dropout", f"nn.Dropout of {what} that draws from a stream of its own.", shape),),
        drop="Dropout({p})",
        drops=tuple((place, dropout.p) for place in dropout.places),
        draws=True,
    )
