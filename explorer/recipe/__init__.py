"""What a run is made from: the recipe, validated, in words, and what of it can change while a run goes on. No torch."""

from explorer.recipe.recipe import (
    BY_NAME,
    VERSION,
    Recipe,
    Techniques,
    build_technique,
    changes,
    did_you_mean,
    live,
    matches,
    parse,
)
from explorer.recipe.words import in_words

__all__ = [
    "BY_NAME",
    "VERSION",
    "Recipe",
    "Techniques",
    "build_technique",
    "changes",
    "did_you_mean",
    "in_words",
    "live",
    "matches",
    "parse",
]
