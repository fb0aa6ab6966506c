"""Network and optimizer of a recipe: what a change keeps, what is evaluated, what a checkpoint holds."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from explorer import Recipe
from explorer.errors import InputError
from explorer.techniques import Dropout, Normalization, Skip, Technique, Transfer, WeightAveraging
from explorer.training.freezing import plan
from explorer.training.learner import Learner
from tests.conftest import MakeImages


def recipe(*techniques: Technique, **fields: Any) -> Recipe:
    return Recipe(width=4, batch_size=6, epochs=2, lr=0.1, device="cpu", techniques=techniques, **fields)


def learner(of: Recipe, tiny: MakeImages) -> Learner:
    return Learner(of, tiny(count=12), torch.device("cpu"))


def one_step(of: Learner) -> None:
    of.optimizer.zero_grad()
    of.model(torch.rand((6, 1, 8, 8), generator=torch.Generator().manual_seed(0))).square().mean().backward()
    of.optimizer.step()


def test_parameters_of_several_dimensions_decay_and_others_do_not(tiny: MakeImages) -> None:
    made = learner(recipe(Normalization(), weight_decay=0.3), tiny)
    decays = {id(p): group["weight_decay"] for group in made.optimizer.param_groups for p in group["params"]}
    assert decays == {id(p): 0.3 if p.ndim > 1 else 0.0 for p in made.model.parameters()}


def test_what_is_frozen_is_not_in_the_optimizer_and_comes_back_with_what_it_remembered(tiny: MakeImages) -> None:
    data = tiny(count=12)
    made, of = learner(recipe(), tiny), recipe(frozen=("stage1",))
    one_step(made)
    before = made.momenta()
    made.change(of, 0, data.training)
    assert set(made.momenta()) == {name for name in before if not name.startswith("stage1")}
    assert not any(p.requires_grad for name, p in made.model.named_parameters() if name.startswith("stage1"))
    assert all(torch.equal(state["momentum_buffer"], before[name]["momentum_buffer"])
               for name, state in made.momenta().items())  # fmt: skip


@pytest.mark.parametrize(
    ("after", "same", "anew"),
    [
        (recipe(Dropout(p=0.4)), True, False),  # changes no structure
        (recipe(Dropout(p=0.3), Normalization()), False, True),
    ],
    ids=["other p", "other layers"],
)
def test_a_change_keeps_the_network_where_it_can(tiny: MakeImages, after: Recipe, same: bool, anew: bool) -> None:
    data = tiny(count=12)
    made = learner(recipe(Dropout(p=0.3)), tiny)
    one_step(made)
    model, weight = made.model, made.model.get_parameter("classifier.weight").clone()
    changed = made.change(after, 0, data.training)
    assert (made.model is model, changed.anew) == (same, anew)
    assert torch.equal(made.model.get_parameter("classifier.weight"), weight)
    assert made.momenta()["classifier.weight"]


def test_a_change_that_cannot_act_leaves_everything_as_it_was(tiny: MakeImages) -> None:
    data, made = tiny(count=12), learner(recipe(), tiny)
    model, optimizer = made.model, made.optimizer
    with pytest.raises(InputError, match="Every layer is frozen"):
        made.change(recipe(frozen=("*",)), 0, data.training)
    assert (made.model, made.optimizer, made.recipe) == (model, optimizer, recipe())
    assert all(parameter.requires_grad for parameter in made.model.parameters())


def test_stages_learn_at_their_rates_and_thaw(tiny: MakeImages) -> None:
    of = recipe(Transfer(weights="none", train="top", frozen_stages=2, thaw_every=1, depth_factor=0.5))
    made = learner(of, tiny)
    assert made.set_rate(0.4) == tuple(0.4 * factor for factor in made.factors)
    learning = len(made.parameters)
    assert not made.begin_epoch(0)
    assert made.begin_epoch(1)
    assert made.layer_rates == plan(of, made.model, 1)
    assert len(made.parameters) > learning


def test_the_averaged_weights_are_evaluated_and_the_trained_ones_train_on(tiny: MakeImages) -> None:
    made = learner(recipe(WeightAveraging(decay=0.5), Skip()), tiny)
    name = "classifier.weight"
    start = made.model.get_parameter(name).clone()
    one_step(made)
    trained = made.model.get_parameter(name).clone()
    made.average(1)
    with made.evaluated() as model:
        between = model.get_parameter(name).clone()
    assert not torch.equal(between, trained)
    assert torch.all((between - start).abs() <= (trained - start).abs() + 1e-7)
    assert torch.equal(made.model.get_parameter(name), trained)
    state = made.resume_state()
    assert torch.equal(state["model"][name], between)
    assert torch.equal(state["trained"][name], trained)

    again = learner(recipe(WeightAveraging(decay=0.5), Skip()), tiny)
    assert again.resume(state, 0)
    assert torch.equal(again.model.get_parameter(name), trained)
    assert torch.equal(again.weights()[name], between)
    assert set(again.momenta()) == set(made.momenta())


def test_a_checkpoint_of_another_network_is_refused(tiny: MakeImages) -> None:
    state = learner(recipe(), tiny).resume_state()
    with pytest.raises(InputError, match="does not fit the network of the recipe"):
        learner(recipe(Normalization()), tiny).resume(state, 0)
