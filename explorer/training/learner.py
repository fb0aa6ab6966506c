"""What learns: the network, its optimizer, and, if a technique averages weights, their shadow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from explorer.data import ImageData
from explorer.errors import InputError
from explorer.i18n import _
from explorer.recipe import Recipe
from explorer.techniques import BLANKS
from explorer.training import freezing
from explorer.training.model import Standardize, build, carry_over
from explorer.training.pixels import mean_and_std


class Learner:
    """Network and optimizer of a recipe on a device; `change` fits both to another recipe and keeps what fits."""

    def __init__(self, recipe: Recipe, data: ImageData, device: torch.device, *, started: bool = True) -> None:
        """`started`: with start weights; a run that is resumed needs none."""
        self.recipe, self.device = recipe, device
        self.facts = data.spec
        self.standardize = Standardize(*mean_and_std(data.training.images))
        self.dropout_rng = torch.Generator(device)
        model = self._model(recipe, started)
        freezing.check_patterns(recipe.frozen, model)
        self._take(model, freezing.plan(recipe, model, epoch=0))
        self.shadow: list[Tensor] = []
        self._restart_average()

    def change(self, recipe: Recipe, epoch: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Learn on with `recipe` in `epoch`; names of the weights kept and of those drawn afresh, both empty if all
        stay as they are. Raises InputError, and learns on as before, if no layer would learn.
        """
        kept: tuple[str, ...] = ()
        fresh: tuple[str, ...] = ()
        states = self.momenta() if recipe.optimizer == self.recipe.optimizer else {}
        averaged, rebuilt = bool(self.shadow), _structure(recipe) != _structure(self.recipe)
        model = self._model(recipe) if rebuilt else self.model
        layer_rates = freezing.plan(recipe, model, epoch)
        if rebuilt:
            kept, fresh = carry_over(self.model, model)
        self.recipe = recipe
        self._take(model, layer_rates)
        self.remember(states)
        if rebuilt or averaged != self._averages():
            self._restart_average()
        return kept, fresh

    def begin_epoch(self, epoch: int) -> bool:
        """Thaw or freeze what the recipe plans for `epoch`, counted from 0; whether anything changed."""
        layer_rates = freezing.plan(self.recipe, self.model, epoch)
        if layer_rates == self.layer_rates:
            return False
        states = self.momenta()
        self._take(self.model, layer_rates)
        self.remember(states)
        return True

    def set_rate(self, rate: float) -> tuple[float, ...]:
        """Set the learning rate of every parameter group; one for each factor, from the input to the head."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        return tuple(rate * factor for factor in self.factors)

    def momenta(self) -> dict[str, dict[str, Any]]:
        """What the optimizer remembers of each parameter, by name."""
        names = {id(parameter): name for name, parameter in self.model.named_parameters()}
        return {names[id(parameter)]: state for parameter, state in self.optimizer.state.items()}

    def remember(self, states: dict[str, dict[str, Any]]) -> None:
        """Give the optimizer back what it remembered, where a parameter of that name and shape learns."""
        for name, parameter in self.model.named_parameters():
            state = states.get(name, {}) if parameter.requires_grad else {}
            fits = all(value.shape in (parameter.shape, ()) for value in state.values() if isinstance(value, Tensor))
            if state and fits:
                self.optimizer.state[parameter] = state

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
        return {**trained, "optimizer": self.momenta()}

    def resume(self, content: dict[str, Any], epoch: int) -> None:
        """Train on from a checkpoint's `content` in `epoch`. Raises InputError if it is of another network."""
        self.begin_epoch(epoch)
        try:
            self.model.load_state_dict(content["model"])
            self._restart_average()
            self.model.load_state_dict(content.get("trained", content["model"]))
            self.remember(content.get("optimizer", {}))
        except (RuntimeError, KeyError, AttributeError, TypeError) as error:
            text = _(
                "The checkpoint does not fit the network of the recipe: {error}. Resume with the recipe of its run."
            )
            raise InputError(text.format(error=" ".join(str(error).split())[:300])) from None

    def _model(self, recipe: Recipe, started: bool = True) -> nn.Module:
        model = build(recipe, self.facts, self.standardize, self.dropout_rng, started=started)
        return model.to(self.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload, no-any-return]

    def _take(self, model: nn.Module, layer_rates: freezing.Plan) -> None:
        self.model, self.layer_rates = model, layer_rates
        learning = freezing.apply(layer_rates, model)
        # Walking through the modules takes longer than a small technique: once is enough.
        self.parameters = [parameter for _factor, own in learning for parameter in own]
        self.factors = [factor for factor, _own in learning]
        self._numbers = [tensor for tensor in model.state_dict().values() if tensor.is_floating_point()]
        self.optimizer = self._optimizer(learning)

    def _optimizer(self, learning: Sequence[tuple[float, list[nn.Parameter]]]) -> torch.optim.Optimizer:
        """What is frozen is not in it: no state, no weight decay."""
        recipe = self.recipe
        groups = [
            {"params": those, "factor": factor, "weight_decay": decay}
            for factor, own in learning
            for those, decay in (
                ([p for p in own if p.ndim > 1], recipe.weight_decay),
                ([p for p in own if p.ndim <= 1], 0.0),
            )
            if those
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
    """What decides the layers: if it differs, the network must be built anew.

    A technique that brings a network of its own leaves no blanks to others, and what decides its layers is fixed for
    the run.
    """
    if any(technique.network_title for technique in recipe.techniques):
        return ()
    return tuple(t for t in recipe.techniques if any(t.acts_in(slot) for slot in BLANKS))
