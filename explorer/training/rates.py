"""The learning rate of a step: what the run sets, the preview plans and the panel draws over it. Needs no torch."""

from __future__ import annotations

import math

from explorer.recipe import Recipe
from explorer.techniques import Moment


def learning_rate(recipe: Recipe, moment: Moment) -> float:
    """Of the step that follows `moment`, for a layer with factor 1."""
    return recipe.rate * math.prod(technique.lr_scale(moment) for technique in recipe.techniques)
