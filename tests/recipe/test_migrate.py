"""Recipes, runs and checkpoints of version 1 open and mean what they meant; short names still stand for their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from explorer.errors import InputError
from explorer.networks import MLP, Pretrained, SmallCNN, ViT
from explorer.optimizers import SGD, AdamW
from explorer.recipe import VERSION, Recipe, in_words, live, parse
from explorer.resources import resource
from explorer.runs import open_run
from explorer.techniques import Schedule, Transfer
from explorer.techniques.slots import Moment

V1 = Path(__file__).parents[1] / "files" / "v1"
RECIPES = sorted((V1 / "recipes").glob("*.json"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_each_recipe_of_version_1_means_what_it_meant(path: Path) -> None:
    old, recipe = json.loads(path.read_text(encoding="utf-8")), Recipe.read(path)
    assert recipe.version == VERSION
    backbone = old["techniques"].get("transfer", {}).get("backbone", "small_cnn")
    if backbone == "small_cnn":
        assert recipe.network == SmallCNN(depth=old["depth"], width=old["width"])
    else:
        assert recipe.network == Pretrained(name=backbone, size=old["techniques"]["transfer"]["size"])
    if old["optimizer"] == "sgd":
        assert recipe.optimizer == SGD(momentum=old["momentum"], nesterov=old["nesterov"])
    else:
        assert recipe.optimizer == AdamW()
    assert recipe.rate == recipe.lr == old["lr"]
    for name in ("batch_size", "epochs", "weight_decay", "seed"):
        assert getattr(recipe, name) == old[name]
    assert {technique.name for technique in recipe.techniques} == set(old["techniques"])
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    ("old", "network", "optimizer", "rate"),
    [
        ({}, SmallCNN(), SGD(), 0.2),
        ({"optimizer": "adamw", "momentum": 0.5}, SmallCNN(), AdamW(), 0.2),  # momentum was there, and did not act
        ({"depth": 20, "techniques": {"transfer": {}}}, Pretrained(), SGD(), 0.2),
        ({"width": 8, "techniques": {"transfer": {"backbone": "small_cnn"}}}, SmallCNN(width=8), SGD(), 0.2),
    ],
)
def test_what_version_1_left_out_had_its_defaults(
    old: dict[str, Any], network: object, optimizer: object, rate: float
) -> None:
    recipe = parse({"version": 1, **old})
    assert (recipe.network, recipe.optimizer, recipe.rate) == (network, optimizer, rate)


def test_a_stored_run_and_the_example_open() -> None:
    for folder in (V1 / "run", Path(str(resource("examples", "default")))):
        record = open_run(folder)
        assert isinstance(parse(record.recipe).network, SmallCNN)
        assert record.epochs


def test_short_names_stand_for_the_parameter_of_a_choice() -> None:
    assert Recipe(depth=14, width=4).network == SmallCNN(depth=14, width=4)
    assert Recipe(network="vit").with_(width=32).network == ViT(width=32)
    assert Recipe(momentum=0.5).optimizer == SGD(momentum=0.5)
    assert Recipe(network="resnet18").network == Pretrained(name="resnet18")
    assert parse({"network": {"width": 8}}).network == SmallCNN(width=8)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"network": "vitt"}, "There is no network 'vitt'. Did you mean vit?"),
        ({"network": "resnet81"}, "There is no network 'resnet81'. Did you mean resnet18?"),
        ({"network": {"kind": "cnn"}}, "There is no network 'cnn'"),
        ({"network": {"kind": "mlp", "patch": 4}}, "There is no setting network.patch. It belongs to: vit."),
        ({"network": {"kind": "vit", "dept": 4}}, "There is no setting network.dept. Did you mean depth?"),
        ({"network": {"kind": "vit", "width": 50}}, "network.width is 50; it must be one of: 16, 32, 48"),
        ({"optimizer": "adam"}, "There is no optimizer 'adam'. Did you mean adamw?"),
        ({"optimizer": {"kind": "adamw", "momentum": 0.5}}, "It belongs to: sgd, muon."),
        ({"optimizer": {"kind": "adamw", "betas": [0.9, 1.0]}}, "optimizer.betas.1 is 1.0; it must be < 1"),
        ({"network": "resnet18", "width": 8}, "There is no setting network.width. It belongs to: small_cnn, mlp, vit."),
    ],
)
def test_what_is_wrong_in_a_choice_is_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(values)
    assert said in str(caught.value)


def test_the_rate_left_open_follows_the_optimizer_and_transfer_and_a_typed_one_stays() -> None:
    assert Recipe().rate == 0.2
    assert Recipe(optimizer="adamw").rate == AdamW.rate < 0.05
    assert Recipe().switched(Transfer()).rate == 0.01
    assert Recipe().switched(Transfer(weights="none")).rate == 0.2
    assert Recipe(lr=0.2).with_(optimizer="adamw").rate == 0.2
    assert Recipe(lr="auto").lr is None
    assert json.loads(Recipe().to_json())["lr"] is None


def test_choices_differ_in_words() -> None:
    before = Recipe()
    assert in_words(before, Recipe(network=MLP())) == ("MLP 3 × 128 instead of CNN 8 × 16",)
    rate = f"rate {AdamW.rate:g} instead of 0.2"
    assert in_words(before, Recipe(optimizer="adamw")) == (rate, "AdamW instead of SGD 0.9")
    assert in_words(before, Recipe(momentum=0.5)) == ("momentum 0.5 instead of 0.9",)
    assert in_words(before, Recipe(lr=0.2)) == ()
    assert in_words(before, Recipe(lr=0.1, width=8)) == ("rate 0.1 instead of 0.2", "width 8 instead of 16")


def test_the_network_waits_for_the_next_run_and_the_optimizer_acts_at_once() -> None:
    now = live(Recipe(), Recipe(network="vit", optimizer="adamw"))
    assert (now.network, now.optimizer) == (SmallCNN(), AdamW())


def test_milestones_before_the_start_open_as_they_were() -> None:
    """They lower the rate from the first step on; only a new run of them is refused (tests/techniques)."""
    techniques = {"schedule": {"kind": "multi_step", "milestones": [0, 3], "gamma": 0.5}}
    for version in (1, VERSION):
        schedule = parse({"version": version, "techniques": techniques}).technique(Schedule)
        assert schedule
        assert schedule.milestones == (0.0, 3.0)
        assert schedule.lr_scale(Moment(0, 4, 5)) == 0.5


@pytest.mark.parametrize(
    ("values", "together"),
    [
        ({"version": 2, "data": {"name": "pets"}}, False),
        ({"version": 1, "data": "pets"}, False),
        ({"version": 2, "data": {"name": "pets", "near_copies": True}}, True),
        ({"data": {"name": "pets"}}, True),
        ({"version": 2, "data": {"name": "fashion-mini"}}, True),  # nothing is divided here
        ({"version": 2, "data": {}}, True),
        ({"version": 2}, True),
    ],
)
def test_recipes_of_before_divide_own_pictures_as_before(values: dict[str, Any], together: bool) -> None:
    recipe = parse(values)
    assert recipe.data.near_copies == together
    assert Recipe.from_json(recipe.to_json()) == recipe
