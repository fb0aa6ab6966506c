"""Stochastic depth in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, dropping
from explorer.techniques import StochasticDepth


def fragments(depth: StochasticDepth, _situation: Situation) -> Fragments:
    rows, which = ("len(x)", "each image by itself") if depth.kind == "row" else ("1", "all images of a step")
    said = f"Leaves a residual branch out with probability p, for {which}; in evaluation all are there."
    layer = dropping("StochasticDepth", said, f"({rows},) + (1,) * (x.ndim - 1)")
    return Fragments(helpers=(layer,), branch="StochasticDepth({p})", branches=depth.p, draws=True)
