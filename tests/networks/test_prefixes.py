"""Names with the prefixes of wrappers, in whatever people keep a state dict: what fits is loaded, and that is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explorer.data import DataSpec
from explorer.networks import fit, weights_file
from explorer.recipe import Recipe
from explorer.techniques import Normalization, Transfer
from explorer.training import freezing
from explorer.training.model import build

State = dict[str, Tensor]


def network(*techniques: Any, classes: int = 3, channels: int = 1, depth: int = 8) -> nn.Module:
    recipe = Recipe(width=4, depth=depth, techniques=(Normalization(), *techniques))
    return build(recipe, DataSpec(classes, False, channels, 28), nn.Identity(), torch.Generator())


def pretrained(channels: int = 1) -> State:
    return {name: tensor + 1 for name, tensor in network(channels=channels).state_dict().items()}


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.", "module._orig_mod.", "model.module.net."])
@pytest.mark.parametrize(
    "wrapped",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model_state_dict": state, "optimizer_state_dict": {"state": {}, "param_groups": []}},
        lambda state: {"weights": {"model": state}},
    ],
    ids=["bare", "state_dict", "model_state_dict", "twice"],
)
def test_prefixes_come_off_and_are_told(
    tmp_path: Path, prefix: str, wrapped: Callable[[State], dict[str, Any]]
) -> None:
    state = pretrained()
    torch.save(wrapped({prefix + name: tensor for name, tensor in state.items()}), tmp_path / "w.pt")
    model = network(Transfer(weights=str(tmp_path / "w.pt"), train="all"))
    assert all(torch.equal(tensor, model.state_dict()[name]) for name, tensor in state.items())
    assert prefix in str(model.loaded.source)  # type: ignore[union-attr]
    assert not model.loaded.fresh  # type: ignore[union-attr]


def test_what_has_no_prefix_is_taken_as_it_is() -> None:
    fitted = fit(network(), pretrained())
    assert (fitted.prefixes, fitted.fresh, fitted.unused) == ((), (), ())


def test_two_copies_under_two_prefixes_do_not_overwrite_each_other(tmp_path: Path) -> None:
    state = pretrained()
    both = {**{f"model.{n}": t for n, t in state.items()}, **{f"net.{n}": t * 0 for n, t in state.items()}}
    torch.save(both, tmp_path / "w.pt")
    with pytest.raises(ValueError, match="None of the"):
        fit(network(), weights_file(tmp_path / "w.pt"))


# What got no weights learns.


def frozen(model: nn.Module, recipe: Recipe) -> set[str]:
    return {name for name, rate in freezing.plan(recipe, model, 0).items() if rate.frozen}


def test_layers_without_weights_learn_wherever_they_stand(tmp_path: Path) -> None:
    torch.save(pretrained(), tmp_path / "w.pt")
    transfer = Transfer(weights=str(tmp_path / "w.pt"))
    colour = network(transfer, channels=3)  # the first convolution takes three channels, the weights are for one
    recipe = Recipe(width=4, techniques=(Normalization(), transfer))
    assert "conv" not in frozen(colour, recipe)
    assert {"norm", "stage1.0.conv1", "stage3.0.norm2"} <= frozen(colour, recipe)
    deeper = network(transfer, depth=14)
    still = frozen(deeper, recipe.with_(depth=14))
    assert "stage1.0.conv1" in still
    assert not any(name.startswith(("stage1.1", "stage2.1", "stage3.1")) for name in still)
    assert "stage1.1.conv1" in frozen(deeper, recipe.with_(depth=14, frozen=("stage1.1",)))  # somebody said so


def test_from_scratch_nothing_is_fresh_by_accident() -> None:
    transfer = Transfer(weights="none")
    recipe = Recipe(width=4, techniques=(Normalization(), transfer))
    assert "conv" in frozen(network(transfer), recipe)
