"""What a run is made of: its recipe and images, what learns, where it stands, who watches and who steers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor

from explorer.data import ImageData, Split
from explorer.data.view import View
from explorer.events import Event, RunEnded
from explorer.i18n import NOTHING, Message
from explorer.recipe import Recipe
from explorer.techniques import Moment
from explorer.training import checkpoint
from explorer.training.batches import batches, left_over, steps_per_epoch, take
from explorer.training.control import Control, Diverged
from explorer.training.feature_cache import Features
from explorer.training.instruments import StepContext, Watch
from explorer.training.learner import Learner
from explorer.training.metrics import measure, predict
from explorer.training.preflight import check, check_smallest_pass, fixed_sample, pick_device, stoppable
from explorer.training.reports import Reports
from explorer.training.state import Standing
from explorer.training.threads import Chosen


class RunImages:
    """The images of a run, on its device; `sample` are those training images on which the metrics are measured."""

    def __init__(self, data: ImageData, device: torch.device) -> None:
        self.data, self.device = data, device
        self.training, self.validation, self.test = (
            Split(*(tensor.to(device) for tensor in split)) for split in (data.training, data.validation, data.test)
        )
        self.sample = fixed_sample(self.training, len(self.validation.labels))

    def __len__(self) -> int:
        """Of those for training."""
        return len(self.training.labels)


class Run:
    """One run. The loop moves it on; each part knows its own business."""

    def __init__(
        self,
        recipe: Recipe,
        data: ImageData,
        watch: Watch,
        control: Control,
        checkpoints: Path | None,
        *,
        started: bool = True,
    ) -> None:
        """`started`: with start weights; a run that is resumed needs none. Raises InputError."""
        self.recipe, self.watch, self.control, self.checkpoints = recipe, watch, control, checkpoints
        device = pick_device(recipe.device)
        check(recipe, data)
        self.images = RunImages(data, device)
        self.learner = Learner(recipe, data, device, started=started)
        check_smallest_pass(recipe, self.learner.model, self.images.training)
        self.features: Features | None = None
        self.at, self.context = Standing(), None
        self.reports = Reports(device)
        self.notes: list[Message] = []
        """What is to be said when it begins."""
        self.chosen = Chosen(0)
        self.began = self.saved = perf_counter()
        """When it began, and when its last checkpoint was written."""
        self.spent = 0.0
        """Seconds that it had gone on before it was resumed."""

    context: StepContext | None
    """Of the last step."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch."""
        return steps_per_epoch(self.recipe, len(self.images))

    @property
    def seconds(self) -> float:
        """That it has taken so far."""
        return self.spent + perf_counter() - self.began

    @property
    def moment(self) -> Moment:
        """Where the run stands, for techniques that plan by it."""
        at = self.at
        return Moment(at.step, self.steps_per_epoch, self.recipe.epochs, tuple(at.losses), tuple(at.rebuilt), at.since)

    @property
    def over(self) -> bool:
        """Whether there is no further epoch: all are done, or a technique ends it here."""
        moment = self.moment
        return self.at.epoch >= self.recipe.epochs or any(t.stop(moment) for t in self.recipe.techniques)

    def batches(self) -> Iterator[Tensor]:
        """Indices (batch,) of every batch of this epoch still to come."""
        done = self.at.step - self.at.epoch * self.steps_per_epoch
        return batches(self.recipe, self.images.training.labels, self.at.epoch, done)

    @property
    def images_per_epoch(self) -> int:
        """Images that an epoch trains on."""
        return len(self.images) - left_over(self.recipe, len(self.images)) * self.recipe.drop_last

    def next_context(self, indices: Tensor | None = None) -> StepContext:
        """What there is to see at the next step, with the images at `indices`; None: those of the first batch."""
        at, images = self.at, self.images
        if indices is None:
            indices = next(batches(self.recipe, images.training.labels, at.epoch))
        taken = take(self.recipe, images.data, images.training, indices, at.step, images.device)
        return StepContext(
            self.learner.model,
            at.step + 1,
            at.epoch,
            taken,
            self.recipe,
            images.sample,
            images.validation,
            self.learner.layer_rates,
            self.features,
        )

    def reused_features(self, indices: Tensor) -> Tensor | None:
        """Those of the training images at `indices`, where features are reused."""
        return self.features.of(self.images.training.images)[indices] if self.features else None

    def logits(self, images: Tensor) -> Tensor:
        """Logits (N, classes) of the network as it stands, in evaluation mode. Raises Stopped."""
        with stoppable(self.learner.model, self.control):
            features = self.features.evaluated(images) if self.features else None
            return predict(self.learner.model, images, bf16=self.recipe.precision == "bf16", features=features)

    def measured(self, split: Split) -> tuple[Tensor, dict[str, float]]:
        """Logits on `split` and its metrics. Raises Stopped."""
        logits = self.logits(split.images)
        return logits, measure(logits, split.labels, self.images.data.ordered)

    def measured_epoch(self) -> tuple[dict[str, float], dict[str, float], list[Event]]:
        """Metrics on the training sample and on validation, and what the instruments say to the epoch that is done.

        Raises Stopped, and Diverged.
        """
        context = self.context or self.next_context()  # resumed from just before here
        with self.learner.evaluated():
            sample_logits, train = self.measured(self.images.sample)
            validation_logits, validation = self.measured(self.images.validation)
            context = replace(context, epoch=context.epoch + 1)
            context.sample_logits, context.validation_logits = sample_logits, validation_logits
            said = self.watch.look("after_epoch", context)
        if not (math.isfinite(train["loss"]) and math.isfinite(validation["loss"])):
            raise Diverged
        return train, validation, said

    def save(self, *names: str, best: bool = False) -> None:
        """Write a checkpoint that can be loaded and trained on, under each of `names`.

        `best`: the network in it is the best one; what it takes to train on is kept beside it all the same.
        """
        if self.checkpoints is None:
            return
        resume = self.learner.resume_state(self.at.best_weights if best else None)
        if not all(tensor.isfinite().all() for tensor in resume["model"].values()):
            return  # stopped while diverging: the last good checkpoint is worth more
        data, facts = self.images.data, self.images.data.spec
        about = {"recipe": self.recipe.to_json(), "classes": list(data.classes), "ordered": data.ordered}
        about |= {"size": facts.size, "channels": facts.channels}
        about |= {"bits": facts.bits} if facts.bits != View().bits else {}
        threads = {"threads": self.chosen.threads}
        paths = [self.checkpoints / name for name in names]
        checkpoint.write(paths, about | threads | {"seconds": self.seconds} | self.at.content() | resume)
        self.saved = perf_counter()

    def ended(
        self,
        outcome: str,
        reason: Message,
        remedy: Message = NOTHING,
        test: dict[str, float] | None = None,
        details: str = "",
    ) -> RunEnded:
        """The last event."""
        return RunEnded(
            outcome=outcome,
            reason=reason,
            remedy=remedy,
            step=self.at.step,
            epoch=self.at.epoch,
            best_epoch=self.at.best_epoch,
            test=test or {},
            seconds=self.seconds,
            details=details,
        )
