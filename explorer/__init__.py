"""Training Explorer: see the techniques that make deep learning train.

from explorer import Recipe, train
for event in train(Recipe(epochs=3)):
    print(event)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from explorer.processor import wait_briefly
from explorer.recipe import Recipe
from explorer.techniques import TECHNIQUES

if TYPE_CHECKING:
    from explorer.runs import open_run
    from explorer.training.loop import train
    from explorer.training.trained import load_network

__version__ = "0.1.0"
__all__ = ["TECHNIQUES", "Recipe", "load_network", "open_run", "train"]


wait_briefly(os.environ)  # before anybody loads torch


def __getattr__(name: str) -> Any:
    # torch takes a second to import; the window must be there before.
    if name == "train":
        from explorer.training.loop import train

        return train
    if name == "load_network":
        from explorer.training.trained import load_network

        return load_network
    if name == "open_run":
        from explorer.runs import open_run

        return open_run
    raise AttributeError(name)
