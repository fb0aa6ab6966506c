"""Features of a frozen network, computed once: where everything below the head is frozen, each epoch sees the same."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from explorer.i18n import _
from explorer.recipe import Recipe
from explorer.techniques import Pace
from explorer.training.freezing import Plan, places
from explorer.training.metrics import CHUNK, to_float

STOCHASTIC = ("Drop", "StochasticDepth", "RReLU")
"""In the names of layers whose training pass draws numbers."""


def why_not(recipe: Recipe, model: nn.Module, paces: Plan) -> str | None:
    """Why features cannot be reused, translated; empty if they can, None if nobody asked for it."""
    if not any(getattr(technique, "cache_features", False) for technique in recipe.techniques):
        return None
    if any(not paces[place.name].frozen for place in places(model) if place.from_head):
        return _("a layer below the head learns")
    if any(
        not pace.norm.uses_running or pace.norm.statistics_update or pace.norm.affine_trains for pace in frozen(paces)
    ):
        return _("batch normalization in frozen layers does not stand still")
    if changing := [technique for technique in recipe.techniques if technique.acts_in("augment")]:
        return _("{technique} shows other images in each epoch").format(technique=_(changing[0].title))
    head = {id(layer) for layer in model.head.modules()} if isinstance(model.head, nn.Module) else set()
    for name, layer in model.named_modules():
        below = id(layer) not in head and name not in ("drop", "classifier")
        if below and layer.training and any(word in type(layer).__name__ for word in STOCHASTIC):
            return _("{layer} draws anew in each pass").format(layer=name)
    return ""


def frozen(paces: Plan) -> list[Pace]:
    """Those of the layers that are frozen."""
    return [pace for pace in paces.values() if pace.frozen]


class Features:
    """Keeps what `model.features` gave for whole sets of images. Results equal those without it, bit for bit.

    For that, images go through in batches as large as in training, and the sets that are evaluated in the parts in
    which they are evaluated.
    """

    def __init__(self, model: nn.Module, batch_size: int, bf16: bool) -> None:
        self.model, self._batch_size, self._bf16 = model, batch_size, bf16
        self._whole: dict[int, Tensor] = {}

    def of(self, images: Tensor) -> Tensor:
        """Features (N, D) of uint8 `images` (N, C, H, W), N at least the batch size."""
        if id(images) not in self._whole:
            starts = range(0, len(images), self._batch_size)
            parts = [self._pass(images[min(s, len(images) - self._batch_size) :][: self._batch_size]) for s in starts]
            rest = len(images) - starts[-1]
            self._whole[id(images)] = torch.cat([*parts[:-1], parts[-1][-rest:]])
        return self._whole[id(images)]

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """Logits as `metrics.predict` gives them in evaluation mode."""
        parts = torch.tensor_split(images, -(-len(images) // CHUNK))
        if id(images) not in self._whole:
            self._whole[id(images)] = torch.cat([self._pass(part) for part in parts])
        sizes = [len(part) for part in parts]
        modes = [(layer, layer.training) for layer in self.model.modules()]
        self.model.eval()
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self._bf16):
            logits = torch.cat([self.model.head(part).float() for part in torch.split(self._whole[id(images)], sizes)])  # type: ignore[operator]
        for layer, mode in modes:
            layer.training = mode
        return logits

    @torch.no_grad()
    def _pass(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self._bf16):
            features: Tensor = self.model.features(to_float(images))  # type: ignore[operator]
        return features
