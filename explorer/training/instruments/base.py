"""The moments at which an instrument may look, and the watch that calls those that are due and times them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import ClassVar

from torch import Tensor, nn

from explorer.data import Split
from explorer.events import Event, InstrumentCost
from explorer.recipe import Recipe
from explorer.techniques import Batch
from explorer.training.feature_cache import Features
from explorer.training.freezing import Plan


@dataclass
class StepContext:
    """What there is to see. `raw` and `labels` are the batch as it lies in the data, uint8 (B, C, H, W) and (B,)."""

    model: nn.Module
    step: int
    epoch: int
    raw: Tensor
    labels: Tensor
    batch: Batch
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


class Watch:
    """Calls the instruments that are due and keeps account of what each costs, in seconds of wall time."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self.instruments = instruments
        self.seconds = {instrument.name: 0.0 for instrument in instruments}
        self.calls = Counter({instrument.name: 0 for instrument in instruments})
        self._started = perf_counter()

    def look(self, moment: str, context: StepContext) -> list[Event]:
        """What the instruments have to say at `moment`, the name of one of Instrument's methods."""
        said: list[Event] = []
        for instrument in self.instruments:
            if (context.step - 1) % instrument.every and moment != "after_epoch":
                continue
            began = perf_counter()
            said += getattr(instrument, moment)(context) or ()
            self.seconds[instrument.name] += perf_counter() - began + instrument.hooked
            instrument.hooked = 0.0
            self.calls[instrument.name] += moment in ("after_step", "after_epoch")
        return said

    def cost(self, step: int) -> InstrumentCost:
        """The account so far."""
        elapsed = perf_counter() - self._started
        return InstrumentCost(step=step, seconds=dict(self.seconds), calls=dict(self.calls), training_seconds=elapsed)
