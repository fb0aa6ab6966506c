"""A comparison: arms × seeds. It says which run comes next, in terminal and window, and gathers how each ended.

Which run of which comparison a run is, is kept in its folder, in run.json; so a comparison can be opened again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from explorer import files
from explorer.errors import InputError
from explorer.events import STOPPED, RunEnded
from explorer.i18n import _, language
from explorer.recipe import BY_NAME, Recipe, build_technique
from explorer.techniques import Technique

PLACE = "run.json"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which run of which comparison it is."""

    experiment: str
    """The same for all its runs, and for no other."""
    technique: str
    """What is compared, by its name."""
    parameters: dict[str, Any]
    """Of that technique, as in a recipe."""
    arm: int
    """Counted from 0."""
    label: str
    """Of the arm, as it was called when it began."""
    seed: int
    """Of the recipe."""
    seeds: int = 1
    """How many there are for each arm."""

    @property
    def title(self) -> str:
        """What is compared, in the language now in use."""
        return _(BY_NAME[self.technique].title) if self.technique in BY_NAME else self.technique

    @property
    def said(self) -> str:
        """The arm, and where there are several for each arm the seed, in the language now in use."""
        parameters = msgspec.json.encode(self.parameters)
        labels = _labels(self.technique, parameters, language())
        label = labels[self.arm] if self.arm < len(labels) else self.label
        return label if self.seeds == 1 else _("{arm}, seed {seed}").format(arm=label, seed=self.seed)


@dataclass(frozen=True)
class Planned:
    """A run still to be made."""

    recipe: Recipe
    place: Place


@dataclass
class Result:
    """How a run of the comparison ended."""

    place: Place
    ended: RunEnded


class Experiment:
    """What `technique` does to `recipe`: each of its arms with each of so many `seeds`, the recipe's own first.

    Raises InputError if an arm cannot be made. All arms of one seed come before the next one, so that whoever stops
    early has whole comparisons.
    """

    def __init__(self, technique: Technique, recipe: Recipe, seeds: int = 1) -> None:
        name, parameters = uuid.uuid4().hex[:12], technique.model_dump(mode="json")
        self.technique = technique
        self.runs = tuple(
            Planned(
                arm.with_(seed=seed),
                Place(
                    experiment=name,
                    technique=technique.name,
                    parameters=parameters,
                    arm=number,
                    label=label,
                    seed=seed,
                    seeds=seeds,
                ),
            )
            for seed in range(recipe.seed, recipe.seed + seeds)
            for number, (label, arm) in enumerate(technique.comparison(recipe))
        )
        self.results: list[Result] = []

    def next(self) -> Planned | None:
        """The run that comes next. None when all are done, or one was stopped: any other end is a result like all."""
        if self.results and self.results[-1].ended.outcome == STOPPED:
            return None
        return self.runs[len(self.results)] if len(self.results) < len(self.runs) else None

    def ended(self, how: RunEnded) -> None:
        """The run that came next has ended."""
        self.results.append(Result(self.runs[len(self.results)].place, how))

    def arms(self) -> Iterator[tuple[str, list[RunEnded]]]:
        """Each arm that has ended with some seed: its label, and how it ended with each."""
        for number in dict.fromkeys(result.place.arm for result in self.results):
            own = [result for result in self.results if result.place.arm == number]
            yield msgspec.structs.replace(own[0].place, seeds=1).said, [result.ended for result in own]

    def __str__(self) -> str:
        """Which run goes on, or comes next."""
        n = min(len(self.results) + 1, len(self.runs))
        return _("Comparison, run {n} of {total}: {label}").format(
            n=n, total=len(self.runs), label=self.runs[n - 1].place.said
        )


def spread(values: list[float]) -> tuple[float, float]:
    """Mean, and standard deviation between runs (n − 1; NaN for a single one)."""
    found = np.array(values, np.float64)
    return float(found.mean()), float(found.std(ddof=1)) if len(found) > 1 else float("nan")


def keep_place(folder: Path, place: Place) -> None:
    """Write `place` into the folder of its run."""
    files.write(folder / PLACE, msgspec.json.format(msgspec.json.encode(place), indent=2) + b"\n")


def kept_place(folder: Path) -> Place | None:
    """Which run of which comparison the one in `folder` is; None if it stands for itself, or that cannot be read."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((folder / PLACE).read_bytes(), type=Place)
    return None


@lru_cache(maxsize=256)
def _labels(name: str, parameters: bytes, _language: str) -> tuple[str, ...]:
    """What this version calls the arms; empty if it does not know the technique, or not so."""
    with suppress(InputError):
        technique = build_technique(name, msgspec.json.decode(parameters))
        return tuple(label for label, _recipe in technique.comparison(Recipe()))
    return ()
