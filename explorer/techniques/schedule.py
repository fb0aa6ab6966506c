"""Learning-rate schedules, with warm-up for any of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from explorer.declared import parameter
from explorer.i18n import N_, NOTHING, Message
from explorer.techniques.base import Category, Technique
from explorer.techniques.slots import Moment

ScheduleKind = Literal[
    "one_cycle", "cosine", "cosine_restarts", "step", "multi_step", "exponential", "polynomial", "plateau", "cyclic"
]


class Schedule(Technique):
    """Changes the learning rate while training: large steps to get near, small ones to settle.

    The recipe's learning rate is the peak; the schedule multiplies it.
    One cycle: up from 1/div in the first part, then down by a cosine to almost 0; momentum stays.
    Cosine: (1 + cos πt)/2. Cosine with restarts: the same again and again, each cycle longer by a factor.
    Steps: × γ every so many epochs. Steps at milestones: × γ at given epochs. Exponential: γ per epoch.
    Polynomial: (1 − t)^power. On a plateau: × γ when the validation loss has not fallen for more epochs than patience
    allows, counted from where it was chosen; a fall counts from 0.01 % on. Cyclic: up and down in triangles.
    t is the share of the steps that are done: 0 is reached after the last one.
    Warm-up raises the rate in a straight line from almost 0 to where the shape begins. The shape then runs over what is
    left and counts its epochs from there, so that the peak is reached whatever the warm-up.

    Use one cycle or cosine when you know the number of epochs, plateau when you do not. Look at: loss (it falls once
    more when the rate does), and the planned rate.

    Papers: Smith, Topin 2018, arXiv 1708.07120; Loshchilov, Hutter 2017, arXiv 1608.03983; Smith 2017,
    arXiv 1506.01186; Goyal et al. 2017, arXiv 1706.02677 (warm-up).
    """

    name = "schedule"
    title = N_("Learning-rate schedule")
    summary = N_("Large steps to get near, small ones to settle.")
    group = Category.SCHEDULE
    label = "{kind}"

    kind: ScheduleKind = parameter("one_cycle", N_("Shape of the learning rate over the run."), title=N_("Kind"))
    warmup: float = parameter(
        0.0, N_("Epochs over which the rate rises from almost 0."), title=N_("Warm-up"), unit="epochs", ge=0, le=100
    )
    gamma: float = parameter(
        0.1,
        N_("γ, the factor of each lowering."),
        title=N_("γ"),
        gt=0,
        le=1,
        when={"kind": ("step", "multi_step", "exponential", "plateau")},
        by={"kind": {"exponential": 0.9}},
    )
    every: float = parameter(
        5.0,
        N_("Epochs between lowerings, or in a cycle."),
        title=N_("Every"),
        unit="epochs",
        ge=0.01,
        le=1000,
        when={"kind": ("step", "cosine_restarts", "cyclic")},
    )
    milestones: tuple[float, ...] = parameter(
        (8.0, 12.0),
        N_("Epochs after the warm-up at which the rate is lowered."),
        title=N_("Milestones"),
        unit="epochs",
        when={"kind": ("multi_step",)},
    )
    power: float = parameter(
        1.0,
        N_("Power of the polynomial; 1 is a straight line."),
        title=N_("Power"),
        gt=0,
        le=10,
        when={"kind": ("polynomial",)},
    )
    growth: float = parameter(
        2.0,
        N_("Each cycle is longer than the last by this factor."),
        title=N_("Cycle growth"),
        ge=1,
        le=10,
        when={"kind": ("cosine_restarts",)},
    )
    rise: float = parameter(
        0.3,
        N_("Share of the run in which the rate rises."),
        title=N_("Rising share"),
        gt=0,
        lt=1,
        when={"kind": ("one_cycle",)},
    )
    div: float = parameter(
        25.0,
        N_("The rate starts at 1/div of the peak."),
        title=N_("Start divisor"),
        ge=1,
        le=10000,
        when={"kind": ("one_cycle", "cyclic")},
    )
    patience: int = parameter(
        2,
        N_("Epochs without improvement that are allowed; after one more the rate is lowered."),
        title=N_("Patience"),
        unit="epochs",
        ge=0,
        le=100,
        when={"kind": ("plateau",)},
    )

    @property
    def counts_epochs(self) -> bool:
        return self.kind == "plateau"

    def refuse_length(self, epochs: int) -> Message:
        if self.warmup >= epochs:
            return Message(
                "The warm-up takes {warmup} of {epochs} epochs, so the rate never reaches its peak. Choose a shorter "
                "warm-up, or more epochs.",
                warmup=f"{self.warmup:g}",
                epochs=epochs,
            )
        if self.kind == "multi_step" and min(self.milestones, default=1.0) <= 0:  # recipes that have it go on opening
            return Message(
                "The rate is lowered at epoch {milestone}, before the first step, so it never reaches its peak. Choose "
                "milestones above 0.",
                milestone=f"{min(self.milestones):g}",
            )
        if self.kind == "cyclic" and self.every / 2 > epochs - self.warmup:
            return Message(
                "Half a cycle of {every} epochs does not fit into what the warm-up leaves of {epochs}, so the rate "
                "never reaches its peak. Choose shorter cycles, or more epochs.",
                every=f"{self.every:g}",
                epochs=epochs,
            )
        return NOTHING

    def lr_scale(self, moment: Moment) -> float:
        # As torch's SequentialLR: whole steps of warm-up, then the shape from its own beginning.
        warm = round(self.warmup * moment.steps_per_epoch)
        if self.warmup < moment.epochs:
            warm = min(warm, moment.steps - 1)
        if moment.step < warm:
            start = Moment(0, moment.steps_per_epoch, moment.epochs)
            return (moment.step + 1) / (warm + 1) * self._shape(start, moment.steps, 0)
        after = replace(moment, step=moment.step - warm)
        return self._shape(after, max(1, moment.steps - warm), warm // moment.steps_per_epoch)

    def _shape(self, moment: Moment, steps: int, warm: int) -> float:
        """At `moment`, of a shape that lasts for `steps` and does not know the losses of the first `warm` epochs."""
        epoch, t = moment.epoch, min(1.0, moment.step / steps)
        match self.kind:
            case "one_cycle":
                start, end = 1 / self.div, 1 / (self.div * 1e4)
                t = min(1.0, moment.step / max(1, steps - 1))  # as torch's OneCycleLR: the last step is at its end
                if t < self.rise:
                    return _cosine(start, 1.0, t / self.rise)
                return _cosine(1.0, end, (t - self.rise) / (1 - self.rise))
            case "cosine":
                return _cosine(1.0, 0.0, t)
            case "cosine_restarts":
                return _cosine(1.0, 0.0, _position_in_cycle(epoch, self.every, self.growth))
            case "step":
                return float(self.gamma ** int(epoch / self.every + 1e-9))
            case "multi_step":
                return float(self.gamma ** sum(epoch >= milestone for milestone in self.milestones))
            case "exponential":
                return float(self.gamma**epoch)
            case "polynomial":
                return float((1 - t) ** self.power)
            case "plateau":
                each = moment.losses_by_network(self.name, after=warm)
                return float(self.gamma ** sum(_plateaus(losses, self.patience) for losses in each))
            case "cyclic":
                low = 1 / self.div
                return low + (1 - low) * (1 - abs(2 * (epoch / self.every % 1) - 1))


def _cosine(start: float, end: float, t: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * t)) / 2


def _position_in_cycle(epoch: float, length: float, growth: float) -> float:
    # 1e-9: what is left after subtracting rounded lengths may fall just short of the next cycle.
    if growth == 1:
        return max(0.0, epoch / length - int(epoch / length + 1e-9))
    while epoch + 1e-9 >= length:
        epoch, length = max(0.0, epoch - length), length * growth
    return epoch / length


def _plateaus(losses: Sequence[float], patience: int) -> int:
    """How often torch's ReduceLROnPlateau (mode min, relative threshold 1e-4) would have lowered the rate by now."""
    best, bad, lowered = math.inf, 0, 0
    for loss in losses:
        best, bad = (loss, 0) if loss < best * (1 - 1e-4) else (best, bad + 1)
        if bad > patience:
            bad, lowered = 0, lowered + 1
    return lowered
