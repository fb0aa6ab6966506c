"""What a run is made from: the recipe, validated, in words, and what of it can change while a run goes on. No torch."""

from explorer.recipe.live import live, waits
from explorer.recipe.migrate import VERSION
from explorer.recipe.recipe import BY_NAME, CHOICES, Recipe, Techniques, build_technique, matches, parse
from explorer.recipe.words import apart_from_default, in_words

__all__ = [
    "BY_NAME",
    "CHOICES",
    "VERSION",
    "Recipe",
    "Techniques",
    "apart_from_default",
    "build_technique",
    "in_words",
    "live",
    "matches",
    "parse",
    "waits",
]
