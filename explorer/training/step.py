"""The forward pass of one step, as a function that a technique may call again: for SAM, or piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from explorer.techniques import Technique
from explorer.training.instruments import StepContext, Watch
from explorer.training.learner import Learner
from explorer.training.metrics import soft_cross_entropy
from explorer.training.streams import number


class Forward:
    """Loss of the batch of one step; see techniques.Compute for what a second pass leaves alone."""

    def __init__(self, learner: Learner, context: StepContext, watch: Watch, features: Tensor | None = None) -> None:
        """`features` (B, D): what the body makes of the images, where they are reused; then the head alone runs."""
        self._learner, self._context, self._watch, self._features = learner, context, watch, features
        self._logits: dict[tuple[int, int], Tensor] = {}

    def __call__(self, part: int = 0, parts: int = 1) -> Tensor:
        batch, recipe = self._context.batch, self._learner.recipe
        size = self.images
        rows = slice(part * size // parts, (part + 1) * size // parts)
        piece = (part,) if part else ()  # the first draws what a whole batch would
        self._learner.dropout_rng.manual_seed(number(recipe.seed, "dropout", self._context.step - 1, *piece))
        first = (part, parts) not in self._logits
        with torch.autocast(batch.images.device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
            if first:
                logits = self._answers(rows)
            else:
                with still_statistics(self._learner.model):
                    logits = self._answers(rows)
        if not self._logits:
            self._watch.look("after_forward", self._context)
        if first:
            self._logits[part, parts] = logits.detach()
        loss = soft_cross_entropy(logits, batch.targets[rows], None if batch.weights is None else batch.weights[rows])
        loss = self._learner.teachers.objective(loss, logits, batch.images[rows])
        return loss if parts == 1 else loss * (len(logits) / size)

    @property
    def images(self) -> int:
        """In the batch."""
        return len(self._context.labels)

    @property
    def logits(self) -> Tensor:
        """(B, classes) of the first pass."""
        return torch.cat(list(self._logits.values())) if len(self._logits) > 1 else next(iter(self._logits.values()))

    def _answers(self, rows: slice) -> Tensor:
        model = self._learner.model
        if self._features is None:
            return model(self._context.batch.images[rows])  # type: ignore[no-any-return]
        return model.head(self._features[rows])  # type: ignore[operator, no-any-return]


def backward(techniques: tuple[Technique, ...], compute: Forward, parameters: list[nn.Parameter]) -> Tensor:
    """Leave the gradient in `parameters`, as the technique says that takes this slot, or by one pass; the loss."""
    deciding = (technique for technique in techniques if technique.acts_in("backward"))
    if technique := next(deciding, None):
        return technique.backward(compute, parameters)
    loss = compute()
    loss.backward()  # type: ignore[no-untyped-call]
    return loss


@contextmanager
def still_statistics(model: nn.Module) -> Iterator[None]:
    """Passes through `model` normalise as they would, and leave running statistics as they are."""
    following = [layer for layer in model.modules() if isinstance(layer, _BatchNorm) and layer.track_running_stats]
    following = [layer for layer in following if layer.training or "forward" in layer.__dict__]
    for layer in following:
        layer.track_running_stats = False
    try:
        yield
    finally:
        for layer in following:
            layer.track_running_stats = True
