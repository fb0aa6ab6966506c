"""Normalization in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation
from explorer.techniques import Normalization, Transfer


def fragments(norm: Normalization, situation: Situation) -> Fragments:
    off = "" if norm.affine else ", affine=False"
    if norm.kind == "batch":
        momentum = f", momentum={norm.momentum}" if norm.momentum != 0.1 else ""
        eps = f", eps={norm.eps}" if norm.eps != 1e-5 else ""
        track = "" if norm.track_running_stats else ", track_running_stats=False"
        return Fragments(norm=f"nn.BatchNorm2d({{c}}{eps}{momentum}{off}{track})")
    groups = {"layer": "1", "instance": "{c}", "group": f"math.gcd({norm.groups}, {{c}})"}[norm.kind]
    freezes = bool(situation.recipe.frozen) or situation.recipe.technique(Transfer) is not None
    kind = "GroupNorm" if freezes else "nn.GroupNorm"
    return Fragments(norm=f"{kind}({groups}, {{c}}, {norm.eps}{off})", helpers=(CONTIGUOUS,) if freezes else ())


CONTIGUOUS = '''class GroupNorm(nn.GroupNorm):
    """Above frozen layers on images as they lie in memory: in channels_last, backward of torch 2.13 crashes there."""

    def forward(self, x):
        return super().forward(x if x.requires_grad or not torch.is_grad_enabled() else x.contiguous())'''
