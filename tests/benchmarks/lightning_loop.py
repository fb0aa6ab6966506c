"""The default experiment as users of Lightning write it. Imports what only the extra `bench` installs."""

from __future__ import annotations

import logging
import warnings
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, Dataset

from explorer.data import ImageData, Split
from explorer.recipe import Recipe
from explorer.techniques import Augmentation
from explorer.training.learner import Learner

from . import torchvision_on_cpu  # noqa: F401  isort: skip
from lightning import LightningModule, Trainer  # isort: skip
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import grad_norm
from torchvision.transforms import v2

from .bare_loop import one_cycle, smoothing

LOG_GRADIENTS_EVERY = 10
"""Steps; as our instrument does by default."""


class Images(Dataset[tuple[Tensor, int]]):
    """Images in memory, each transformed on its own when it is asked for."""

    def __init__(self, split: Split, augmentation: Augmentation) -> None:
        self.images, self.labels = split.images, split.labels.tolist()
        self.transform = v2.Compose(
            [
                v2.RandomCrop(self.images.shape[-1], padding=augmentation.margin(self.images.shape[-1])),
                v2.RandomHorizontalFlip(augmentation.flip_horizontal),
                v2.ToDtype(torch.float32, scale=True),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.transform(self.images[index]), self.labels[index]


class Module(LightningModule):
    """The same network, optimizer, schedule and smoothing as ours."""

    def __init__(self, recipe: Recipe, data: ImageData) -> None:
        super().__init__()
        learner = Learner(recipe, data, torch.device("cpu"))
        self.model, self.sgd, self.recipe = learner.model, learner.optimizer, recipe
        self.began = self.ended = 0.0

    def training_step(self, batch: tuple[Tensor, Tensor], _index: int) -> Tensor:
        images, labels = batch
        loss = functional.cross_entropy(self.model(images), labels, label_smoothing=smoothing(self.recipe))
        self.log_dict({"loss": loss, "lr": self.sgd.param_groups[0]["lr"]})
        return loss

    def on_before_optimizer_step(self, _optimizer: object) -> None:
        if self.global_step % LOG_GRADIENTS_EVERY == 0:
            self.log_dict(grad_norm(self.model, norm_type=2))

    def configure_optimizers(self) -> Any:
        schedule: OneCycleLR = one_cycle(self.recipe, self.sgd, int(self.trainer.estimated_stepping_batches))
        return {"optimizer": self.sgd, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_train_batch_start(self, _batch: object, index: int) -> None:
        if self.global_step == index == 0:
            self.began = perf_counter()

    def on_train_end(self) -> None:
        self.ended = perf_counter()


def lightning_speed(recipe: Recipe, data: ImageData, workers: int) -> float:
    """Images/s from the first batch, already loaded, to the end; `workers` processes load and transform."""
    augmentation = recipe.technique(Augmentation)
    assert augmentation is not None
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loader = DataLoader(
            Images(data.training, augmentation),
            recipe.batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=workers,
            persistent_workers=workers > 0,
        )
        trainer = Trainer(
            accelerator="cpu",
            max_epochs=recipe.epochs,
            logger=TensorBoardLogger(folder),
            log_every_n_steps=1,
            default_root_dir=folder,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        module = Module(recipe, data)
        trainer.fit(module, loader)
    return recipe.epochs * len(loader) * recipe.batch_size / (module.ended - module.began)
