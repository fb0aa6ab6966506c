"""Some images of the batch before and after augmentation, with what each drew and its target."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from explorer.events import Event, SampleGrid
from explorer.techniques import Transfer
from explorer.training.instruments.base import Instrument, Scene

IMAGES = 16


class Samples(Instrument):
    """Shows what the network really saw: the batch of this step, of the size in which its body takes images."""

    name = "samples"
    default_every = 50

    def after_step(self, scene: Scene) -> Iterable[Event]:
        n = min(IMAGES, len(scene.labels))
        seen = scene.batch.images[:n].detach()
        if transfer := scene.recipe.technique(Transfer):
            seen = transfer.resized(seen)
        after = seen.mul(255).round().to(torch.uint8)
        return [
            SampleGrid(
                step=scene.step,
                before=scene.raw[:n].cpu().numpy().copy(),
                after=after.contiguous().cpu().numpy(),
                labels=scene.labels[:n].cpu().numpy().copy(),
                targets=scene.batch.targets[:n].cpu().numpy().copy(),
                drawn={name: values[:n].float().cpu().numpy().copy() for name, values in scene.batch.drawn.items()},
            )
        ]
