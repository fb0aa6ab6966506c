"""Experiments that ask which techniques matter: each switched off alone, each switched on alone, or both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from explorer.errors import InputError, said
from explorer.i18n import N_, Message
from explorer.recipe import Recipe
from explorer.runs.experiment import Arm, Experiment
from explorer.techniques import TECHNIQUES, clash
from explorer.titles import without

MODES = ("off", "on", "all")
BASELINE = Message("as it is")
MOST_COMBINED = 4
"""Techniques of which all combinations are made: 16 arms."""


@dataclass(frozen=True)
class LeftOut:
    """An arm that cannot be made, and why."""

    label: Message
    reason: Message


def ablation(recipe: Recipe, mode: str, seeds: int) -> tuple[Experiment, tuple[LeftOut, ...]]:
    """`recipe`, and by `mode` with each technique that is on switched off ("off"), with each that is off switched on
    ("on"), or both ("all"); and what had to be left out.
    """
    tried = [*(_off(recipe) if mode != "on" else ()), *(_on(recipe) if mode != "off" else ())]
    arms = [Arm(BASELINE, recipe), *(one for one in tried if isinstance(one, Arm))]
    return Experiment(Message("Ablation"), arms, seeds), tuple(one for one in tried if isinstance(one, LeftOut))


def combined(recipe: Recipe, names: tuple[str, ...], seeds: int) -> Experiment:
    """Every combination of these techniques on and off. Raises InputError."""
    if len(set(names)) != len(names) or not 1 < len(names) <= MOST_COMBINED:
        text = N_("Combinations are made of 2 to {most} different techniques, not of {n}.")
        raise InputError(Message(text, most=MOST_COMBINED, n=len(set(names))))
    return Experiment.of_values(recipe, dict.fromkeys(names, ("off", "on")), seeds)


def _off(recipe: Recipe) -> Iterator[Arm | LeftOut]:
    for technique in recipe.techniques:
        label = without(technique.title)
        rest = tuple(other for other in recipe.techniques if other is not technique)
        reasons = (clash(other, [one for one in rest if one is not other], recipe.network) for other in rest)
        reason = next(filter(None, reasons), None)
        yield LeftOut(label, reason) if reason else Arm(label, recipe.without(technique.name))


def _on(recipe: Recipe) -> Iterator[Arm | LeftOut]:
    for kind in TECHNIQUES:
        if recipe.technique(kind) is None:
            technique = kind()
            label = Message("with {technique}", technique=technique.words)
            if reason := clash(technique, recipe.techniques, recipe.network):
                yield LeftOut(label, reason)
                continue
            try:
                yield Arm(label, recipe.switched(technique))
            except InputError as error:
                yield LeftOut(label, said(error))
