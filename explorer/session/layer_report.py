"""What there is to say of each layer of a run, without Qt: how large, how it learns, what changed while frozen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from explorer.events import Doubles, FrozenCheck, LayerPlan
from explorer.i18n import _, ngettext
from explorer.recipe import BY_NAME
from explorer.runs.record import RunRecord
from explorer.session.frozen_patterns import frozen_layers

LOOKS = 100
"""Of the gradient, that a spark line shows."""


@dataclass(frozen=True)
class FrozenReport:
    """How a layer is frozen: by which technique (its title, or else empty), and what the last check of it found."""

    by: str = ""
    epoch: int = 0
    """Of the check; 0 if there was none yet."""
    tensors: tuple[str, ...] = ()


class LayerReport:
    """The layers of `record` as they stand now; made anew for each look."""

    def __init__(self, record: RunRecord) -> None:
        plan = record.all(LayerPlan)[-1] if record.all(LayerPlan) else None
        self.names = layer_names(record)
        self.sizes = {layer.name: layer.parameters for layer in record.layers}
        self._columns: dict[str, int] = {}
        self._weights: list[float] = []
        self._gradients: Doubles = np.zeros((0, 0))
        self._logs: dict[tuple[str, ...], Doubles] = {}
        if record.series.norms:
            norms = record.series.norms[-1]
            self.sizes.update(zip(norms.names, norms.sizes.tolist(), strict=True))
            self._columns = {name: i for i, name in enumerate(norms.names)}
            self._weights = np.square(norms.quantity("weights")[-1]).tolist()
            self._gradients = np.square(norms.quantity("before")[-LOOKS:])
        self.factors = dict(zip(plan.names, plan.factors.tolist(), strict=True)) if plan else {}
        self.frozen = dict(_frozen(record, plan)) if plan else {}

    def size(self, layers: tuple[str, ...]) -> int:
        """Parameters in `layers`."""
        return sum(self.sizes.get(name, 0) for name in layers)

    def weight_norm(self, layers: tuple[str, ...]) -> float:
        """L2 norm of the parameters of `layers` at the last look, NaN if there was none."""
        columns = self._found(layers)
        return math.sqrt(sum(self._weights[column] for column in columns)) if columns else math.nan

    def gradient_norm(self, layers: tuple[str, ...]) -> float:
        """L2 norm of their gradient at the last look, NaN if there was none."""
        columns = self._found(layers)
        return math.sqrt(sum(self._gradients[-1, column] for column in columns)) if columns else math.nan

    def gradient(self, layers: tuple[str, ...]) -> Doubles:
        """log10 of the norm of their gradient at each of the last looks, NaN where it was 0 or not finite, (looks,)."""
        if layers not in self._logs:
            columns = self._found(layers)
            squares = self._gradients[:, columns].sum(axis=1) if columns else np.zeros(0)
            good = np.isfinite(squares) & (squares > 0)
            self._logs[layers] = 0.5 * np.log10(squares, out=np.full_like(squares, np.nan), where=good)
        return self._logs[layers]

    def factor(self, layers: tuple[str, ...]) -> float:
        """Their factor on the learning rate; 1 where they have several."""
        factors = {self.factors.get(name, 1.0) for name in layers}
        return factors.pop() if len(factors) == 1 else 1.0

    def said(self, layers: tuple[str, ...], brief: bool = False) -> str:
        """What became of `layers`, if all of them are frozen; empty if some learn."""
        frozen = [self.frozen[name] for name in layers if name in self.frozen]
        if len(frozen) < len(layers):
            return ""
        tensors = sum(len(one.tensors) for one in frozen)
        if tensors and brief:
            return ngettext("Δ {n} tensor", "Δ {n} tensors", tensors).format(n=tensors)
        if tensors:
            return ngettext("{n} tensor changed", "{n} tensors changed", tensors).format(n=tensors)
        if not all(one.epoch for one in frozen):
            return _("frozen")
        return _("Δ 0 bytes") if brief else _("0 bytes changed")

    def tensors(self, layers: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the frozen ones of `layers` that changed."""
        return tuple(tensor for name in layers if name in self.frozen for tensor in self.frozen[name].tensors)

    def _found(self, layers: tuple[str, ...]) -> list[int]:
        return [self._columns[name] for name in layers if name in self._columns]


def layer_names(record: RunRecord) -> tuple[str, ...]:
    """The layers of the network as it is now, in forward order; empty before it stands."""
    return record.all(LayerPlan)[-1].names if record.all(LayerPlan) else tuple(layer.name for layer in record.layers)


def _frozen(record: RunRecord, plan: LayerPlan) -> Iterator[tuple[str, FrozenReport]]:
    ours = frozen_layers(tuple(record.recipe.get("frozen", ())), plan.names)
    kinds = [BY_NAME[name] for name in record.recipe.get("techniques", {}) if name in BY_NAME]
    by = next((kind.title for kind in kinds if kind.acts_in("layer_rate")), "")
    check = record.all(FrozenCheck)[-1] if record.all(FrozenCheck) else None
    checked = frozenset(check.names) if check else frozenset()
    changed: dict[str, list[str]] = {}
    for tensor in check.tensors if check else ():
        changed.setdefault(tensor.rpartition(".")[0], []).append(tensor)
    for name, factor, since in zip(plan.names, plan.factors.tolist(), _since(record, plan), strict=True):
        if factor == 0:
            whose = "" if name in ours else by
            if check and name in checked and check.epoch > since:
                yield name, FrozenReport(whose, check.epoch, tuple(changed.get(name, ())))
            else:
                yield name, FrozenReport(whose)


def _since(record: RunRecord, last: LayerPlan) -> list[int]:
    """For each layer that is frozen now the epoch, counted from 0, in which it was frozen for the last time."""
    epochs, still = np.zeros(len(last.names), int), last.factors == 0
    for plan in reversed(record.all(LayerPlan)):
        if plan.names != last.names:
            break
        still &= plan.factors == 0
        epochs[still] = plan.epoch
    return epochs.tolist()
