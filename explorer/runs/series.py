"""Numbers of a run over its steps, as tables that grow: what is too much to be kept event by event."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from explorer.events import ActivationStats, Doubles, Event, GradientNorms, NormStats, StepDone


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


class StepHistory(Table):
    """Each training step, a row: its number, loss, learning rate, seconds, and cross-entropy."""

    def __init__(self) -> None:
        super().__init__(5)

    def take(self, event: StepDone) -> None:
        """Add one step."""
        true = np.nan if event.cross_entropy is None else event.cross_entropy
        self.append((event.step, event.loss, event.lr[-1], event.seconds, true))

    @property
    def last(self) -> int:
        """Steps done so far."""
        return int(self.numbers[-1]) if len(self) else 0

    @property
    def numbers(self) -> Doubles:
        """Number of each step, shape (n,)."""
        return self.rows[:, 0]

    @property
    def losses(self) -> Doubles:
        """Loss of each step's batch, as it was optimised, shape (n,)."""
        return self.rows[:, 1]

    @property
    def rates(self) -> Doubles:
        """Learning rate of each step, that of the head where layers have rates of their own, shape (n,)."""
        return self.rows[:, 2]

    @property
    def seconds(self) -> Doubles:
        """That each step took, shape (n,)."""
        return self.rows[:, 3]

    @property
    def cross_entropies(self) -> Doubles:
        """Cross-entropy of each step's batch with the true labels, shape (n,); NaN where it is not known."""
        return self.rows[:, 4]


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


class Series:
    """The series of a run by name; each network that a live change built has norms and activations of its own."""

    def __init__(self) -> None:
        self.steps = StepHistory()
        self.norms: list[NormHistory] = []
        self.normalization: dict[str, LayerHistory] = {}
        self.activations: list[ActivationHistory] = []

    def take(self, event: Event) -> bool:
        """Take `event` in, if its kind belongs to a series; whether it does."""
        match event:
            case StepDone():
                self.steps.take(event)
            case GradientNorms():
                if not self.norms or self.norms[-1].names != event.names:
                    self.norms.append(NormHistory(event.names, event.sizes))
                self.norms[-1].append(event)
            case NormStats():
                self.normalization.setdefault(event.layer, LayerHistory()).append(event)
            case ActivationStats():
                if not self.activations or self.activations[-1].names != event.names:
                    self.activations.append(ActivationHistory(event.names))
                self.activations[-1].append(event)
            case _:
                return False
        return True
