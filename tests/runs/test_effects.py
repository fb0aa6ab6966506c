"""What came of an experiment, on made-up runs: effects, classes, interactions; and going on where it was cut off."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explorer.errors import InputError
from explorer.events import FINISHED, STOPPED, EpochDone, Evaluation, RunEnded, RunStarted
from explorer.i18n import NOTHING
from explorer.recipe import Recipe
from explorer.runs import RunStore
from explorer.runs.ablation import ablation, combined
from explorer.runs.continuing import free_folder, take_known
from explorer.runs.effects import Effects
from explorer.runs.experiment import Experiment, Planned
from explorer.runs.place import keep_place, kept_place
from explorer.techniques import Dropout, Skip


def finished(accuracy: float) -> RunEnded:
    return RunEnded(outcome=FINISHED, reason=NOTHING, test={"accuracy": accuracy})


def keep(folder: Path, planned: Planned, ended: RunEnded, right: int = 8) -> None:
    """As if it had been trained: of 10 images of class a so many right, of those of b all."""
    with RunStore(folder, planned.recipe) as store:
        recipe = planned.recipe.model_dump(mode="json")
        facts = {"layers": (), "classes": ("a", "b"), "ordered": False, "images": {}, "device": "cpu", "time": 0.0}
        store.append(RunStarted(recipe=recipe, steps_per_epoch=1, **facts))  # type: ignore[arg-type]
        none, floats = np.zeros(0, np.int64), np.zeros((0, 3), np.float32)
        confusion = np.array([[right, 10 - right], [0, 10]])
        store.append(EpochDone(epoch=1, step=1, train={}, validation={}, best=True, seconds=2.0, images_per_second=1.0))
        store.append(
            Evaluation(
                epoch=1,
                confusion=confusion,
                bins=floats,
                images=np.zeros((0, 1, 1, 1), np.uint8),
                labels=none,
                answers=none,
                confidence=floats[:, 0],
            )
        )
        store.append(ended)
    keep_place(folder, planned.place)


def test_effects_are_paired_with_the_baseline_and_know_cost_and_classes(tmp_path: Path) -> None:
    experiment = Experiment.of_technique(Dropout(p=0.3), Recipe(), seeds=3)
    for n, planned in enumerate(experiment.runs):
        on, luck = planned.place.arm, (0.0, 0.2, 0.4)[planned.place.seed]
        keep(tmp_path / str(n), planned, finished(0.4 + luck + 0.05 * on + 0.001 * n * on), right=8 - 2 * on)
        experiment.ended(planned, finished(0.4 + luck + 0.05 * on + 0.001 * n * on), tmp_path / str(n))
    effects = Effects(experiment)
    base, arm = effects.effects
    assert base.verdict is None
    assert arm.verdict
    assert (arm.verdict.sign, arm.verdict.n) == (1, 3)  # though luck is eight times as large as the effect
    assert arm.verdict.difference == pytest.approx(0.053)
    assert arm.seconds_per_epoch == 2.0
    assert effects.classes == ("a", "b")
    assert effects.gains(arm) == pytest.approx((-0.2, 0.0))
    (sentence,) = effects.sentences()
    assert str(sentence).startswith("Test accuracy is higher: dropout 0.3 against without dropout, +0.053")


def test_a_run_that_did_not_finish_is_paired_with_nothing() -> None:
    experiment = Experiment.of_technique(Dropout(p=0.3), Recipe(), seeds=2)
    for planned in experiment.runs:
        bad = planned.place.arm == 1 and planned.place.seed == 1
        how = RunEnded(outcome="diverged", reason=NOTHING) if bad else finished(0.5)
        experiment.ended(planned, how)
    arm = Effects(experiment).effects[1]
    assert arm.verdict
    assert (arm.verdict.n, len(arm.values)) == (1, 1)
    assert "several seeds" in str(next(Effects(experiment).sentences()))
    (sentence,) = Effects(Experiment.of_technique(Dropout(p=0.3), Recipe())).sentences()
    assert "one seed" in str(sentence)


def test_interactions_are_differences_of_differences() -> None:
    experiment = combined(Recipe(), ("dropout", "skip"), 4)
    assert len(experiment.arms) == 4
    assert experiment.baseline == 1  # without dropout, with skip: the recipe itself
    for planned in experiment.runs:
        dropout, skip = (planned.recipe.technique(kind) is not None for kind in (Dropout, Skip))
        noise = 0.001 * ((7 * planned.place.seed + 3 * planned.place.arm) % 4)
        experiment.ended(planned, finished(0.5 + 0.1 * dropout + 0.2 * skip - 0.08 * (dropout and skip) + noise))
    ((label, found),) = Effects(experiment).interactions()
    assert str(label) == "Dropout, Skip connections together"
    assert found.difference == pytest.approx(-0.08, abs=0.004)
    assert found.sign == -1


def test_an_ablation_leaves_out_what_cannot_be() -> None:
    off, left_out = ablation(Recipe(), "off", 2)
    assert len(off.arms) == 1 + len(Recipe().techniques)
    assert not left_out
    on, left_out = ablation(Recipe(), "on", 1)
    assert str(on.arms[0].label) == "as it is"
    assert {str(one.label) for one in left_out} | {str(arm.label) for arm in on.arms}
    assert all(len(arm.recipe.techniques) == len(Recipe().techniques) + 1 for arm in on.arms[1:])
    both, _left_out = ablation(Recipe(), "all", 1)
    assert len(both.arms) == len(off.arms) + len(on.arms) - 1
    needs_skip = Recipe().switched(Dropout()).without("skip")
    assert all(arm.recipe.technique(Skip) is None for arm in ablation(needs_skip, "off", 1)[0].arms)
    for bad in ((), ("dropout",), ("dropout", "dropout"), ("dropout", "skip", "sam", "clipping", "mixing")):
        with pytest.raises(InputError, match="2 to 4"):
            combined(Recipe(), bad, 1)


def test_what_a_folder_holds_is_not_made_again(tmp_path: Path) -> None:
    first = Experiment.of_technique(Dropout(p=0.3), Recipe(), seeds=2)
    first.with_threads(1)
    for planned in first.runs[:3]:
        stopped = RunEnded(outcome=STOPPED, reason=NOTHING)
        keep(free_folder(tmp_path, planned.place), planned, stopped if planned is first.runs[2] else finished(0.5))
    again = Experiment.of_technique(Dropout(p=0.3), Recipe(), seeds=3)
    assert take_known(again, tmp_path) == 1
    assert [result.place for result in again.results] == [again.runs[0].place, again.runs[1].place]
    assert again.left == 4
    folder = again.results[0].folder
    assert folder
    assert kept_place(folder) == again.runs[0].place  # it is of this experiment now
    assert free_folder(tmp_path, again.runs[2].place).name == "without-dropout-seed-1-2"
    assert take_known(Experiment.of_technique(Dropout(p=0.4), Recipe(seed=9)), tmp_path) is None
