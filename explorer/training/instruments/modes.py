"""The same images with the network in training mode and in evaluation mode, at the end of each epoch."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from explorer.events import Event, ModeAccuracy
from explorer.training.instruments.base import Instrument, Scene
from explorer.training.metrics import predict

IMAGES = 512


class Modes(Instrument):
    """A large gap says that running statistics or dropout make evaluation a different network from the trained one."""

    name = "modes"

    def after_epoch(self, scene: Scene) -> Iterable[Event]:
        images, labels = (tensor[:IMAGES] for tensor in scene.sample)
        buffers = [(buffer, buffer.clone()) for buffer in scene.model.buffers()]
        accuracy = {}
        for training in (True, False):
            scene.model.train(training)
            accuracy[training] = (predict(scene.model, images).argmax(dim=1) == labels).float().mean().item()
        scene.model.train()
        with torch.no_grad():  # a pass in training mode moves running statistics: put them back
            for buffer, value in buffers:
                buffer.copy_(value)
        return [ModeAccuracy(epoch=scene.epoch, train_mode=accuracy[True], eval_mode=accuracy[False])]
