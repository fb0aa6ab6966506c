"""Features of a frozen network, computed once: where everything below the head is frozen, each epoch sees the same."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from explorer.i18n import NOTHING, Message
from explorer.recipe import Recipe
from explorer.techniques import LayerRate
from explorer.training.freezing import Plan, places
from explorer.training.metrics import CHUNK, to_float

STOCHASTIC = ("Drop", "StochasticDepth", "RReLU")
"""In the names of layers whose training pass draws numbers."""


def why_not(recipe: Recipe, model: nn.Module, layer_rates: Plan) -> Message | None:
    """Why features cannot be reused; empty if they can, None where layers below the head learn anyway."""
    if any(not layer_rates[place.name].frozen for place in places(model) if place.from_head):
        return None
    if any(not _stands_still(layer_rate) for layer_rate in layer_rates.values() if layer_rate.frozen):
        return Message("batch normalization in frozen layers does not stand still")
    if changing := [technique for technique in recipe.techniques if technique.acts_in("augment")]:
        return Message("{technique} shows other images in each epoch", technique=Message(changing[0].title))
    if name := next((name for name, layer in _body(model) if _draws(layer)), ""):
        return Message("{layer} draws anew in each pass", layer=name)
    return NOTHING


def reused(
    before: Features | None, recipe: Recipe, model: nn.Module, layer_rates: Plan
) -> tuple[Features | None, Message]:
    """What keeps the features of `model`, those `before` if they hold; else None, and why if the body is frozen."""
    reason = why_not(recipe, model, layer_rates)
    if reason != NOTHING:
        return None, reason or NOTHING
    bf16 = recipe.precision == "bf16"
    still = before is not None and (before.model, before.bf16) == (model, bf16)
    return before if still else Features(model, recipe.batch_size, bf16), NOTHING


def _stands_still(layer_rate: LayerRate) -> bool:
    """Whether batch normalization is the same in each pass."""
    return layer_rate.norm.uses_running and not layer_rate.norm.statistics_update and not layer_rate.norm.affine_trains


def _body(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Layers below the head."""
    head: tuple[str, ...] = model.head_layers  # type: ignore[assignment]
    for name, layer in model.named_modules():
        if name.partition(".")[0] not in head:
            yield name, layer


def _draws(layer: nn.Module) -> bool:
    stochastic = any(word in type(layer).__name__ for word in STOCHASTIC)
    return stochastic and layer.training and getattr(layer, "p", 1) != 0


class Features:
    """Keeps what `model.features` gave for whole sets of images. Results equal those without it, bit for bit.

    For that, training images go through in batches as large as in training, and the sets that are evaluated in the
    parts in which they are evaluated: how a product of matrices is rounded may depend on how many rows it has.
    """

    def __init__(self, model: nn.Module, batch_size: int, bf16: bool) -> None:
        self.model, self.bf16, self._batch_size = model, bf16, batch_size
        self._trained: dict[Tensor, Tensor] = {}
        self._evaluated: dict[Tensor, Tensor] = {}

    def there(self, images: Tensor) -> bool:
        """Whether those for training on `images` are there."""
        return images in self._trained

    def compute(self, images: Tensor) -> Iterator[int]:
        """Make those for training on uint8 `images` (N, C, H, W), N at least the batch size; yields how many are done.

        Nothing is kept of a computation that is given up.
        """
        if self.there(images):
            return
        size, parts = self._batch_size, []
        for start in range(0, len(images), size):
            whole = self._pass(images[min(start, len(images) - size) :][:size])
            parts.append(whole[-min(size, len(images) - start) :])
            yield start + len(parts[-1])
        self._trained[images] = torch.cat(parts)

    def of(self, images: Tensor) -> Tensor:
        """Features (N, D) of `images` for training."""
        for _done in self.compute(images):
            pass
        return self._trained[images]

    def evaluated(self, images: Tensor) -> Tensor:
        """Features (N, D) of uint8 `images` (N, C, H, W) for `metrics.predict`."""
        if images not in self._evaluated:
            parts = torch.tensor_split(images, -(-len(images) // CHUNK))
            self._evaluated[images] = torch.cat([self._pass(part) for part in parts])
        return self._evaluated[images]

    @torch.no_grad()
    def _pass(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bf16):
            features: Tensor = self.model.features(to_float(images))  # type: ignore[operator]
        return features
