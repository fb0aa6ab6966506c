"""The fold of a run's events: what panels draw, whether the run is live or stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, TypeVar

import numpy as np

from explorer.errors import InputError
from explorer.events import (
    EpochDone,
    Evaluation,
    Event,
    FrozenCheck,
    InstrumentCost,
    Layer,
    LayerPlan,
    ModeAccuracy,
    Note,
    Progress,
    RecipeChanged,
    RunEnded,
    RunStarted,
    SampleGrid,
    WeightsLoaded,
)
from explorer.i18n import _
from explorer.recipe import Recipe, in_words, parse
from explorer.runs.series import ActivationHistory as ActivationHistory  # here for all panels to import
from explorer.runs.series import Doubles, LayerHistory, Series, Table
from explorer.runs.series import NormHistory as NormHistory

FORWARD = 1 / 3
"""Time that an answer takes, as a share of a training step on as many images."""
Kind = TypeVar("Kind", bound=Event)


class RunRecord:
    """Everything known of one run. `apply` is the only way in, for live and for stored runs."""

    def __init__(self) -> None:
        self.recipe: dict[str, Any] = {}
        """As it is now, with all live changes."""
        self.series = Series()
        self.said: Progress | Note | RecipeChanged | None = None
        """The last of what it says in words, until it trains."""
        self._kept: dict[type, list[Any]] = {}
        self._recipes: list[Recipe | None] = []
        """That of the start and after each live change; None where this version cannot read it."""

    @classmethod
    def of(cls, events: Iterable[Event]) -> Self:
        """The fold of `events`."""
        record = cls()
        for event in events:
            record.apply(event)
        return record

    def apply(self, event: Event) -> None:
        """Take `event` in."""
        if self.series.take(event):
            return
        kept = self._kept.setdefault(type(event), [])
        if event.keep == "latest":
            kept.clear()
        kept.append(event)
        if isinstance(event, Progress | Note | RecipeChanged | RunStarted):
            self.said = None if isinstance(event, RunStarted) else event
        if isinstance(event, RunStarted | RecipeChanged):
            self.recipe = event.recipe
            self._recipes.append(_readable(event.recipe))

    def all(self, kind: type[Kind]) -> list[Kind]:
        """The events of `kind` that are kept, oldest first. Those that make up a series are not: see `series`."""
        return self._kept.setdefault(kind, [])

    def latest(self, kind: type[Kind]) -> Kind | None:
        """The last event of `kind`, or None if there was none."""
        kept = self._kept.get(kind)
        return kept[-1] if kept else None

    def changes(self, change: RecipeChanged) -> tuple[str, ...]:
        """What a live change of this run changed, in the language now in use."""
        number = next(i for i, one in enumerate(self.all(RecipeChanged)) if one is change)
        before, after = self._recipes[number : number + 2]
        if not before or not after:
            return (_("a change that only a newer version can read"),)
        return in_words(before, after) or (_("the same as before"),)

    # What panels and tables ask for.

    @property
    def started(self) -> RunStarted | None:
        """What the run started from."""
        return self.latest(RunStarted)

    @property
    def ended(self) -> RunEnded | None:
        """How the run ended; None while it goes on, and if it was cut off."""
        return self.latest(RunEnded)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Of the network that the run started with."""
        return self.started.layers if self.started else ()

    @property
    def epochs(self) -> list[EpochDone]:
        """The epochs done."""
        return self.all(EpochDone)

    @property
    def marks(self) -> list[RecipeChanged]:
        return self.all(RecipeChanged)

    @property
    def modes(self) -> list[ModeAccuracy]:
        return self.all(ModeAccuracy)

    @property
    def plans(self) -> list[LayerPlan]:
        return self.all(LayerPlan)

    @property
    def frozen_checks(self) -> list[FrozenCheck]:
        return self.all(FrozenCheck)

    @property
    def samples(self) -> SampleGrid | None:
        return self.latest(SampleGrid)

    @property
    def evaluation(self) -> Evaluation | None:
        return self.latest(Evaluation)

    @property
    def loaded(self) -> WeightsLoaded | None:
        return self.latest(WeightsLoaded)

    @property
    def progress(self) -> Progress | None:
        return self.latest(Progress)

    @property
    def cost(self) -> InstrumentCost | None:
        return self.latest(InstrumentCost)

    @property
    def norms(self) -> list[NormHistory]:
        return self.series.norms

    @property
    def normalization(self) -> dict[str, LayerHistory]:
        return self.series.normalization

    @property
    def activations(self) -> list[ActivationHistory]:
        return self.series.activations

    @property
    def steps_table(self) -> Table:
        return self.series.steps

    @property
    def steps(self) -> Doubles:
        """Number of each step, shape (n,)."""
        return self.series.steps.rows[:, 0]

    @property
    def losses(self) -> Doubles:
        """Loss of each step's batch, as it was optimised, shape (n,)."""
        return self.series.steps.rows[:, 1]

    @property
    def cross_entropies(self) -> Doubles:
        """Cross-entropy of each step's batch with the true labels, shape (n,); NaN where it is not known."""
        return self.series.steps.rows[:, 4]

    @property
    def rates(self) -> Doubles:
        """Learning rate of each step, that of the head where layers have rates of their own, shape (n,)."""
        return self.series.steps.rows[:, 2]

    @property
    def step(self) -> int:
        """Steps done so far."""
        return int(self.steps[-1]) if len(self.steps) else 0

    @property
    def total_steps(self) -> int:
        """Steps that the whole run will take; 0 before it is known."""
        return self.started.steps_per_epoch * int(self.recipe["epochs"]) if self.started else 0

    @property
    def steps_per_epoch(self) -> int:
        """Steps in one epoch; 1 before it is known."""
        return self.started.steps_per_epoch if self.started else 1

    def metric(self, split: str, name: str) -> Doubles:
        """`name` (loss, accuracy, f1, ece, confidence, mae) on "train" or "validation", per epoch; NaN where absent."""
        return np.array([getattr(epoch, split).get(name, np.nan) for epoch in self.epochs], np.float64)

    @property
    def best(self) -> EpochDone | None:
        """The epoch with the lowest validation loss since the network was last another one: what best.pt holds."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def images_per_second(self) -> float:
        """Training speed over the last steps; 0 before there are any."""
        seconds = self.series.steps.rows[-50:, 3]
        return float(self.recipe["batch_size"] * len(seconds) / seconds.sum()) if len(seconds) else 0.0

    @property
    def measures(self) -> bool:
        """Whether all batches of an epoch are done and what follows them is not: measuring, or the test images."""
        whole = self.step // self.steps_per_epoch
        return (
            self.ended is None
            and self.step > 0
            and self.step % self.steps_per_epoch == 0
            and (not self.epochs or self.epochs[-1].epoch < whole or self.step >= self.total_steps)
        )

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the time to the end, with measuring after each epoch and on the test images at the end.

        From the epochs so far, or else the steps; None before there are any.
        """
        seconds = self.series.steps.rows[:, 3]
        if self.started is None or not len(seconds):
            return None
        images = self.started.images
        measured = 2 * images.get("validation", 0)  # a sample of the training images that is as large, too
        last = self.epochs[-3:]
        if last:
            step = sum(epoch.seconds for epoch in last) / len(last) / self.steps_per_epoch
            measuring = sum(epoch.measuring_seconds or epoch.seconds / 7 for epoch in last) / len(last)
        else:
            step = float(np.median(seconds))
            measuring = step / int(self.recipe["batch_size"]) * measured * FORWARD
        test = measuring * images.get("test", 0) / measured if measured else 0.0
        epochs = max(0, int(self.recipe["epochs"]) - (self.epochs[-1].epoch if self.epochs else 0))
        return (self.total_steps - self.step) * step + epochs * measuring + test

    @property
    def watching_share(self) -> float:
        """Share of the run's time that the instruments took."""
        if self.cost is None or not self.cost.training_seconds:
            return 0.0
        return sum(self.cost.seconds.values()) / self.cost.training_seconds


def _readable(recipe: dict[str, Any]) -> Recipe | None:
    try:
        return parse(recipe)
    except InputError:
        return None
