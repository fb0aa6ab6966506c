"""Transfer learning in the script; the start weights are a file beside it."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation
from explorer.techniques import Transfer
from explorer.techniques.transfer import NONE

START = 'torch.load(Path(path).with_name("start.pt"), map_location=DEVICE, weights_only=True)'


def fragments(transfer: Transfer, _situation: Situation) -> Fragments:
    """What freezes which layers is in freezing.py: layers can be frozen by name, too."""
    return Fragments(model=f"model.load_state_dict({START})" if transfer.weights != NONE else "")
