"""The moments at which an instrument may look, and the watch that calls those that are due and times them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

from torch import Tensor, nn

from explorer.data import Split
from explorer.events import Event, InstrumentCost, InstrumentFault, Note
from explorer.i18n import N_, Message
from explorer.recipe import Recipe
from explorer.techniques import Batch
from explorer.training.batches import Taken
from explorer.training.feature_cache import Features
from explorer.training.freezing import Plan

SAYING = ("after_step", "after_epoch")
"""Moments at which events can be passed on."""
FAULT = N_("The instrument “{name}” has failed ({reason}) and looks no more in this run; training goes on.")


@dataclass
class StepContext:
    """What there is to see."""

    model: nn.Module
    step: int
    epoch: int
    taken: Taken
    """The images of this step."""
    recipe: Recipe
    sample: Split
    """The fixed sample of training images on which the training metrics are measured."""
    validation: Split
    layer_rates: Plan
    """How each layer learns."""
    features: Features | None = None
    """Those of the frozen body, where they are reused."""
    sample_logits: Tensor | None = None
    """(N, classes) on `sample` in evaluation mode; after an epoch only."""
    validation_logits: Tensor | None = None
    """(N, classes) on `validation` in evaluation mode; after an epoch only."""

    @property
    def raw(self) -> Tensor:
        """The batch as it lies in the data, uint8 (B, C, H, W)."""
        return self.taken.raw

    @property
    def labels(self) -> Tensor:
        """Its classes (B,)."""
        return self.taken.labels

    @property
    def batch(self) -> Batch:
        """As the network sees it."""
        return self.taken.batch

    @property
    def unmixed(self) -> Tensor | None:
        """(B,) bool: which images show one class alone; None if all do."""
        return self.taken.unmixed


class Instrument:
    """Looks every `every` steps. Whatever it computes, it leaves weights, buffers and random streams as they were."""

    name: ClassVar[str]
    default_every: ClassVar[int] = 10

    def __init__(self, every: int | None = None) -> None:
        self.every = every or self.default_every
        self.hooked = 0.0
        """Seconds spent in hooks, that is, between the moments, since the watch last asked."""

    def before_forward(self, context: StepContext) -> None:
        """The batch is ready."""

    def after_forward(self, context: StepContext) -> None:
        """The first forward pass of the step is done; a technique may take more, at which nobody looks."""

    def before_clipping(self, context: StepContext) -> None:
        """Gradients are as backward left them."""

    def after_clipping(self, context: StepContext) -> None:
        """Gradients are as the optimizer will see them."""

    def after_step(self, context: StepContext) -> Iterable[Event]:
        """Weights have moved."""
        return ()

    def after_epoch(self, context: StepContext) -> Iterable[Event]:
        """The epoch ended (on every epoch, whatever `every` is)."""
        return ()

    def close(self) -> None:
        """It looks no more: take back hooks. Called after a fault, at any moment."""


class Watch:
    """Calls the instruments that are due and keeps account of what each costs, in seconds of wall time.

    A fault in one is told, the instrument looks no more, and the run goes on.
    """

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.instruments = list(instruments)
        self._faults: list[Event] = []
        self.seconds = {instrument.name: 0.0 for instrument in instruments}
        self.calls = Counter({instrument.name: 0 for instrument in instruments})
        self._started = perf_counter()

    def look(self, moment: str, context: StepContext) -> list[Event]:
        """What the instruments have to say at `moment`, the name of one of Instrument's methods.

        Something is said after a step or an epoch only, faults of moments before as well.
        """
        said: list[Event] = []
        for instrument in tuple(self.instruments):
            if (context.step - 1) % instrument.every and moment != "after_epoch":
                continue
            began = perf_counter()
            try:
                said += getattr(instrument, moment)(context) or ()
            except Exception as error:  # whatever it is: watching must not end a run
                instrument.close()
                self.instruments.remove(instrument)
                reason = f"{type(error).__name__}: {error}"
                self._faults += [
                    InstrumentFault(step=context.step, instrument=instrument.name, reason=reason),
                    Note(text=Message(FAULT, name=instrument.name, reason=reason)),
                ]
            self.seconds[instrument.name] += perf_counter() - began + instrument.hooked
            instrument.hooked = 0.0
            self.calls[instrument.name] += moment in SAYING
        if moment in SAYING and self._faults:
            said += self._faults
            self._faults = []
        return said

    def cost(self, step: int) -> InstrumentCost:
        """The account so far."""
        elapsed = perf_counter() - self._started
        return InstrumentCost(step=step, seconds=dict(self.seconds), calls=dict(self.calls), training_seconds=elapsed)
