"""Initialization in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation
from explorer.techniques import Activation, Initialization


def fragments(init: Initialization, situation: Situation) -> Fragments:
    if init.kind == "torch":
        return Fragments()
    act = situation.recipe.technique(Activation)
    slope = act.slope if act and act.kind in ("leaky_relu", "prelu") and "activation" in _blanks(situation) else 0.0
    fan = '"fan_in"'
    if init.fan == "fan_out":  # a classifier has few outputs
        fan = '"fan_out" if isinstance(layer, nn.Conv2d) else "fan_in"'
    call = {
        "he_normal": f'kaiming_normal_(layer.weight, {slope}, {fan}, "leaky_relu", generator=rng)',
        "he_uniform": f'kaiming_uniform_(layer.weight, {slope}, {fan}, "leaky_relu", generator=rng)',
        "xavier_normal": "xavier_normal_(layer.weight, generator=rng)",
        "xavier_uniform": "xavier_uniform_(layer.weight, generator=rng)",
        "orthogonal": "orthogonal_(layer.weight, gain=2**0.5, generator=rng)",
        "zeros": "zeros_(layer.weight)",
        "small": "normal_(layer.weight, std=0.001, generator=rng)",
        "large": "normal_(layer.weight, std=1.0, generator=rng)",
    }[init.kind]
    return Fragments(start=f"nn.init.{call}\nif layer.bias is not None:\n    nn.init.zeros_(layer.bias)")


def _blanks(situation: Situation) -> tuple[str, ...]:
    return situation.recipe.network.blanks
