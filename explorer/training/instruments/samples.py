"""Some images of the batch before and after augmentation, with what each drew and its target."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from explorer.events import Event, SampleGrid
from explorer.training.instruments.base import Instrument, StepContext

IMAGES = 16


class Samples(Instrument):
    """Shows what the network really saw: the batch of this step, of the size in which its body takes images."""

    name = "samples"
    default_every = 50

    def after_step(self, context: StepContext) -> Iterable[Event]:
        n = min(IMAGES, len(context.labels))
        seen = context.batch.images[:n].detach()
        seen = context.recipe.network.resized(seen)
        after = seen.mul(255).round().to(torch.uint8)
        unmixed = context.unmixed
        return [
            SampleGrid(
                step=context.step,
                before=context.raw[:n].cpu().numpy().copy(),
                after=after.contiguous().cpu().numpy(),
                labels=context.labels[:n].cpu().numpy().copy(),
                targets=context.batch.targets[:n].cpu().numpy().copy(),
                drawn={name: values[:n].float().cpu().numpy().copy() for name, values in context.batch.drawn.items()},
                mixed=None if unmixed is None else ~unmixed[:n].cpu().numpy(),
            )
        ]
