"""Dropout in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines
from explorer.techniques import Dropout


def fragments(dropout: Dropout, _situation: Situation) -> Fragments:
    shape = "x.shape[:2] + (1,) * (x.ndim - 2)" if dropout.kind == "channel" else "x.shape"
    what = "whole channels" if dropout.kind == "channel" else "elements"
    layer = lines(f'''
        class Dropout(nn.Module):
            """nn.Dropout of {what} that draws from a stream of its own."""

            def __init__(self, p):
                super().__init__()
                self.p = p

            def forward(self, x):
                if not self.training or self.p == 0:
                    return x
                keep = torch.empty({shape}, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p, generator=DROPS)
                return x * keep.div_(1 - self.p)
    ''')
    return Fragments(
        helpers=(layer,),
        drop="Dropout({p})",
        drops=tuple((place, dropout.p) for place in dropout.places),
        draws=True,
    )
