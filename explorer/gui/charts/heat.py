"""One number per layer through the run, kept small: at most COLUMNS columns, however long it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF

from explorer.errors import InputError
from explorer.events import Doubles
from explorer.gui.theme import COLOUR_MAP, Palette
from explorer.recipe import parse
from explorer.runs.series import NormHistory, Table

COLUMNS = 600
"""As many as a panel has pixels; a column that stands for several looks shows the largest value of each layer."""
DECADES = 12
"""Powers of ten that the colours cover at most."""


class Looks(Protocol):
    """Looks at layers; the layers stay the same."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the layers, in forward order."""

    @property
    def steps(self) -> Doubles:
        """Step of each look, shape (looks,)."""


H = TypeVar("H", bound=Looks)


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


def all_layers(networks: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Names of the layers of all `networks`, in forward order; one that came later stands after its predecessor."""
    names: list[str] = []
    for network in networks:
        for i, name in enumerate(network):
            if name not in names:
                names.insert(names.index(network[i - 1]) + 1 if i else 0, name)
    return tuple(names)


def norm_rows(histories: Sequence[NormHistory]) -> Iterator[tuple[float | str, ...]]:
    """Step, layer, parameters and the four norms, for each look at each layer."""
    for history in histories:
        columns = [history.quantity(name) for name in ("before", "after", "weights", "updates")]
        for look, step in enumerate(history.steps.tolist()):
            for i, (name, size) in enumerate(zip(history.names, history.sizes.tolist(), strict=True)):
                yield step, name, float(size), *(float(column[look, i]) for column in columns)


def norm_limit(recipe: Mapping[str, Any]) -> float:
    """Largest norm of the gradient that the techniques of `recipe` let through; infinite if they limit none."""
    try:
        return min((technique.norm_limit for technique in parse(recipe).techniques), default=math.inf)
    except InputError:  # of another version
        return math.inf


class Heat:
    """A quantity or its log10, (layers, columns), brought up to date with the new looks only."""

    def __init__(self) -> None:
        self._stamp: object = None
        self.names: tuple[str, ...] = ()
        self.first, self.per_column, self.columns = 0.0, 1.0, 0
        self._values = np.zeros((0, COLUMNS))
        self._done: list[int] = []
        self._log = True

    def update(
        self,
        histories: Sequence[H],
        quantity: Callable[[H, slice], Doubles],
        *,
        log: bool = True,
        also: Sequence[str] = (),
    ) -> None:
        """Take in what came since the last call; start anew where columns must stand for more steps.

        `quantity` gives (looks, layers). Without `log` it is a share, from 0 to 1. The layers `also` get a row, too.
        """
        start, last, per_column = _columns(histories)
        stamp = (histories[0] if histories else None, len(histories), quantity, per_column, also)
        if stamp != self._stamp:
            self._stamp, self._log = stamp, log
            self.names = all_layers([*(history.names for history in histories), also])
            self.first, self.per_column = start, per_column
            self._values = np.full((len(self.names), COLUMNS), np.nan)
            self._done = [0] * len(histories)
        for number, history in enumerate(histories):
            done, self._done[number] = self._done[number], len(history.steps)
            if done < len(history.steps):
                self._add(history, slice(done, len(history.steps)), quantity)
        self.columns = int((last - start) // per_column) + 1 if histories else 0

    def _add(self, history: H, looks: slice, quantity: Callable[[H, slice], Doubles]) -> None:
        column = ((history.steps[looks] - self.first) // self.per_column).astype(int)
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        largest = np.fmax.reduceat(quantity(history, looks), starts, axis=0)
        if self._log:
            good = (largest > 0) & np.isfinite(largest)
            largest = np.log10(largest, out=np.full_like(largest, np.nan), where=good)
        rows = np.array([self.names.index(name) for name in history.names])
        place = np.ix_(rows, column[starts])
        self._values[place] = np.fmax(self._values[place], largest.T)

    @property
    def values(self) -> Doubles:
        """(layers, columns); a column without a look repeats the one before; NaN where there is no value."""
        shown = self._values[:, : self.columns]
        looked = np.isfinite(shown).any(axis=0)
        filled: Doubles = shown[:, np.maximum.accumulate(np.where(looked, np.arange(self.columns), 0))]
        return filled

    def levels(self, also: Doubles | None = None) -> tuple[float, float]:
        """Lowest and highest power of ten of the colours: whole numbers, so that they seldom move. Of shares: 0, 1.

        `also` are values, not logarithms, that are to be seen beside the map; at most DECADES are covered in any case.
        """
        if not self._log:
            return 0.0, 1.0
        shown = self._values[:, : self.columns]
        finite, ends = shown[np.isfinite(shown)], list[tuple[float, float]]()
        if len(finite):
            some = finite[:: 1 + len(finite) // 5000]
            usual = np.percentile(some, 99)
            # A hundredth of the looks may burn out, if they are a thousand times as large as all others.
            high = np.ceil(usual if finite.max() > usual + 3 else finite.max())
            low = np.floor(np.percentile(some, 1))
            ends.append((max(min(low, high - 1), high - DECADES), high))
        if also is not None and (also > 0).any():
            logs = np.log10(also[also > 0])
            ends.append((np.floor(logs.min()), max(np.ceil(logs.max()), np.floor(logs.min()) + 1)))
        if not ends:
            return -1.0, 0.0
        low, high = min(low for low, _high in ends), max(high for _low, high in ends)
        return float(max(low, high - DECADES)), float(high)


def _columns(histories: Sequence[Looks]) -> tuple[float, float, float]:
    """First step, last step, and steps per column."""
    if not histories:
        return 0.0, 0.0, 1.0
    start, last = float(histories[0].steps[0]), float(histories[-1].steps[-1])
    looks = histories[0].steps
    per_column = max(1.0, float(looks[1] - looks[0])) if len(looks) > 1 else 1.0
    while (last - start) / per_column >= COLUMNS:
        per_column *= 2
    return start, last, per_column


class HeatImage(pg.ImageItem):
    """Draws a Heat in a plot whose rows are layers and whose x axis counts epochs."""

    def __init__(self) -> None:
        super().__init__(axisOrder="row-major", levels=(0, 255))

    def restyle(self, palette: Palette) -> None:
        """Take these colours; where there is no value, that of the background."""
        table = pg.colormap.get(COLOUR_MAP).getLookupTable(nPts=256, alpha=True)
        table[0] = pg.mkColor(palette.background).getRgb()
        self.setLookupTable(table)

    @property
    def colours(self) -> npt.NDArray[np.uint8]:
        """From the lowest to the highest value, (255, 4)."""
        table: npt.NDArray[np.uint8] = self.lut[1:]
        return table

    def show_heat(self, heat: Heat, levels: tuple[float, float], per_epoch: int, *, enlarged: bool) -> None:
        """Draw `heat`; `enlarged` for files, as viewers of SVG smooth what they enlarge."""
        self.setVisible(heat.columns > 0)
        if not heat.columns:
            return
        (low, high), values = levels, heat.values
        with np.errstate(invalid="ignore"):
            shares = np.clip((values - low) / (high - low), 0, 1) * 254 + 1
        pixels = np.where(np.isfinite(values), shares, 0).astype(np.uint8)
        if enlarged:
            pixels = pixels.repeat(8, axis=0).repeat(-(-1200 // heat.columns), axis=1)
        self.setImage(pixels, autoLevels=False)
        start, width = (heat.first - 1) / per_epoch, heat.columns * heat.per_column / per_epoch
        self.setRect(QRectF(start, -0.5, width, len(heat.names)))


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
