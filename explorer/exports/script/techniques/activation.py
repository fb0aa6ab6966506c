"""Activation in the script."""

from __future__ import annotations

from explorer.exports.script.base import Fragments, Situation
from explorer.techniques import Activation


def fragments(activation: Activation, _situation: Situation) -> Fragments:
    return Fragments(
        activation={
            "relu": "nn.ReLU()",
            "leaky_relu": f"nn.LeakyReLU({activation.slope})",
            "prelu": f"nn.PReLU(init={activation.slope})",
            "elu": f"nn.ELU({activation.alpha})",
            "gelu": "nn.GELU()",
            "silu": "nn.SiLU()",
            "sigmoid": "nn.Sigmoid()",
            "tanh": "nn.Tanh()",
        }[activation.kind]
    )
