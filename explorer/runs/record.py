"""The fold of a run's events: what panels draw, whether the run is live or stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from explorer.events import (
    ActivationStats,
    EpochDone,
    Evaluation,
    Event,
    FrozenCheck,
    GradientNorms,
    InstrumentCost,
    Layer,
    LayerPlan,
    ModeAccuracy,
    NormStats,
    Progress,
    RecipeChanged,
    RunEnded,
    RunStarted,
    SampleGrid,
    StepDone,
    WeightsLoaded,
)

Doubles = npt.NDArray[np.float64]


class Table:
    """Rows of `columns` numbers that can be appended to for ever; reading is a view, not a copy."""

    def __init__(self, columns: int) -> None:
        self._data = np.empty((256, columns), np.float64)
        self._length = 0

    def append(self, row: Iterable[float]) -> None:
        """Add one row."""
        if self._length == len(self._data):
            self._data = np.concatenate([self._data, np.empty_like(self._data)])
        self._data[self._length] = np.fromiter(row, np.float64)
        self._length += 1

    def __len__(self) -> int:
        return self._length

    @property
    def rows(self) -> Doubles:
        """All rows so far, shape (rows, columns)."""
        return self._data[: self._length]


class NormHistory:
    """Norms per layer over the run: `steps` (n,), and each quantity as an array (n, layers) in the order of `names`."""

    def __init__(self, names: tuple[str, ...], sizes: npt.NDArray[np.int64]) -> None:
        self.names, self.sizes = names, sizes
        self._table = Table(1 + 4 * len(names))

    def append(self, event: GradientNorms) -> None:
        """Add one look."""
        row = np.concatenate([event.before, event.after, event.weights, event.updates])
        self._table.append([event.step, *row])

    @property
    def steps(self) -> Doubles:
        """Step of each look, shape (n,)."""
        return self._table.rows[:, 0]

    def quantity(self, name: str) -> Doubles:
        """ "before", "after" (clipping), "weights" or "updates": L2 norms, shape (n, layers)."""
        n, index = len(self.names), ("before", "after", "weights", "updates").index(name)
        return self._table.rows[:, 1 + index * n : 1 + (index + 1) * n]


class ActivationHistory:
    """Output of the layers over the run: `steps` (n,), and each quantity as (n, layers) in the order of `names`."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self._table = Table(1 + 3 * len(names))

    def append(self, event: ActivationStats) -> None:
        """Add one look."""
        self._table.append([event.step, *np.concatenate([event.mean, event.std, event.dead])])

    @property
    def steps(self) -> Doubles:
        """Step of each look, shape (n,)."""
        return self._table.rows[:, 0]

    def quantity(self, name: str) -> Doubles:
        """ "mean", "std" or "dead", shape (n, layers)."""
        n, index = len(self.names), ("mean", "std", "dead").index(name)
        return self._table.rows[:, 1 + index * n : 1 + (index + 1) * n]


class LayerHistory:
    """One normalization layer: its last statistics per channel, and their means over the channels through the run."""

    def __init__(self) -> None:
        self.latest: NormStats | None = None
        self._table = Table(5)

    def append(self, event: NormStats) -> None:
        """Add one look."""
        self.latest = event
        arrays = (event.batch_mean, event.running_mean, event.batch_var, event.running_var)
        self._table.append([event.step, *(float(a.mean()) if a.size else np.nan for a in arrays)])

    @property
    def rows(self) -> Doubles:
        """(looks, 5): step, and means over the channels of batch mean, running mean, batch and running variance."""
        return self._table.rows


class RunRecord:
    """Everything known of one run. `apply` is the only way in, for live and for stored runs."""

    def __init__(self) -> None:
        self.recipe: dict[str, Any] = {}
        self.started: RunStarted | None = None
        self.layers: tuple[Layer, ...] = ()
        self.steps_table = Table(5)
        self.epochs: list[EpochDone] = []
        self.norms: list[NormHistory] = []
        self.normalization: dict[str, LayerHistory] = {}
        self.modes: list[ModeAccuracy] = []
        self.samples: SampleGrid | None = None
        self.activations: list[ActivationHistory] = []
        """One for each network that the run had."""
        self.evaluation: Evaluation | None = None
        self.plans: list[LayerPlan] = []
        self.frozen_checks: list[FrozenCheck] = []
        self.loaded: WeightsLoaded | None = None
        self.marks: list[RecipeChanged] = []
        self.progress: Progress | None = None
        self.cost: InstrumentCost | None = None
        self.ended: RunEnded | None = None

    @classmethod
    def of(cls, events: Iterable[Event]) -> Self:
        """The fold of `events`."""
        record = cls()
        for event in events:
            record.apply(event)
        return record

    def apply(self, event: Event) -> None:
        """Take `event` in."""
        match event:
            case StepDone():
                true = np.nan if event.cross_entropy is None else event.cross_entropy
                self.steps_table.append((event.step, event.loss, event.lr[-1], event.seconds, true))
            case GradientNorms():
                if not self.norms or self.norms[-1].names != event.names:  # the network was rebuilt
                    self.norms.append(NormHistory(event.names, event.sizes))
                self.norms[-1].append(event)
            case NormStats():
                self.normalization.setdefault(event.layer, LayerHistory()).append(event)
            case EpochDone():
                self.epochs.append(event)
            case SampleGrid():
                self.samples = event
            case ModeAccuracy():
                self.modes.append(event)
            case ActivationStats():
                if not self.activations or self.activations[-1].names != event.names:
                    self.activations.append(ActivationHistory(event.names))
                self.activations[-1].append(event)
            case Evaluation():
                self.evaluation = event
            case LayerPlan():
                self.plans.append(event)
            case FrozenCheck():
                self.frozen_checks.append(event)
            case WeightsLoaded():
                self.loaded = event
            case RunStarted():
                self.started, self.recipe, self.layers = event, event.recipe, event.layers
            case RecipeChanged():
                self.marks.append(event)
                self.recipe = event.recipe
            case Progress():
                self.progress = event
            case InstrumentCost():
                self.cost = event
            case RunEnded():
                self.ended = event

    # What panels and tables ask for.

    @property
    def steps(self) -> Doubles:
        """Steps done, shape (n,)."""
        return self.steps_table.rows[:, 0]

    @property
    def losses(self) -> Doubles:
        """Loss of each step's batch, as it was optimised, shape (n,)."""
        return self.steps_table.rows[:, 1]

    @property
    def cross_entropies(self) -> Doubles:
        """Cross-entropy of each step's batch with the true labels, shape (n,); NaN where it is not known."""
        return self.steps_table.rows[:, 4]

    @property
    def rates(self) -> Doubles:
        """Learning rate of each step, that of the head where layers have rates of their own, shape (n,)."""
        return self.steps_table.rows[:, 2]

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
        """The epoch with the lowest validation loss."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.best), None)

    @property
    def images_per_second(self) -> float:
        """Training speed over the last steps; 0 before there are any."""
        seconds = self.steps_table.rows[-50:, 3]
        return float(self.recipe["batch_size"] * len(seconds) / seconds.sum()) if len(seconds) else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimate of the time to the end, from the epochs or else the steps so far; None before there are any."""
        left = self.total_steps - self.step
        if self.epochs:
            whole = [epoch.seconds for epoch in self.epochs[-3:]]
            return left / self.steps_per_epoch * sum(whole) / len(whole) * 1.15  # measuring takes about a seventh more
        seconds = self.steps_table.rows[:, 3]
        return left * float(np.median(seconds)) if len(seconds) else None

    @property
    def watching_share(self) -> float:
        """Share of the run's time that the instruments took."""
        if self.cost is None or not self.cost.training_seconds:
            return 0.0
        return sum(self.cost.seconds.values()) / self.cost.training_seconds
