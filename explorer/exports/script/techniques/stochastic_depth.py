"""Stochastic depth in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines
from explorer.techniques import StochasticDepth


def fragments(depth: StochasticDepth, _situation: Situation) -> Fragments:
    rows, said = ("len(x)", "each image by itself") if depth.kind == "row" else ("1", "all images of a step")
    layer = lines(f'''
        class StochasticDepth(nn.Module):
            """Leaves a residual branch out with probability p, for {said}; in evaluation all are there."""

            def __init__(self, p):
                super().__init__()
                self.p = p

            def forward(self, x):
                if not self.training or self.p == 0:
                    return x
                shape = ({rows},) + (1,) * (x.ndim - 1)
                keep = torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p, generator=DROPS)
                return x * keep.div_(1 - self.p)
    ''')
    return Fragments(helpers=(layer,), branch="StochasticDepth({p})", branches=depth.p, draws=True)
