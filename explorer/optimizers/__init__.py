"""How weights follow their gradients: optimizers, each declared once in a file of its own. torch is imported late."""

from __future__ import annotations

from explorer.optimizers.adamw import AdamW
from explorer.optimizers.base import Optimizer, ParameterGroup
from explorer.optimizers.muon import Muon
from explorer.optimizers.sgd import SGD

OPTIMIZERS: tuple[type[Optimizer], ...] = (SGD, AdamW, Muon)

__all__ = ["OPTIMIZERS", "SGD", "AdamW", "Muon", "Optimizer", "ParameterGroup"]
