"""The training loop: a recipe goes in, events come out."""

from __future__ import annotations

import math
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from explorer.data import ImageData, Split
from explorer.errors import InputError, said
from explorer.events import (
    DIVERGED,
    FAILED,
    FINISHED,
    STOPPED,
    EpochDone,
    Event,
    LayerPlan,
    Note,
    Progress,
    RecipeChanged,
    RunEnded,
    StepDone,
)
from explorer.i18n import NOTHING, Message
from explorer.recipe import Recipe, live
from explorer.techniques import Moment
from explorer.training import checkpoint
from explorer.training.batches import order, prepared, softened
from explorer.training.control import Control, Diverged, Stopped
from explorer.training.feature_cache import Features, reused
from explorer.training.instruments import Instrument, StepContext, Watch, choose
from explorer.training.learner import Learner
from explorer.training.metrics import cross_entropy, measure, predict, soft_cross_entropy
from explorer.training.preflight import (
    check,
    denormals_as_zero,
    explain,
    fetched,
    fixed_sample,
    idle,
    never_began,
    pick_device,
    refusal,
    started,
    stoppable,
)
from explorer.training.streams import number
from explorer.training.threads import Chosen, noticed, used

STEPS_PER_REPORT_ON_GPU = 16  # reading a loss waits for the GPU; one wait for so many steps costs nothing measurable
SECONDS_PER_REPORT = 0.5


def train(
    recipe: Recipe,
    *,
    instruments: str | Sequence[Instrument] = "default",
    control: Control | None = None,
    checkpoints: Path | None = None,
    data: ImageData | None = None,
    resume: Path | None = None,
) -> Iterator[Event]:
    """Train as `recipe` says and yield what happens; the last event is RunEnded, whatever happens.

    `instruments`: "default", "none", "all", or your own. `control` steers the run from another thread; whoever pulls
    the events can also simply stop pulling. `checkpoints`: an existing folder for last.pt and best.pt. `data` replaces
    the images that the recipe names. `resume`: a checkpoint to go on from, with weights and optimizer as they were;
    what follows is what the run would have done. Weights depend on the recipe alone, not on who watches.

    Raises InputError before the first step if recipe, data and machine do not fit together.
    """
    control = control or Control()
    watch = Watch(choose(instruments) if isinstance(instruments, str) else instruments)
    try:
        data = yield from fetched(recipe, data, control, weights=resume is None)
        if control.stopping:
            yield RunEnded(outcome=STOPPED, reason=Message("Stopped."))
            return
        run = Run(recipe, data, watch, control, checkpoints, resume)
    except InputError:
        raise
    except Exception as error:  # such as no memory for the images or the network
        yield never_began(error)
        return
    try:
        with denormals_as_zero(), used(recipe.threads or run.threads) as run.chosen:
            yield from noticed(run.events(), run.chosen.threads)
    except Diverged:
        yield run.ended(
            DIVERGED,
            Message("The loss is no longer a finite number: training has diverged."),
            Message("Lower the learning rate, clip gradients, switch normalization on, or choose He initialization."),
        )
    except Exception as error:  # whoever watches hears of it as an event, and can show it
        yield run.ended(FAILED, *explain(error), details=traceback.format_exc())


class Run:
    """One run: its images, what learns, where it stands."""

    def __init__(
        self,
        recipe: Recipe,
        data: ImageData,
        watch: Watch,
        control: Control,
        checkpoints: Path | None,
        resume: Path | None = None,
    ) -> None:
        self.recipe, self.data, self.watch, self.control, self.checkpoints = recipe, data, watch, control, checkpoints
        self.device = pick_device(recipe.device)
        check(recipe, data)
        self.training, self.validation, self.test = (
            Split(*(tensor.to(self.device) for tensor in split))
            for split in (data.training, data.validation, data.test)
        )
        self.sample = fixed_sample(self.training, len(self.validation.labels))
        self.steps_per_epoch = len(self.training.labels) // recipe.batch_size
        self.one_hot = torch.eye(len(data.classes), device=self.device)
        self.augment_rng = torch.Generator(self.device)
        self.learner = Learner(recipe, data, self.device, started=resume is None)
        self.features: Features | None = None
        self.step, self.epoch = 0, 0
        self.losses: list[float] = []
        self.best_epoch, self.best_loss = 0, math.inf
        self.context: StepContext | None = None
        self.best_weights: dict[str, Tensor] = {}
        self.unsaid: list[tuple[Tensor, dict[str, Any]]] = []
        self.unmixed: Tensor | None = None
        self.began = perf_counter()
        self.threads: int | None = None
        """Of the run that is resumed."""
        self.chosen = Chosen(0)
        if resume:
            self.resume(resume)

    def events(self) -> Iterator[Event]:
        """Everything that happens, from the first batch to the end."""
        try:
            yield from self.epochs()
        except Stopped:
            yield from self.say_steps()
            self.save("last.pt")
            yield self.ended(STOPPED, Message("Stopped."))

    def epochs(self) -> Iterator[Event]:
        """The run as it goes if nobody stops it. Raises Stopped."""
        yield from self.opening()
        while not self.over:
            began = perf_counter()
            if self.learner.begin_epoch(self.epoch):
                yield from self.say_plan()
            for indices in self.batches():
                self.control.wait()
                yield from self.change_recipe()
                yield from self.compute_features()
                self.control.check()
                yield from self.one_step(indices)
            yield from self.say_steps()
            yield from self.end_epoch(perf_counter() - began)
        if any(technique.acts_in("stop") for technique in self.recipe.techniques):
            self.learner.restore(self.best_weights)
        self.save("last.pt")
        with self.learner.evaluated():
            test = measure(self.logits(self.test.images), self.test.labels, self.data.ordered)
        yield self.ended(FINISHED, Message("Finished."), test=test)

    def one_step(self, indices: Tensor) -> Iterator[Event]:
        """Forward, backward, clip, step; the instruments look in between."""
        began = perf_counter()
        context = self.context = self.next_context(indices)
        self.watch.look("before_forward", context)

        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bf16"):
            logits = self.answers(context)
        loss = soft_cross_entropy(logits, context.batch.targets)
        self.learner.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]

        self.watch.look("before_clipping", context)
        for technique in self.recipe.techniques:
            technique.on_gradients(self.learner.parameters)
        self.watch.look("after_clipping", context)

        rates = self.learner.set_rate(self.rate())
        self.learner.optimizer.step()
        self.step += 1
        self.learner.average(self.step)

        true = cross_entropy(logits, context.labels, self.unmixed)
        values = {"step": self.step, "lr": rates, "seconds": perf_counter() - began}
        self.unsaid.append((torch.stack([loss.detach(), true]), values))
        if self.device.type == "cpu" or self.control.paused or len(self.unsaid) >= STEPS_PER_REPORT_ON_GPU:
            yield from self.say_steps()
        yield from self.watch.look("after_step", context)

    def end_epoch(self, seconds: float) -> Iterator[Event]:
        """Measure, keep the best, write checkpoints."""
        if self.context is None:  # resumed from between the last batch of an epoch and its end
            self.context = self.next_context(torch.arange(self.recipe.batch_size, device=self.device))
        with self.learner.evaluated():
            logits = [self.logits(split.images) for split in (self.sample, self.validation)]
            train = measure(logits[0], self.sample.labels, self.data.ordered)
            validation = measure(logits[1], self.validation.labels, self.data.ordered)
            context = replace(self.context, epoch=self.epoch + 1, sample_logits=logits[0], validation_logits=logits[1])
            said = self.watch.look("after_epoch", context)
        if not (math.isfinite(train["loss"]) and math.isfinite(validation["loss"])):
            raise Diverged
        self.epoch += 1
        self.losses.append(validation["loss"])
        if best := validation["loss"] < self.best_loss:
            self.best_epoch, self.best_loss, self.best_weights = self.epoch, validation["loss"], self.learner.weights()
        self.save("last.pt", *["best.pt"] * best)
        yield EpochDone(
            epoch=self.epoch,
            step=self.step,
            train=train,
            validation=validation,
            best=best,
            seconds=seconds,
            images_per_second=self.steps_per_epoch * self.recipe.batch_size / seconds,
        )
        yield from said
        yield self.watch.cost(self.step)

    def opening(self) -> Iterator[Event]:
        """What the run starts from."""
        model = self.learner.model
        yield started(self.recipe, self.data, model, self.steps_per_epoch, self.device, self.chosen)
        if loaded := getattr(model, "loaded", None):
            yield loaded
        if without_effect := idle(self.recipe):
            yield Note(text=without_effect)
        yield from self.say_plan()

    def say_plan(self) -> Iterator[Event]:
        """How the layers learn from now on, and whether features are reused."""
        layer_rates = self.learner.layer_rates
        self.features, reason = reused(self.features, self.recipe, self.learner.model, layer_rates)
        yield LayerPlan(
            step=self.step,
            epoch=self.epoch,
            names=tuple(layer_rates),
            factors=np.array(
                [0 if layer_rate.frozen else layer_rate.factor for layer_rate in layer_rates.values()], np.float32
            ),
            cached=self.features is not None,
            why_not=reason,
        )
        if reason:
            yield Note(text=Message("Features are not reused: {reason}.", reason=reason))

    def compute_features(self) -> Iterator[Event]:
        """Those of the training images, if they are to be reused and are not there yet."""
        if self.features is None or self.features.there(self.training.images):
            return
        what = Message("Features are computed once: all below the head stands still.")
        yield Progress(what=what)
        said = perf_counter()
        for done in self.features.compute(self.training.images):
            if self.control.stopping:
                return
            if perf_counter() - said > SECONDS_PER_REPORT:
                said = perf_counter()
                yield Progress(what=what, done=done, total=len(self.training.labels))

    def batches(self) -> Iterator[Tensor]:
        """Indices (batch,) of every whole batch of this epoch still to come; each epoch has an order of its own."""
        indices = order(self.recipe, len(self.training.labels), self.epoch).to(self.device)
        size = self.recipe.batch_size
        done = self.step - self.epoch * self.steps_per_epoch
        if done < self.steps_per_epoch:  # of nothing, split makes one empty part
            yield from torch.split(indices[done * size : self.steps_per_epoch * size], size)

    def change_recipe(self) -> Iterator[Event]:
        """Train on with a new recipe, if one has come."""
        wanted = self.control.take()
        if wanted is None:
            return
        new = live(self.recipe, wanted)
        try:
            if reason := refusal(new, self.learner.facts):
                raise InputError(reason)
            kept, fresh = self.learner.change(new, self.epoch)
        except InputError as error:
            yield Note(text=said(error))
            return
        self.recipe = new
        if kept or fresh:
            self.best_loss = math.inf  # of another network, even where every weight was kept: look for the best anew
        yield RecipeChanged(step=self.step, recipe=new.model_dump(mode="json"), kept=kept, fresh=fresh)
        yield from self.say_plan()

    def next_context(self, indices: Tensor) -> StepContext:
        """The batch as the network will see it: targets softened, images augmented, from this step's own streams."""
        raw, labels = self.training.images[indices], self.training.labels[indices]
        targets = softened(self.recipe, self.one_hot[labels])
        batch = prepared(self.recipe, self.step, raw, targets, self.data.mirrors, self.augment_rng)
        # An image whose target came out of augmentation as another one shows several classes.
        self.unmixed = None if batch.targets is targets else (batch.targets == targets).all(dim=1)
        self.learner.dropout_rng.manual_seed(number(self.recipe.seed, "dropout", self.step))
        self.indices = indices
        return StepContext(
            self.learner.model,
            self.step + 1,
            self.epoch,
            raw,
            labels,
            batch,
            self.recipe,
            self.sample,
            self.validation,
            self.learner.layer_rates,
            self.features,
        )

    def answers(self, context: StepContext) -> Tensor:
        """Logits (B, classes) of the network in training mode."""
        model = self.learner.model
        if self.features is None:
            return model(context.batch.images)  # type: ignore[no-any-return]
        return model.head(self.features.of(self.training.images)[self.indices])  # type: ignore[operator, no-any-return]

    @property
    def over(self) -> bool:
        """Whether there is no further epoch."""
        return self.epoch >= self.recipe.epochs or any(t.stop(self.moment) for t in self.recipe.techniques)

    @property
    def moment(self) -> Moment:
        """Where the run stands, for techniques that plan by it."""
        return Moment(self.step, self.steps_per_epoch, self.recipe.epochs, tuple(self.losses))

    def rate(self) -> float:
        """The learning rate of the step about to be taken."""
        return self.recipe.lr * math.prod(technique.lr_scale(self.moment) for technique in self.recipe.techniques)

    def say_steps(self) -> Iterator[Event]:
        """The steps not yet reported, with one transfer for all their losses. Raises Diverged."""
        if not self.unsaid:
            return
        unsaid, self.unsaid = self.unsaid, []
        losses = torch.stack([both for both, _values in unsaid]).tolist()
        for (loss, true), (_both, values) in zip(losses, unsaid, strict=True):
            known = None if math.isnan(true) and math.isfinite(loss) else true  # every image of the batch is mixed
            yield StepDone(loss=loss, cross_entropy=known, epoch=self.epoch, images=self.recipe.batch_size, **values)
            if not math.isfinite(loss):
                raise Diverged

    def logits(self, images: Tensor) -> Tensor:
        """Logits (N, classes) of the network as it stands, in evaluation mode."""
        with stoppable(self.learner.model, self.control):
            features = self.features.evaluated(images) if self.features else None
            return predict(self.learner.model, images, bf16=self.recipe.precision == "bf16", features=features)

    def save(self, *names: str) -> None:
        """Write a checkpoint that can be loaded and trained on, under each of `names`."""
        if self.checkpoints is None:
            return
        weights = self.learner.weights()
        if not all(tensor.isfinite().all() for tensor in weights.values()):
            return  # stopped while diverging: the last good checkpoint is worth more
        content = {
            "model": weights,
            "recipe": self.recipe.to_json(),
            "classes": list(self.data.classes),
            "step": self.step,
            "epoch": self.epoch,
            "losses": self.losses,
            "best": [self.best_epoch, self.best_loss],
            "threads": self.chosen.threads,
        }
        checkpoint.write([self.checkpoints / name for name in names], content | self.learner.resume_state())

    def resume(self, path: Path) -> None:
        """Stand where the checkpoint `path` was written. Raises InputError if it does not fit."""
        content = checkpoint.read(path)
        self.step, self.epoch, self.losses = checkpoint.standing(path, content)
        if not 0 <= self.step - self.epoch * self.steps_per_epoch <= self.steps_per_epoch:
            self.step = self.epoch * self.steps_per_epoch  # batches of another size: at the start of the epoch
        self.learner.resume(content, self.epoch)
        self.threads = checkpoint.threads(content)
        self.best_weights = self.learner.weights()
        if best := checkpoint.best_beside(path, content):  # else the best is looked for anew
            self.best_weights, (self.best_epoch, self.best_loss) = best["model"], content["best"]
            if self.checkpoints:
                checkpoint.write([self.checkpoints / "best.pt"], best)

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
            step=self.step,
            epoch=self.epoch,
            best_epoch=self.best_epoch,
            test=test or {},
            seconds=perf_counter() - self.began,
            details=details,
        )
