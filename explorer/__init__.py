"""Training Explorer: see the techniques that make deep learning train.

from explorer import Recipe, train
for event in train(Recipe(epochs=3)):
    print(event)
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from explorer.processor import wait_briefly

if TYPE_CHECKING:
    from explorer.recipe import Recipe
    from explorer.runs import open_run
    from explorer.techniques import TECHNIQUES
    from explorer.training.loop import train
    from explorer.training.trained import load_network

__version__ = "0.1.0"
__all__ = ["TECHNIQUES", "Recipe", "load_network", "open_run", "train"]


wait_briefly(os.environ)  # before anybody loads torch


_PLACES = {
    "TECHNIQUES": "explorer.techniques",
    "Recipe": "explorer.recipe",
    "load_network": "explorer.training.trained",
    "open_run": "explorer.runs",
    "train": "explorer.training.loop",
}


def __getattr__(name: str) -> Any:
    # torch takes a second to import; the window must be there before.
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(import_module(_PLACES[name]), name)
