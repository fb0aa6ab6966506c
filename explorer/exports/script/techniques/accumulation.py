"""Gradient accumulation in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines
from explorer.techniques import Accumulation


def fragments(accumulation: Accumulation, _situation: Situation) -> Fragments:
    return Fragments(
        backward=lines(f"""
            pieces, parts = min({accumulation.pieces}, len(x)), []
            for piece in range(pieces):
                rows = slice(piece * len(x) // pieces, (piece + 1) * len(x) // pieces)
                loss = loss_of(x[rows], targets[rows], *[piece] * bool(piece)) * (len(x[rows]) / len(x))
                loss.backward()
                parts.append(loss.detach())
            loss = torch.stack(parts).sum()
        """)
    )
