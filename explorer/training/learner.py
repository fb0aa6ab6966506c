"""What learns: the network, its optimizer, and, if a technique averages weights, their shadow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from explorer.data import ImageData
from explorer.recipe import Recipe
from explorer.techniques import BUILD_SLOTS, Facts
from explorer.training.model import Standardize, build, carry_over


class Learner:
    """Network and optimizer of a recipe on a device; `change` fits both to another recipe and keeps what fits."""

    def __init__(self, recipe: Recipe, data: ImageData, device: torch.device) -> None:
        self.recipe, self.device = recipe, device
        images = data.training.images
        self.facts = Facts(len(data.classes), data.ordered, images.shape[1], images.shape[2])
        self.standardize = Standardize(*_mean_and_std(images))
        self.dropout_rng = torch.Generator(device)
        self._take(self._model(recipe))
        self.optimizer = self._optimizer()
        self.shadow: list[Tensor] = []
        self._restart_average()

    def change(self, recipe: Recipe) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Learn on with `recipe`; names of the weights kept and of those drawn afresh, both empty if all stay as is."""
        kept: tuple[str, ...] = ()
        fresh: tuple[str, ...] = ()
        names = {id(parameter): name for name, parameter in self.model.named_parameters()}
        momenta = {names[id(parameter)]: state for parameter, state in self.optimizer.state.items()}
        same_optimizer = recipe.optimizer == self.recipe.optimizer
        averaged, rebuilt = bool(self.shadow), _structure(recipe) != _structure(self.recipe)
        if rebuilt:
            old = self.model
            self._take(self._model(recipe))
            kept, fresh = carry_over(old, self.model)
        self.recipe = recipe
        self.optimizer = self._optimizer()
        for name, parameter in self.model.named_parameters() if same_optimizer else ():
            state = momenta.get(name, {})
            if all(value.shape in (parameter.shape, ()) for value in state.values() if isinstance(value, Tensor)):
                self.optimizer.state[parameter] = state
        if rebuilt or averaged != self._averages():
            self._restart_average()
        return kept, fresh

    def set_rate(self, rate: float) -> tuple[float, ...]:
        """Set the learning rate of every parameter group, and return all."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        return tuple(group["lr"] for group in self.optimizer.param_groups)

    def average(self, step: int) -> None:
        """Let the shadow follow the weights."""
        for technique in self.recipe.techniques if self.shadow else ():
            technique.average(self.shadow, self._numbers, step)

    @contextmanager
    def evaluated(self) -> Iterator[nn.Module]:
        """The network with the weights that are evaluated: the averaged ones, if any."""
        if not self.shadow:
            yield self.model
            return
        trained = [tensor.clone() for tensor in self._numbers]
        with torch.no_grad():
            torch._foreach_copy_(self._numbers, self.shadow)
            try:
                yield self.model
            finally:
                torch._foreach_copy_(self._numbers, trained)

    def weights(self) -> dict[str, Tensor]:
        """A copy of the weights that are evaluated."""
        with self.evaluated() as model:
            return {name: tensor.clone() for name, tensor in model.state_dict().items()}

    def restore(self, weights: dict[str, Tensor]) -> None:
        """Put `weights` in place of the trained and the averaged ones."""
        self.model.load_state_dict(weights)
        self._restart_average()

    def resume_state(self) -> dict[str, Any]:
        """What it takes to train on: the trained weights, where others are evaluated, and the optimizer's state."""
        trained = {"trained": self.model.state_dict()} if self.shadow else {}
        return {**trained, "optimizer": self.optimizer.state_dict()}

    def _model(self, recipe: Recipe) -> nn.Module:
        model = build(recipe, self.facts, self.standardize, self.dropout_rng)
        return model.to(self.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload, no-any-return]

    def _take(self, model: nn.Module) -> None:
        self.model = model
        # Walking through the modules takes longer than a small technique: once is enough.
        self.parameters = list(model.parameters())
        self._numbers = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]

    def _optimizer(self) -> torch.optim.Optimizer:
        recipe = self.recipe
        groups = [
            {"params": [p for p in self.parameters if p.ndim > 1], "weight_decay": recipe.weight_decay},
            {"params": [p for p in self.parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]
        if recipe.optimizer == "adamw":
            return torch.optim.AdamW(groups, lr=recipe.lr, foreach=True)
        nesterov = recipe.nesterov and recipe.momentum > 0
        return torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum, nesterov=nesterov, foreach=True)

    def _averages(self) -> bool:
        return any(technique.acts_in("average") for technique in self.recipe.techniques)

    def _restart_average(self) -> None:
        self.shadow = [tensor.clone() for tensor in self._numbers] if self._averages() else []


def _structure(recipe: Recipe) -> tuple[Any, ...]:
    """What decides the layers: if it differs, the network must be built anew."""
    return tuple(t for t in recipe.techniques if any(t.acts_in(slot) for slot in BUILD_SLOTS))


def _mean_and_std(images: Tensor) -> tuple[Tensor, Tensor]:
    """Per channel, of uint8 images (N, C, H, W), in units of [0, 1]; from at most 10,000 of them."""
    pixels = images[:10_000].float().div_(255)
    return pixels.mean(dim=(0, 2, 3)), pixels.std(dim=(0, 2, 3)).clamp(min=1e-3)
