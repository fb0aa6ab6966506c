"""An experiment: named arms × seeds. Terminal, window and lessons ask it which run comes next; it gathers results.

Which run of which experiment a run is, is kept in its folder (place.py), so an experiment can be opened again.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Self

import numpy as np

from explorer.errors import InputError, said
from explorer.events import FAILED, STOPPED, RunEnded
from explorer.i18n import NOTHING, Message, _
from explorer.recipe import Recipe
from explorer.recipe.setting import setting
from explorer.runs.place import Place
from explorer.techniques import Technique

PARTS = "{parts}"
"""The same in every language."""


@dataclass(frozen=True)
class Arm:
    """One of the ways to train that are compared."""

    label: Message
    recipe: Recipe


@dataclass(frozen=True)
class Axis:
    """A setting of which each arm has one of the `values`; the last axis changes fastest from arm to arm."""

    title: Message
    values: tuple[Message, ...]


@dataclass(frozen=True)
class Planned:
    """A run still to be made."""

    recipe: Recipe
    place: Place


@dataclass(frozen=True)
class Result:
    """How a run of the experiment ended; `folder`, if it was kept."""

    planned: Planned
    ended: RunEnded
    folder: Path | None = None

    @property
    def place(self) -> Place:
        """Which run it was."""
        return self.planned.place


class Experiment:
    """Each of the `arms` with each of so many `seeds`, counted from that of its recipe.

    All arms of one seed come before the next one, so that whoever stops early has whole comparisons. The arm number
    `baseline` is the one that the others are compared with.
    """

    def __init__(
        self, title: Message, arms: Sequence[Arm], seeds: int = 1, baseline: int = 0, axes: Sequence[Axis] = ()
    ) -> None:
        name = uuid.uuid4().hex[:12]
        self.title, self.arms, self.seeds, self.baseline = title, tuple(arms), seeds, baseline
        self.axes = tuple(axes)
        """Where the arms are all combinations of some values; empty where they are not."""
        self.runs = tuple(
            Planned(
                arm.recipe.with_(seed=arm.recipe.seed + i),
                Place(
                    experiment=name,
                    title=title,
                    arm=number,
                    label=arm.label,
                    seed=arm.recipe.seed + i,
                    seeds=seeds,
                    baseline=baseline,
                ),
            )
            for i in range(seeds)
            for number, arm in enumerate(self.arms)
        )
        self.results: list[Result] = []
        """In the order in which they ended."""
        self._taken: set[Place] = set()
        self._folders: dict[Place, Path] = {}
        self._lock = threading.Lock()

    @classmethod
    def of_technique(cls, technique: Technique, recipe: Recipe, seeds: int = 1) -> Self:
        """What `technique` does to `recipe`. Raises InputError if an arm cannot be made."""
        arms = [Arm(label, arm) for label, arm in technique.comparison(recipe)]
        return cls(Message(technique.title), arms, seeds)

    @classmethod
    def of_values(cls, recipe: Recipe, values: Mapping[str, Sequence[object]], seeds: int = 1) -> Self:
        """`recipe` with each of these values of a setting, such as {"lr": (0.02, 0.1)}; of several, every combination.

        The baseline is the arm that is `recipe` itself, or else the first. Raises InputError.
        """
        settings = [setting(name) for name in values]
        axes = [
            Axis(one.title(recipe), tuple(one.said(one.set(recipe, value)) for value in tried))
            for one, tried in zip(settings, values.values(), strict=True)
        ]
        arms = []
        for combination in product(*values.values()):
            arm = recipe
            for one, value in zip(settings, combination, strict=True):
                arm = one.set(arm, value)
            arms.append(Arm(together([one.said(arm) for one in settings]), arm))
        same = [number for number, arm in enumerate(arms) if _alike(arm.recipe, recipe)]
        return cls(together([axis.title for axis in axes]), arms, seeds, (*same, 0)[0], axes)

    @classmethod
    def of_recipe(cls, recipe: Recipe, seeds: int) -> Self:
        """One recipe with several seeds."""
        return cls(Message("Spread over seeds"), [Arm(Message("this recipe"), recipe)], seeds)

    @property
    def baseline_label(self) -> Message:
        """Of the arm that the others are compared with."""
        return self.arms[self.baseline].label

    @property
    def stopped(self) -> bool:
        """Whether somebody stopped a run of it: any other end is a result like all."""
        return any(result.ended.outcome == STOPPED for result in self.results)

    def take(self) -> Planned | None:
        """The run that comes next: whoever asks makes it. None when all are made or being made, or one was stopped."""
        with self._lock:
            planned = None if self.stopped else next((run for run in self.runs if run.place not in self._taken), None)
            if planned:
                self._taken.add(planned.place)
            return planned

    def begun(self, planned: Planned, folder: Path) -> None:
        """That run is kept in `folder`."""
        self._folders[planned.place] = folder

    def ended(self, planned: Planned, how: RunEnded, folder: Path | None = None) -> None:
        """That run has ended so, or had before somebody asked for it."""
        with self._lock:
            self._taken.add(planned.place)
            self.results.append(Result(planned, how, folder or self._folders.get(planned.place)))

    def with_threads(self, threads: int) -> None:
        """Give each run that is still to be made so many threads of the processor; its recipe says so."""
        self.runs = tuple(
            run if run.place in self._taken else Planned(run.recipe.with_(threads=threads), run.place)
            for run in self.runs
        )

    @property
    def left(self) -> int:
        """Runs that nobody has begun."""
        return len(self.runs) - len(self._taken)

    def by_arm(self) -> Iterator[tuple[Arm, list[Result]]]:
        """Each arm that has ended with some seed, with its results in the order of the seeds."""
        for number, arm in enumerate(self.arms):
            if own := [result for result in self.results if result.place.arm == number]:
                yield arm, sorted(own, key=lambda result: result.place.seed)

    def __str__(self) -> str:
        """Which run goes on, or comes next."""
        n = min(max(len(self._taken), 1), len(self.runs))
        return _("Comparison, run {n} of {total}: {label}").format(
            n=n, total=len(self.runs), label=self.runs[n - 1].place.said
        )


def together(parts: Sequence[Message]) -> Message:
    """One text of several, separated by commas."""
    return parts[0] if len(parts) == 1 else Message(PARTS, parts=tuple(parts))


def run_all(experiment: Experiment, train: Callable[[Planned], RunEnded | None], at_once: int = 1) -> None:
    """Make all runs that are left by `train`, so many at once; one that diverges, fails or is refused is a result.

    With several at once, `train` is called from threads, and hands the work to processes. Raises InputError if not a
    single run could begin.
    """
    refused: list[InputError] = []

    def make() -> None:
        while planned := experiment.take():
            try:
                ended = train(planned)
            except InputError as error:
                refused.append(error)
                ended = RunEnded(outcome=FAILED, reason=said(error))
            experiment.ended(planned, ended or RunEnded(outcome=FAILED, reason=NOTHING))

    if at_once == 1:
        make()
    else:
        with ThreadPoolExecutor(at_once) as pool:
            for made in [pool.submit(make) for _each in range(at_once)]:
                made.result()
    if refused and len(refused) == len(experiment.runs):
        raise refused[-1]


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and standard deviation between runs (n − 1; NaN for a single one)."""
    found = np.array(values, np.float64)
    return float(found.mean()), float(found.std(ddof=1)) if len(found) > 1 else float("nan")


def _alike(one: Recipe, other: Recipe) -> bool:
    """Also where one says the rate that the other leaves open."""
    return one == other or (one.with_(lr=None) == other.with_(lr=None) and one.rate == other.rate)
