"""The same images with the network in training mode and in evaluation mode, at the end of each epoch."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from explorer.events import Event, ModeAccuracy
from explorer.training.instruments.base import Instrument, StepContext
from explorer.training.metrics import predict

IMAGES = 256


class Modes(Instrument):
    """A large gap says that running statistics or dropout make evaluation a different network from the trained one.

    Evaluation mode is read off the metrics' own pass; training mode takes one more, in batches as large as in training.
    """

    name = "modes"

    def after_epoch(self, context: StepContext) -> Iterable[Event]:
        assert context.sample_logits is not None
        images, labels = (tensor[:IMAGES] for tensor in context.sample)
        buffers = [(buffer, buffer.clone()) for buffer in context.model.buffers()]
        recipe = context.recipe
        try:
            logits = predict(
                context.model,
                images,
                training=True,
                bf16=recipe.precision == "bf16",
                chunk=min(recipe.batch_size, IMAGES),
                features=context.features.evaluated(context.sample.images)[:IMAGES] if context.features else None,
            )
        finally:
            with torch.no_grad():  # a pass in training mode moves running statistics: put them back
                for buffer, value in buffers:
                    buffer.copy_(value)
        train_mode, eval_mode = (
            (these.argmax(dim=1) == labels).float().mean().item() for these in (logits, context.sample_logits[:IMAGES])
        )
        return [ModeAccuracy(epoch=context.epoch, train_mode=train_mode, eval_mode=eval_mode)]
