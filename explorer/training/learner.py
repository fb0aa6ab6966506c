"""What learns: the network, its optimizer, and, if a technique averages weights, their shadow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from explorer.data import ImageData, Split
from explorer.errors import InputError
from explorer.i18n import N_, Message
from explorer.optimizers import ParameterGroup
from explorer.recipe import Recipe
from explorer.techniques import building
from explorer.training import freezing
from explorer.training.model import Standardize, build, carry_over, fresh_layers, keep_fresh
from explorer.training.pixels import mean_and_std
from explorer.training.preflight import check_smallest_pass
from explorer.training.refit import answers, refitted
from explorer.training.teaching import Teachers


@dataclass(frozen=True)
class Changed:
    """What a live change did to the network: names of the weights kept and drawn afresh where it was rebuilt, both
    empty if all stay as they are; and whether it answers otherwise now.
    """

    kept: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    anew: bool = False


class Learner:
    """Network and optimizer of a recipe on a device; `change` fits both to another recipe and keeps what fits."""

    def __init__(self, recipe: Recipe, data: ImageData, device: torch.device, *, started: bool = True) -> None:
        """`started`: with start weights; a run that is resumed needs none."""
        self.recipe, self.device = recipe, device
        self.data, self.facts = data, data.spec
        self.teachers = Teachers(recipe, data, device)
        self.standardize = Standardize(*mean_and_std(data.training.images))
        self.dropout_rng = torch.Generator(device)
        model = self._model(recipe, started)
        freezing.check_patterns(recipe.frozen, model)
        self._take(model, freezing.plan(recipe, model, epoch=0))
        self.shadow: list[Tensor] = []
        self._restart_average()

    def change(self, recipe: Recipe, epoch: int, training: Split) -> Changed:
        """Learn on with `recipe` in `epoch`; a few images of `training` tell whether it is another network.

        Raises InputError, and learns on as before, if no layer would learn or could, or a teacher cannot be had.
        """
        teachers = Teachers(recipe, self.data, self.device, self.teachers)
        states = self.momenta() if recipe.optimizer.kind == self.recipe.optimizer.kind else {}
        averaged, changed = bool(self.shadow), Changed()
        model = wanted = self.model
        if building(recipe.techniques, recipe.network) != building(self.recipe.techniques, recipe.network):
            wanted = self._model(recipe)
        freezing.apply(freezing.plan(recipe, wanted, epoch), wanted)
        try:
            check_smallest_pass(recipe, wanted, training)
        except InputError:
            freezing.apply(self.layer_rates, model)
            raise
        if wanted is not model:
            before = answers(model, training.images, self.recipe.precision == "bf16")
            if not refitted(model, wanted):
                changed = Changed(*carry_over(model, wanted))
                model = wanted
            after = answers(model, training.images, self.recipe.precision == "bf16")
            changed = replace(changed, anew=model is wanted or not torch.equal(before, after))
        self.recipe, self.teachers = recipe, teachers
        self._take(model, freezing.plan(recipe, model, epoch))
        self.remember(states)
        if changed.kept or changed.fresh or averaged != self._averages():
            self._restart_average()
        return changed

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
            # As many numbers: Muon keeps its momentum of a convolution as a matrix.
            fits = all(value.numel() in (parameter.numel(), 1) for value in state.values() if isinstance(value, Tensor))
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

    def resume_state(self, others: dict[str, Tensor] | None = None) -> dict[str, Any]:
        """For a checkpoint: the network that is evaluated, and what it takes to train on.

        With `others` it is these weights that the checkpoint's network has (early stopping takes the best ones back);
        those that train on are kept beside them.
        """
        model, trained = self.weights(), {}
        if self.shadow or others:
            trained["trained"] = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        if self.shadow and others:
            trained["averaged"] = model
        optimizer = {"optimizer": self.momenta(), "optimizer_kind": type(self.optimizer).__name__}
        return {"model": others or model, **trained, **optimizer, "fresh_layers": sorted(fresh_layers(self.model))}

    def resume(self, content: dict[str, Any], epoch: int) -> bool:
        """Train on from a checkpoint's `content` in `epoch`; whether what the optimizer remembered fits this one.

        Raises InputError if it is of another network.
        """
        keep_fresh(self.model, content.get("fresh_layers", ()))
        self.begin_epoch(epoch)
        try:
            self.model.load_state_dict(content.get("averaged", content["model"]))
            self._restart_average()
            self.model.load_state_dict(content.get("trained", content["model"]))
            states = content.get("optimizer", {})
            adaptive = any("exp_avg" in state for state in states.values())
            kind = content.get("optimizer_kind", "AdamW" if adaptive else "SGD")  # version 1 does not say
            if fits := kind == type(self.optimizer).__name__:
                self.remember(states)
        except (RuntimeError, KeyError, AttributeError, TypeError) as error:
            text = N_(
                "The checkpoint does not fit the network of the recipe: {error}. Resume with the recipe of its run."
            )
            raise InputError(Message(text, error=" ".join(str(error).split())[:300])) from None
        return fits or not states

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
        groups: list[ParameterGroup] = [
            {"params": those, "factor": factor, "weight_decay": decay}
            for factor, own in learning
            for those, decay in (
                ([p for p in own if p.ndim > 1], self.recipe.weight_decay),
                ([p for p in own if p.ndim <= 1], 0.0),
            )
            if those
        ]
        return self.recipe.optimizer.build(groups, self.recipe.rate)

    def _averages(self) -> bool:
        return any(technique.acts_in("average") for technique in self.recipe.techniques)

    def _restart_average(self) -> None:
        self.shadow = [tensor.clone() for tensor in self._numbers] if self._averages() else []
