"""Norms of all layers through the run, kept small: at most COLUMNS columns, however long it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from explorer.runs.record import Doubles, NormHistory, Table

COLUMNS = 600
"""As many as a panel has pixels; a column that stands for several looks shows the largest value of each layer."""
DECADES = 12
"""Powers of ten that the colours cover at most."""

Quantity = Callable[[NormHistory, slice], Doubles]


def rms(history: NormHistory, looks: slice) -> Doubles:
    """Root mean square of the gradient per weight, (looks, layers)."""
    return history.quantity("before")[looks] / np.sqrt(history.sizes)


def l2(history: NormHistory, looks: slice) -> Doubles:
    """L2 norm of the gradient before clipping, (looks, layers)."""
    return history.quantity("before")[looks]


def update_ratio(history: NormHistory, looks: slice) -> Doubles:
    """Norm of the step over norm of the weights, (looks, layers); NaN where the weights are all zero."""
    weights = history.quantity("weights")[looks]
    return np.divide(history.quantity("updates")[looks], weights, out=np.full_like(weights, np.nan), where=weights > 0)


def all_layers(histories: Sequence[NormHistory]) -> tuple[str, ...]:
    """Names of all layers that the run ever had, in forward order; one that came later stands after its predecessor."""
    names: list[str] = []
    for history in histories:
        for i, name in enumerate(history.names):
            if name not in names:
                names.insert(names.index(history.names[i - 1]) + 1 if i else 0, name)
    return tuple(names)


def norm_rows(histories: Sequence[NormHistory]) -> Iterator[tuple[float | str, ...]]:
    """Step, layer, parameters and the four norms, for each look at each layer."""
    for history in histories:
        columns = [history.quantity(name) for name in ("before", "after", "weights", "updates")]
        for look, step in enumerate(history.steps.tolist()):
            for i, (name, size) in enumerate(zip(history.names, history.sizes.tolist(), strict=True)):
                yield step, name, float(size), *(float(column[look, i]) for column in columns)


def clipping_threshold(recipe: Mapping[str, Any]) -> float:
    """Largest norm that clipping lets through by `recipe`; 0 if there is no such limit."""
    clipping = recipe.get("techniques", {}).get("clipping", {})
    return float(clipping["threshold"]) if clipping.get("kind") == "norm" else 0.0


class Heat:
    """log10 of a quantity, (layers, columns), brought up to date with the new looks only."""

    def __init__(self) -> None:
        self._stamp: object = None
        self.names: tuple[str, ...] = ()
        self.first, self.per_column, self.columns = 0.0, 1.0, 0
        self._values = np.zeros((0, COLUMNS))
        self._done: list[int] = []

    def update(self, histories: Sequence[NormHistory], quantity: Quantity) -> None:
        """Take in what came since the last call; start anew where columns must stand for more steps."""
        start, last = float(histories[0].steps[0]), float(histories[-1].steps[-1])
        looks = histories[0].steps
        per_column = max(1.0, float(looks[1] - looks[0])) if len(looks) > 1 else 1.0
        while (last - start) / per_column >= COLUMNS:
            per_column *= 2
        stamp = (histories[0], len(histories), quantity, per_column)
        if stamp != self._stamp:
            self._stamp, self.names = stamp, all_layers(histories)
            self.first, self.per_column = start, per_column
            self._values = np.full((len(self.names), COLUMNS), np.nan)
            self._done = [0] * len(histories)
        for number, history in enumerate(histories):
            done, self._done[number] = self._done[number], len(history.steps)
            if done < len(history.steps):
                self._add(history, slice(done, len(history.steps)), quantity)
        self.columns = int((last - start) // per_column) + 1

    def _add(self, history: NormHistory, looks: slice, quantity: Quantity) -> None:
        column = ((history.steps[looks] - self.first) // self.per_column).astype(int)
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        largest = np.fmax.reduceat(quantity(history, looks), starts, axis=0)
        logs = np.log10(largest, out=np.full_like(largest, np.nan), where=(largest > 0) & np.isfinite(largest))
        rows = np.array([self.names.index(name) for name in history.names])
        place = np.ix_(rows, column[starts])
        self._values[place] = np.fmax(self._values[place], logs.T)

    @property
    def values(self) -> Doubles:
        """log10, (layers, columns); a column without a look repeats the one before; NaN where there is no value."""
        shown = self._values[:, : self.columns]
        looked = np.isfinite(shown).any(axis=0)
        filled: Doubles = shown[:, np.maximum.accumulate(np.where(looked, np.arange(self.columns), 0))]
        return filled

    def levels(self) -> tuple[float, float]:
        """Lowest and highest power of ten of the colours: whole numbers, so that they seldom move."""
        shown = self._values[:, : self.columns]
        finite = shown[np.isfinite(shown)]
        if not len(finite):
            return -1.0, 0.0
        high = np.ceil(finite.max())
        low = np.floor(np.percentile(finite[:: 1 + len(finite) // 5000], 1))
        return float(max(min(low, high - 1), high - DECADES)), float(high)


class Totals:
    """Norm over all layers before and after clipping at each look."""

    def __init__(self) -> None:
        self._of: NormHistory | None = None
        self._done: list[int] = []
        self._table = Table(3)

    def update(self, histories: Sequence[NormHistory]) -> None:
        """Take in what came since the last call."""
        if not histories or histories[0] is not self._of:
            self._of, self._done, self._table = (histories[0] if histories else None), [], Table(3)
        self._done += [0] * (len(histories) - len(self._done))
        for number, history in enumerate(histories):
            looks = slice(self._done[number], len(history.steps))
            self._done[number] = looks.stop
            before, after = (np.sqrt(np.square(history.quantity(q)[looks]).sum(axis=1)) for q in ("before", "after"))
            for row in zip(history.steps[looks], before, after, strict=True):
                self._table.append(row)

    @property
    def rows(self) -> Doubles:
        """Step, norm before, norm after, (looks, 3)."""
        return self._table.rows

    @property
    def clipped(self) -> npt.NDArray[np.bool_]:
        """Whether clipping changed the gradient, (looks,)."""
        return self.rows[:, 2] < self.rows[:, 1] * (1 - 1e-5)
