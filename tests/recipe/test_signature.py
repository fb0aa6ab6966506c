"""Panels and previews ask a recipe by aspect whether what they show would be another one."""

from __future__ import annotations

import inspect

import pytest

from explorer.recipe import Recipe
from explorer.recipe.recipe import FIELDS_OF
from explorer.techniques import (
    ASPECTS,
    TECHNIQUES,
    Aspect,
    Augmentation,
    Clipping,
    Dropout,
    Initialization,
    LabelSmoothing,
    Mixing,
    Schedule,
    Technique,
    Transfer,
)

EVERY = set(Aspect)
SEEN = {Aspect.IMAGES, Aspect.SIGNAL}
SHOWN_NOWHERE = {"save_seconds", "version", "device", "threads", "techniques", "weight_decay", "optimizer", "lr"}
"""Fields that no preview shows; `lr` and the optimizer act through `rate`."""


def changed(before: Recipe, after: Recipe) -> set[Aspect]:
    return {aspect for aspect in Aspect if before.signature(aspect) != after.signature(aspect)}


@pytest.mark.parametrize(
    ("after", "aspects"),
    [
        (Recipe(), set()),
        (Recipe(lr=0.123), {Aspect.RATE}),
        (Recipe().switched(Schedule(kind="step")), {Aspect.RATE}),
        (Recipe().switched(LabelSmoothing(epsilon=0.3)), {Aspect.TARGETS, Aspect.SIGNAL}),
        (Recipe().switched(Augmentation(rotation=33)), SEEN),
        (Recipe().switched(Mixing()), SEEN),
        (Recipe().switched(Dropout()), {Aspect.LAYERS, Aspect.SIGNAL}),
        (Recipe().switched(Initialization(kind="zeros")), {Aspect.SIGNAL}),
        (Recipe().switched(Clipping()), set()),
        (Recipe(weight_decay=0.01), set()),
        (Recipe(seed=5), SEEN),
        (Recipe(epochs=3), {Aspect.RATE}),
        (Recipe(data="gauges"), EVERY),
    ],
)
def test_a_change_touches_what_it_decides(after: Recipe, aspects: set[Aspect]) -> None:
    assert changed(Recipe(), after) == aspects


def test_a_rate_that_is_left_open_follows_what_it_depends_on() -> None:
    assert Aspect.RATE in changed(Recipe(), Recipe(optimizer="adamw"))
    assert Aspect.RATE in changed(Recipe(), Recipe().switched(Transfer()))


def test_every_slot_that_a_technique_overrides_belongs_somewhere() -> None:
    slots = {
        name
        for name, member in vars(Technique).items()
        if inspect.isfunction(member) and any(kind.acts_in(name) for kind in TECHNIQUES)
    }
    helpers = {"refuse", "lacks", "refuse_network", "refuse_length", "comparison", "fetch", "smallest_pass", "__str__"}
    assert {slot for slot in slots if not slot.startswith("_")} - helpers <= set(ASPECTS)
    assert all(callable(getattr(Technique, slot)) for slot in ASPECTS)


def test_every_field_decides_something_or_is_shown_nowhere() -> None:
    named = {name for names in FIELDS_OF.values() for name in names} - {"rate"}
    assert named | SHOWN_NOWHERE == set(Recipe.model_fields)
    assert not named & SHOWN_NOWHERE
