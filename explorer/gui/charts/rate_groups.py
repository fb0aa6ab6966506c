"""Which layers learn alike, when, and at which rate: from the plans of a run, and of the next one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from explorer.events import Doubles, LayerPlan
from explorer.runs.record import RunRecord

Plans = Sequence[LayerPlan]
Factors = tuple[float, ...]
"""On the learning rate, one from each plan of a run on; 0 is frozen, NaN where the network has no such layer."""


class RateGroup(NamedTuple):
    """Layers that learn alike in each of some runs."""

    label: str
    factors: tuple[Factors, ...]
    """For each of the runs."""


class Span(NamedTuple):
    """In epochs."""

    start: float
    end: float


def groups(*runs: Plans) -> list[RateGroup]:
    """The layers of `runs`, from the input to the head, those together that have the same factors in every plan."""
    known = [[dict(zip(plan.names, plan.factors.tolist(), strict=True)) for plan in plans] for plans in runs]
    names = list(dict.fromkeys(name for plans in runs for plan in plans for name in plan.names))
    found: dict[tuple[Factors, ...], list[int]] = {}
    for i, name in enumerate(names):
        # math.nan is one object, and so equal to itself where tuples are compared.
        factors = tuple(tuple(plan.get(name, math.nan) for plan in plans) for plans in known)
        found.setdefault(factors, []).append(i)
    return [RateGroup(_label(names, members), factors) for factors, members in found.items()]


def _label(names: Sequence[str], members: Sequence[int]) -> str:
    """ "stage1 – stage3": the first and the last one, no longer than it takes to tell them from other layers."""
    inside = {names[i] for i in members}
    outside = [name for name in names if name not in inside]

    def short(name: str) -> str:
        parts = name.split(".")
        starts = (".".join(parts[:n]) for n in range(1, len(parts)))
        return next((s for s in starts if not any(f"{other}.".startswith(f"{s}.") for other in outside)), name)

    first, last = short(names[members[0]]), short(names[members[-1]])
    if first == last:
        return first
    in_a_row = members[-1] - members[0] == len(members) - 1
    return f"{first} – {last}" if in_a_row else f"{first} + {len(members) - 1}"


def several_rates(plans: Plans) -> bool:
    """Whether layers that learn have different rates."""
    return len({factor for plan in plans for factor in plan.factors.tolist() if factor > 0}) > 1


def any_frozen(plans: Plans) -> bool:
    """Whether a layer is frozen at some time."""
    return any((plan.factors == 0).any() for plan in plans)


def acting(plans: Plans, values: Sequence[float], steps: Doubles) -> Doubles:
    """For each of `steps`, counted from 1, the one of `values`, one per plan, that acts in it."""
    starts = [plan.step for plan in plans]
    return np.asarray(values, np.float64)[np.maximum(np.searchsorted(starts, steps) - 1, 0)]


def rates_by_group(record: RunRecord, frozen: float = math.nan) -> Iterator[tuple[str, Doubles]]:
    """Label and rate in each step of each group of layers of a run; `frozen` where a group does not learn."""
    plans, steps = record.all(LayerPlan), record.series.steps.numbers
    # A record keeps the last rate of each step: that of the last factor to appear among the layers that learn.
    last = [next(iter(list(dict.fromkeys(f for f in plan.factors.tolist() if f > 0))[-1:]), 1.0) for plan in plans]
    whole = record.series.steps.rates / acting(plans, last, steps)
    for group in groups(plans):
        factors = acting(plans, group.factors[0], steps)
        yield group.label, np.where(factors > 0, whole * factors, frozen)


def learning(plans: Plans, factors: Factors, per_epoch: int, end: float) -> list[Span]:
    """When layers learn that have `factors`, until epoch `end`."""
    found: list[Span] = []
    for i, (plan, factor) in enumerate(zip(plans, factors, strict=True)):
        start = plan.step / per_epoch
        until = min(plans[i + 1].step / per_epoch, end) if i + 1 < len(plans) else end
        if not factor > 0 or until <= start:
            continue
        if found and found[-1].end == start:
            start = found.pop().start
        found.append(Span(start, until))
    return found
