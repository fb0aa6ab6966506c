"""Arms × seeds: which run comes next, what it is called, and what came of it, without any training."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from explorer.errors import InputError
from explorer.events import DIVERGED, FINISHED, STOPPED, RunEnded
from explorer.i18n import NOTHING, Message, set_language
from explorer.recipe import Recipe
from explorer.recipe.setting import setting, settings
from explorer.runs.experiment import Arm, Experiment, Planned, run_all
from explorer.runs.place import PLACE, keep_place, kept_place
from explorer.techniques import Dropout


def labels(experiment: Experiment) -> list[str]:
    return [str(arm.label) for arm in experiment.arms]


def finished(accuracy: float) -> RunEnded:
    return RunEnded(outcome=FINISHED, reason=NOTHING, test={"accuracy": accuracy})


def test_any_arms_with_any_seeds_whole_comparisons_first() -> None:
    arms = [Arm(Message("few"), Recipe(epochs=2)), Arm(Message("many"), Recipe(epochs=9))]
    experiment = Experiment(Message("Epochs"), arms, seeds=2, baseline=1)
    assert [(run.place.said, run.recipe.epochs) for run in experiment.runs] == [
        ("few, seed 0", 2),
        ("many, seed 0", 9),
        ("few, seed 1", 2),
        ("many, seed 1", 9),
    ]
    assert len({run.place.experiment for run in experiment.runs}) == 1
    assert {run.place.baseline for run in experiment.runs} == {1}


def test_all_runs_are_made_once_and_a_refused_one_is_a_result() -> None:
    experiment = Experiment.of_values(Recipe(), {"epochs": (1, 2, 3)}, seeds=2)
    made: list[tuple[int, int]] = []

    def train(planned: Planned) -> RunEnded:
        made.append((planned.recipe.epochs, planned.recipe.seed))
        if planned.recipe.epochs == 2:
            raise InputError("no")
        return finished(planned.recipe.epochs + planned.recipe.seed / 10)

    run_all(experiment, train)
    assert made == [(1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (3, 1)]
    ends = {str(arm.label): [one.ended.test.get("accuracy") for one in own] for arm, own in experiment.by_arm()}
    assert ends == {"epochs 1": [1.0, 1.1], "epochs 2": [None, None], "epochs 3": [3.0, 3.1]}

    def refuse(planned: Planned) -> RunEnded:
        raise InputError("no")

    with pytest.raises(InputError, match="no"):
        run_all(Experiment.of_recipe(Recipe(), 2), refuse)


def test_what_is_known_is_not_made_again_and_a_stop_ends_all() -> None:
    experiment = Experiment.of_recipe(Recipe(), 3)
    experiment.ended(experiment.runs[0], RunEnded(outcome=DIVERGED, reason=NOTHING))
    seeds: list[int] = []

    def train(planned: Planned) -> RunEnded:
        seeds.append(planned.recipe.seed)
        return RunEnded(outcome=STOPPED, reason=NOTHING)

    run_all(experiment, train)
    assert seeds == [1]
    assert experiment.stopped


def test_values_of_settings_make_arms_called_by_them_and_the_recipe_itself_is_the_baseline() -> None:
    recipe = Recipe(lr=0.1)
    assert labels(Experiment.of_values(recipe, {"lr": ("0.02", "0.1", 0.5)})) == [
        "learning rate 0.02",
        "learning rate 0.1",
        "learning rate 0.5",
    ]
    assert Experiment.of_values(recipe, {"lr": ("0.02", "0.1")}).baseline == 1
    assert Experiment.of_values(Recipe(), {"lr": ("0.02", "0.2")}).baseline == 1  # what is left open is 0.2
    assert labels(Experiment.of_values(recipe, {"optimizer": ("sgd", "adamw")}))[0].startswith("SGD")
    assert labels(Experiment.of_values(recipe, {"dropout": ("off", "on"), "batch-size": ("32", "64")})) == [
        "without dropout, batch size 32",
        "without dropout, batch size 64",
        "dropout 0.2, batch size 32",
        "dropout 0.2, batch size 64",
    ]
    assert "0.3" in labels(Experiment.of_values(recipe, {"dropout.p": ("0.3",)}))[0]
    assert labels(Experiment.of_values(recipe, {"schedule.kind": ("cosine",)})) == [
        "learning-rate schedule: kind cosine"
    ]
    sizes = Experiment.of_values(recipe, {"per_class": ("20", "50"), "width": ("4", "8")})
    assert [(arm.recipe.data.per_class, arm.recipe.network.width) for arm in sizes.arms] == [  # type: ignore[attr-defined]
        (20, 4),
        (20, 8),
        (50, 4),
        (50, 8),
    ]


@pytest.mark.parametrize(
    ("name", "value", "answer"),
    [
        ("learning", "1", "lr"),
        ("drop", "1", "dropout"),
        ("seed", "1", "--seeds"),
        ("lr", "much", "lr"),
        ("dropout", "maybe", "neither on nor off"),
        ("batch_size", "0", "batch_size"),
    ],
)
def test_what_cannot_be_set_is_named(name: str, value: str, answer: str) -> None:
    with pytest.raises(InputError) as caught:
        Experiment.of_values(Recipe(), {name: (value,)})
    assert answer in str(caught.value) or name == "learning"


def test_every_setting_is_said_and_can_be_set_to_what_it_is() -> None:
    for one in settings():
        technique = bool(one.owner) and not hasattr(Recipe(), one.owner)
        recipe = setting(one.owner).set(Recipe(), "on") if technique else Recipe()
        assert str(one.title(recipe))
        assert str(one.said(recipe))


def test_the_place_is_kept_and_said_in_any_language(tmp_path: Path) -> None:
    place = Experiment.of_values(Recipe(), {"dropout": ("off",), "lr": (0.1,)}, seeds=2).runs[0].place
    keep_place(tmp_path, place)
    assert kept_place(tmp_path) == place
    set_language("ru")
    assert not any("a" <= letter <= "z" for letter in place.said)
    set_language("en")


def test_places_of_before_are_read(tmp_path: Path) -> None:
    before = {"experiment": "4f", "technique": "dropout", "parameters": {"p": 0.3}, "arm": 1}
    before |= {"label": "dropout 0.3", "seed": 5, "seeds": 2}
    (tmp_path / PLACE).write_text(json.dumps(before), encoding="utf-8")
    place, now = kept_place(tmp_path), Experiment.of_technique(Dropout(p=0.3), Recipe(seed=5), 2).runs[1].place
    assert place is not None
    assert (place.experiment, place.title, place.label, place.said) == ("4f", now.title, now.label, now.said)
    (tmp_path / PLACE).write_text(json.dumps(before | {"technique": "of another version"}), encoding="utf-8")
    assert str(getattr(kept_place(tmp_path), "label", "")) == "dropout 0.3"
    for broken in ("{", "[]", '{"technique": 1}', "{}"):
        (tmp_path / PLACE).write_text(broken, encoding="utf-8")
        assert kept_place(tmp_path) is None
