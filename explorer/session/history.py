"""The recipe that is edited, and those that it was before."""

from __future__ import annotations

from explorer.recipe import Recipe

MOST = 500


class History:
    """Recipes one after the other, and the place at which somebody stands."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipes, self._place = [recipe], 0

    @property
    def recipe(self) -> Recipe:
        """The one that is shown."""
        return self._recipes[self._place]

    def change(self, recipe: Recipe) -> None:
        """Take `recipe`; those that were taken back are forgotten."""
        if recipe != self.recipe:
            self._recipes = [*self._recipes[: self._place + 1], recipe][-MOST:]
            self._place = len(self._recipes) - 1

    def undo(self) -> None:
        """Go back to the recipe before."""
        self._place = max(0, self._place - 1)

    def redo(self) -> None:
        """Go forward again."""
        self._place = min(len(self._recipes) - 1, self._place + 1)

    @property
    def can_undo(self) -> bool:
        """Whether there is a recipe before."""
        return self._place > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is one to go forward to."""
        return self._place < len(self._recipes) - 1
