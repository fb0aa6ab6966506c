"""The recipe: JSON both ways, messages that name the field and the remedy, the published schema."""

import json
import runpy
from pathlib import Path

import jsonschema
import pytest

from explorer.errors import InputError
from explorer.networks import SmallCNN
from explorer.recipe import Recipe, in_words, live
from explorer.resources import resource
from explorer.techniques import TECHNIQUES, Dropout, EarlyStopping, Schedule


def test_json_round_trip() -> None:
    recipe = Recipe(techniques=[technique() for technique in TECHNIQUES], data="gauges", lr=0.05)
    assert Recipe.from_json(recipe.to_json()) == recipe


def test_off_means_absent() -> None:
    assert "dropout" not in json.loads(Recipe().to_json())["techniques"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"lr": float("nan")}, "lr is nan; it must be a finite number"),
        ({"lr": 0}, "lr is 0; it must be > 0"),
        ({"epochs": 0}, "epochs is 0; it must be ≥ 1"),
        ({"depth": 9}, "depth is 9; it must be one of: 8, 14, 20"),
        ({"optimiser": "sgd"}, "There is no setting optimiser. Did you mean optimizer?"),
        ({"data": {"nam": "x"}}, "Did you mean name?"),
        ({"techniques": {"dropuot": {}}}, "There is no technique 'dropuot'. Did you mean dropout?"),
        ({"techniques": {"dropout": {"p": 1.5}}}, "dropout.p is 1.5; it must be ≤ 0.95"),
        ({"techniques": {"dropout": {"q": 1}}}, "There is no setting dropout.q"),
        ({"techniques": {"dropout": {"p": float("inf")}}}, "dropout.p is inf; it must be a finite number"),
        ({"techniques": 3}, "Techniques are an object"),
        ({"version": 3}, "version 3; this program reads up to 2. Update"),
    ],
)
def test_bad_values_are_named(values: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        Recipe.from_json(json.dumps(values), "my.json")
    assert said in str(caught.value)
    assert str(caught.value).startswith("my.json")


@pytest.mark.parametrize("text", ["{", "", "[1]", "null", "[" * 100_000])
def test_broken_json_names_the_file(text: str) -> None:
    with pytest.raises(InputError, match=r"my\.json"):
        Recipe.from_json(text, "my.json")


def test_several_problems_are_all_named() -> None:
    with pytest.raises(InputError) as caught:
        Recipe.from_json('{"lr": -1, "epochs": 0}')
    assert "lr" in str(caught.value)
    assert "epochs" in str(caught.value)


def test_a_technique_can_be_on_once() -> None:
    with pytest.raises(ValueError, match="only once"):
        Recipe(techniques=[Dropout(), Dropout(p=0.5)])


def test_order_of_techniques_is_fixed() -> None:
    assert Recipe(techniques=[Schedule(), Dropout()]) == Recipe(techniques=[Dropout(), Schedule()])


def test_changes_in_words() -> None:
    before = Recipe(techniques=[Schedule()])
    after = before.switched(Dropout(p=0.3)).without("schedule").with_(lr=0.05)
    assert in_words(before, after) == ("rate 0.05 instead of 0.2", "with dropout 0.3", "without learning-rate schedule")
    assert in_words(after, after.switched(Dropout(p=0.5))) == ("Dropout: probability p 0.5 instead of 0.3",)


def test_fixed_fields_wait_for_the_next_run() -> None:
    running, other = Recipe(), SmallCNN(depth=20)
    wanted = Recipe(seed=3, network=other, batch_size=64, lr=0.01, techniques=[Dropout()])
    now = live(running, wanted)
    assert (now.seed, now.network, now.batch_size) == (running.seed, running.network, running.batch_size)
    assert (now.lr, now.techniques) == (0.01, wanted.techniques)


def test_published_schema_is_the_declarations() -> None:
    script = runpy.run_path(str(Path(__file__).parents[2] / "packaging" / "build_schema.py"))
    assert resource("recipe.schema.json").read_text(encoding="utf-8") == script["schema"]()


def test_schema_accepts_what_we_accept() -> None:
    schema = json.loads(resource("recipe.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    good = json.loads(Recipe(techniques=[technique() for technique in TECHNIQUES]).to_json())
    jsonschema.validate(good, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(good | {"techniques": {"dropout": {"p": 2}}}, schema)


def test_early_stopping_of_version_1_ends_in_the_same_epoch() -> None:
    """Its patience counted the epoch in which the run ends."""
    old = {"version": 1, "techniques": {"early_stopping": {"patience": 3, "min_delta": 0.0}}}
    new = Recipe.from_json(json.dumps(old))
    assert new.technique(EarlyStopping) == EarlyStopping(patience=2)
    assert Recipe.from_json(new.to_json()) == new
