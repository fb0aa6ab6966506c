"""Label distribution in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation, lines
from explorer.techniques import LabelDistribution


def fragments(distribution: LabelDistribution, _situation: Situation) -> Fragments:
    bell = lines(f'''
        def bell_curves(classes):
            """(classes, classes): for each class a bell curve over all of them."""
            k = torch.arange(classes, dtype=torch.float32, device=DEVICE)
            return torch.softmax(-((k[:, None] - k[None, :]) ** 2) / (2 * {distribution.sigma}**2), dim=1)
    ''')
    return Fragments(helpers=(bell,), targets="targets = targets @ bell_curves(classes)")
