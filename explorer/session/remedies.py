"""What the course would try after a run has diverged, as changes of the recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from explorer.i18n import _
from explorer.recipe import Recipe
from explorer.techniques import Activation, Clipping, Initialization, Normalization

TENTH = 0.1
SATURATING = ("sigmoid", "tanh")


@dataclass(frozen=True)
class Remedy:
    """One change. It is `done` where the recipe as it stands has it already, or has lost what it would mend."""

    key: str
    text: str
    """What it does, for a button, translated."""
    apply: Callable[[Recipe], Recipe]
    done: bool


def remedies(ran: Recipe, now: Recipe) -> tuple[Remedy, ...]:
    """Those that the run with the recipe `ran` had not tried, in the order in which the course would try them.

    `now` is the recipe that they would change. A lower rate always helps; clipping and normalization are offered where
    they were off; another initialization only where the start weights were the cause (σ = 1): the others, PyTorch's
    default among them, start with smaller signals than He's, not with larger ones (He et al. 2015, arXiv 1502.01852).
    """
    rate = float(f"{ran.rate * TENTH:.3g}")
    found = [
        Remedy(
            "lr",
            _("Learning rate {before:g} → {after:g}").format(before=ran.rate, after=rate),
            lambda recipe: recipe.with_(lr=rate),
            now.rate < ran.rate,
        )
    ]
    if ran.technique(Clipping) is None:
        found.append(
            Remedy(
                "clipping",
                _("Clip gradients"),
                lambda recipe: recipe.switched(Clipping()),
                now.technique(Clipping) is not None,
            )
        )
    if ran.technique(Normalization) is None:
        found.append(
            Remedy(
                "normalization",
                _("Switch normalization on"),
                lambda recipe: recipe.switched(Normalization()),
                now.technique(Normalization) is not None,
            )
        )
    if _too_large(ran):
        xavier = (activation := ran.technique(Activation)) is not None and activation.kind in SATURATING
        start = Initialization(kind="xavier_normal" if xavier else "he_normal")
        text = _("Xavier initialization") if xavier else _("He initialization")
        found.append(Remedy("initialization", text, lambda recipe: recipe.switched(start), not _too_large(now)))
    return tuple(found)


def _too_large(recipe: Recipe) -> bool:
    start = recipe.technique(Initialization)
    return start is not None and start.kind == "large"
