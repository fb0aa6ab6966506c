"""Trains the arms of a claim with each seed, once for each recipe in a process, for tests and the terminal."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.errors import InputError
from explorer.events import FAILED, Event, RunEnded
from explorer.i18n import Message, _
from explorer.lessons.claims import Claim, ClaimArm
from explorer.lessons.lesson import Lesson
from explorer.lessons.verdict import ClaimVerdict, judge
from explorer.recipe import Recipe
from explorer.runs import RunRecord
from explorer.techniques import Distillation

if TYPE_CHECKING:
    from explorer.data import ImageData

EVERY = 10
"""Steps between two looks at the gradients: what a claim reads off them is that of the first step."""
Listener = Callable[[str], None]


def planned(lesson: Lesson, claim: Claim, arm: ClaimArm, seed: int) -> Recipe:
    """What is trained for `arm` with `seed`, the first one being 0. Raises InputError.

    A teacher is trained here, unless it was before.
    """
    recipe = arm.of(lesson.base(arm.recipe or claim.recipe))
    recipe = recipe.with_(seed=recipe.seed + seed)
    if arm.teacher:
        folder = taught(lesson.base(arm.teacher).with_(seed=recipe.seed).to_json())
        distillation = recipe.technique(Distillation) or Distillation()
        recipe = recipe.switched(distillation.model_copy(update={"teacher": folder}))
    return recipe


def run(lesson: Lesson, claim: Claim, seeds: int = 0, say: Listener = lambda _line: None) -> ClaimVerdict:
    """Train every arm, and judge; as `train_all`."""
    return judge(claim, train_all(lesson, claim, seeds, say))


def train_all(
    lesson: Lesson, claim: Claim, seeds: int = 0, say: Listener = lambda _line: None
) -> dict[str, list[RunRecord]]:
    """Train every arm with so many seeds (0: as the claim says); by arm. `say` hears of each training.

    Raises InputError, also if a training failed.
    """
    records: dict[str, list[RunRecord]] = {arm.name: [] for arm in claim.arm}
    total, seeds = len(claim.arm) * (seeds or claim.seeds), seeds or claim.seeds
    for number, (seed, arm) in enumerate(product(range(seeds), claim.arm), 1):
        record = trained(planned(lesson, claim, arm, seed).to_json(), arm.per_class)
        records[arm.name].append(record)
        seconds = record.ended.seconds if record.ended else 0.0
        what = _("Run {n} of {total}: {arm}, seed {seed}: {seconds:.1f} s")
        say(what.format(n=number, total=total, arm=arm.label, seed=seed, seconds=seconds))
    return records


@cache
def trained(recipe: str, per_class: tuple[int, ...] = ()) -> RunRecord:
    """The record of a recipe, given as JSON: each is trained once in a process. Raises InputError if it failed."""
    record = RunRecord.of(events(Recipe.from_json(recipe), per_class))
    end = record.ended
    assert isinstance(end, RunEnded)
    if end.outcome == FAILED:
        raise InputError(Message.joined(Message.joined(end.reason, end.remedy), end.details, by="\n"))
    return record


def events(recipe: Recipe, per_class: tuple[int, ...] = (), checkpoints: Path | None = None) -> Iterator[Event]:
    """What happens in a training that looks at little more than a claim asks for."""
    from explorer.training.instruments.evaluation import Evaluations
    from explorer.training.instruments.gradients import Gradients
    from explorer.training.instruments.modes import Modes
    from explorer.training.loop import train

    data = images(Recipe(data=recipe.data).to_json(), recipe.seed, per_class)
    watching = (Gradients(every=EVERY), Evaluations(), Modes())
    return train(recipe, data=data, instruments=watching, checkpoints=checkpoints)


@cache
def images(recipe: str, seed: int, per_class: tuple[int, ...] = ()) -> ImageData:
    """The images of a recipe, given as JSON; with `per_class`, so many training images of each class."""
    from explorer.data import load

    data = load(Recipe.from_json(recipe).data, seed)
    return unequal(data, per_class) if per_class else data


def unequal(data: ImageData, per_class: tuple[int, ...]) -> ImageData:
    """The first training images of each class, so many of each; of those to measure on, all."""
    import torch

    from explorer.data import Split

    labels = data.training.labels
    kept = torch.cat([(labels == k).nonzero().flatten()[:count] for k, count in enumerate(per_class)])
    return replace(data, training=Split(data.training.images[kept], labels[kept]))


@cache
def taught(recipe: str) -> str:
    """The folder of the checkpoints of a recipe, given as JSON: each is trained once in a process."""
    folder = tempfile.mkdtemp(prefix="teacher-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for _event in events(Recipe.from_json(recipe), checkpoints=Path(folder)):
        pass
    return folder
