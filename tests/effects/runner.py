"""Trains the arms of a claim, each (recipe, seed) once, and says whether the claim holds."""

from __future__ import annotations

import atexit
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import torch

from explorer.data import ImageData, Split, load
from explorer.events import EpochDone, GradientNorms, RunEnded
from explorer.recipe import Recipe
from explorer.techniques import Distillation
from explorer.training.instruments.gradients import Gradients
from explorer.training.loop import train

Values = Mapping[str, Sequence[float]]
"""What each arm measured, by seed."""


@dataclass(frozen=True)
class History:
    """What one training left behind."""

    recipe: Recipe
    epochs: tuple[EpochDone, ...]
    norms: tuple[GradientNorms, ...]
    end: RunEnded
    seconds: float


Measure = Callable[[History], float]
Predicate = Callable[[Values], bool]


@dataclass(frozen=True)
class Arm:
    """One way to train, and what is read off it."""

    recipe: Recipe
    measure: Measure
    teacher: Recipe | None = None
    """Trained first, with the same seed, for `recipe` to learn from."""
    per_class: tuple[int, ...] = ()
    """So many training images of each class are kept, in the order of the classes; of those to measure on, all."""

    def of(self, seed: int) -> Recipe:
        """What is trained with `seed`."""
        recipe = self.recipe.with_(seed=seed)
        if self.teacher is None:
            return recipe
        distillation = recipe.technique(Distillation) or Distillation()
        folder = taught(self.teacher.with_(seed=seed).to_json())
        return recipe.switched(distillation.model_copy(update={"teacher": folder}))


@dataclass(frozen=True)
class Claim:
    """A sentence of the course, the trainings that test it, and when it counts as shown."""

    name: str
    text: str
    quantity: str
    arms: Mapping[str, Arm]
    holds: Predicate
    rule: str
    """The predicate in words."""


@dataclass(frozen=True)
class ArmResult:
    """One arm over the seeds."""

    arm: str
    values: tuple[float, ...]
    mean: float
    deviation: float
    seconds: float
    """Of all its trainings; arms that share one share its time."""
    outcomes: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """What came of one claim."""

    name: str
    text: str
    quantity: str
    rule: str
    seeds: int
    arms: tuple[ArmResult, ...]
    holds: bool


@cache
def images(choice: str, seed: int) -> ImageData:
    """The images of a recipe's data, given as JSON."""
    recipe = Recipe.from_json(choice)
    return load(recipe.data, seed)


def unequal(data: ImageData, per_class: tuple[int, ...]) -> ImageData:
    """The first training images of each class, so many of each."""
    labels = data.training.labels
    kept = torch.cat([(labels == k).nonzero().flatten()[:count] for k, count in enumerate(per_class)])
    return replace(data, training=Split(data.training.images[kept], labels[kept]))


@cache
def trained(recipe_json: str, per_class: tuple[int, ...] = ()) -> History:
    """The history of a recipe, given as JSON: each is trained once in a process."""
    recipe = Recipe.from_json(recipe_json)
    data = images(Recipe(data=recipe.data).to_json(), recipe.seed)
    if per_class:
        data = unequal(data, per_class)
    began = time.perf_counter()
    events = list(train(recipe, data=data, instruments=(Gradients(every=10),)))
    end = events[-1]
    assert isinstance(end, RunEnded)
    if end.outcome == "failed":
        raise AssertionError(f"{end.reason}\n{end.details}")
    return History(
        recipe,
        tuple(event for event in events if isinstance(event, EpochDone)),
        tuple(event for event in events if isinstance(event, GradientNorms)),
        end,
        time.perf_counter() - began,
    )


@cache
def taught(recipe_json: str) -> str:
    """The folder of the checkpoints of a recipe, given as JSON: each is trained once in a process."""
    recipe, folder = Recipe.from_json(recipe_json), tempfile.mkdtemp(prefix="teacher-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = images(Recipe(data=recipe.data).to_json(), recipe.seed)
    for _event in train(recipe, data=data, instruments=(), checkpoints=Path(folder)):
        pass
    return folder


def run(claim: Claim, seeds: int = 3, say: Callable[[str], None] = lambda _: None) -> Result:
    """Train every arm with seeds 0 … seeds − 1. `say` hears of each training."""
    values: dict[str, list[float]] = {}
    arms = []
    for name, arm in claim.arms.items():
        histories = []
        for seed in range(seeds):
            history = trained(arm.of(seed).to_json(), arm.per_class)
            histories.append(history)
            say(f"{claim.name}: {name}, seed {seed}: {arm.measure(history):.4g} ({history.seconds:.1f} s)")
        values[name] = [arm.measure(history) for history in histories]
        arms.append(
            ArmResult(
                arm=name,
                values=tuple(values[name]),
                mean=statistics.fmean(values[name]),
                deviation=statistics.stdev(values[name]) if seeds > 1 else math.nan,
                seconds=sum(history.seconds for history in histories),
                outcomes=tuple(history.end.outcome for history in histories),
            )
        )
    return Result(claim.name, claim.text, claim.quantity, claim.rule, seeds, tuple(arms), claim.holds(values))


def as_plain(results: Sequence[Result]) -> list[dict[str, object]]:
    """For JSON."""
    return [asdict(result) for result in results]


def markdown(results: Sequence[Result]) -> str:
    """A table: claim | measured with spread | holds."""
    lines = ["| claim | measured: mean ± standard deviation (n seeds) | holds |", "|---|---|---|"]
    for result in results:
        arms = "<br>".join(f"{arm.arm}: {_spread(arm)}" for arm in result.arms)
        verdict = "yes" if result.holds else "**no**"
        lines.append(f"| {result.text} | {result.quantity} (n = {result.seeds})<br>{arms} | {verdict} |")
    return "\n".join(lines) + "\n"


def _spread(arm: ArmResult) -> str:
    diverged = sum(outcome == "diverged" for outcome in arm.outcomes)
    note = f", {diverged} of {len(arm.outcomes)} diverged" if diverged else ""
    deviation = "" if math.isnan(arm.deviation) else f" ± {arm.deviation:.2g}"
    return f"{arm.mean:.3g}{deviation}{note}"
