"""A run is called by what it was and what came of it, in the window's language, and the same from its first step on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from explorer.events import EpochDone, Event, RecipeChanged, RunEnded, RunStarted, StepDone
from explorer.i18n import NOTHING, set_language
from explorer.recipe import Recipe, in_words
from explorer.runs import RunRecord
from explorer.runs.experiment import Experiment
from explorer.runs.names import apart, file_name, name_of
from explorer.runs.place import keep_place, kept_place
from explorer.runs.timing import measures, seconds_left
from explorer.techniques import Dropout, LabelSmoothing

AUTOMATIC = Path("2026-01-03-000000-fashion-mini")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


def started(recipe: Recipe) -> RunStarted:
    return RunStarted(
        recipe=recipe.model_dump(mode="json"),
        layers=(),
        classes=("a", "b"),
        ordered=False,
        images={},
        steps_per_epoch=4,
        device="cpu",
        time=1_700_000_000.0,
    )


def epoch(n: int, accuracy: float, best: bool) -> EpochDone:
    metrics = {"loss": 0.5, "accuracy": accuracy}
    return EpochDone(epoch=n, step=4 * n, train=metrics, validation=metrics, best=best, seconds=1, images_per_second=1)


def ended(outcome: str, **test: float) -> RunEnded:
    return RunEnded(outcome=outcome, reason=NOTHING, test=test)


def test_differences_are_said_without_arrows_and_names_of_fields_that_nobody_knows() -> None:
    after = Recipe(seed=2).without("label_smoothing").switched(Dropout(p=0.5))
    said = in_words(Recipe(), after)
    assert said == ("seed 2 instead of 0", "without label smoothing", "with dropout 0.5")
    assert not any("→" in one for one in in_words(Recipe(), Recipe(lr=0.4)))
    assert in_words(after, after.switched(Dropout(p=0.3)))[0].startswith("Dropout: ")


def test_a_title_stays_from_the_first_step_to_the_end() -> None:
    recipe = Recipe(seed=3)
    later = recipe.switched(Dropout(p=0.3))
    events: list[Event] = [
        started(recipe),
        epoch(1, 0.6, best=True),
        RecipeChanged(step=4, recipe=later.model_dump(mode="json")),
        epoch(2, 0.5, best=False),
        ended("finished", accuracy=0.887),
    ]
    names = [name_of(RunRecord.of(events[: n + 1]), AUTOMATIC, goes_on=n < 4) for n in range(len(events))]
    assert {name.title for name in names} == {"Seed 3"}
    assert [name.result for name in names] == [
        "goes on",
        "goes on",
        "1 live change · goes on",
        "1 live change · goes on",
        "1 live change · 88.7 %",
    ]
    assert names[-1].line == "Seed 3 · 1 live change · 88.7 %"


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("finished", "61.2 %"),
        ("stopped", "stopped in epoch 2 · 61.2 %"),
        ("diverged", "diverged in epoch 2"),
        ("failed", "failed"),
        ("", "cut off in epoch 2 · 61.2 %"),
    ],
)
def test_every_end_is_told(outcome: str, said: str) -> None:
    events: list[Event] = [started(Recipe()), epoch(1, 0.612, best=True), *([ended(outcome)] if outcome else [])]
    name = name_of(RunRecord.of(events), AUTOMATIC)
    assert (name.title, name.result) == ("Default recipe", said)


def test_names_that_are_given_stay_and_those_that_are_alike_get_the_time() -> None:
    record = RunRecord.of([started(Recipe())])
    names = [name_of(record, Path(folder)) for folder in ("mine", AUTOMATIC.name, "2026-01-04-000000-x")]
    first, *rest = apart(names)
    assert first == "mine"
    assert all(title.startswith("Default recipe · 2023-11-1") for title in rest)
    assert len(set(rest)) == 2


def test_an_arm_is_known_from_its_folder_in_any_language(tmp_path: Path) -> None:
    experiment = Experiment.of_technique(LabelSmoothing(epsilon=0.1), Recipe(seed=5), seeds=2)
    assert [planned.recipe.seed for planned in experiment.runs] == [5, 5, 6, 6]
    place = experiment.runs[2].place
    keep_place(tmp_path, place)
    assert kept_place(tmp_path) == place
    name = name_of(RunRecord.of([started(experiment.runs[2].recipe)]), tmp_path / "..", kept_place(tmp_path))
    assert name.place is not None
    assert name.place.said == "without label smoothing, seed 6"
    set_language("ru")
    assert not any("a" <= letter <= "z" for planned in experiment.runs for letter in planned.place.said)
    set_language("en")
    (tmp_path / "run.json").write_text("{", encoding="utf-8")
    assert kept_place(tmp_path) is None


def test_titles_become_names_of_files() -> None:
    assert file_name("without label smoothing · 88.7 %") == "without-label-smoothing-88.7"
    assert file_name("../a/b:c*?") == "a-b-c"
    assert file_name("…") == "run"
    assert len(file_name("x" * 300)) == 80


def test_time_left_counts_measuring_and_the_test_images() -> None:
    """Two of four epochs done, 4 steps of 0.5 s each; measuring takes 9 s an epoch, the test images half of that."""
    start = msgspec.structs.replace(started(Recipe(epochs=4)), images={"validation": 100, "test": 100})
    record = RunRecord.of([start])
    for n in (1, 2):
        for step in range(4 * n - 3, 4 * n + 1):
            record.apply(StepDone(step=step, epoch=n - 1, loss=1.0, lr=(0.1,), seconds=0.5, images=8))
        assert measures(record)
        record.apply(msgspec.structs.replace(epoch(n, 0.5, best=True), seconds=2.0, measuring_seconds=9.0))
        assert not measures(record)
    assert seconds_left(record) == pytest.approx(2 * (2 + 9) + 4.5)


def test_before_the_first_measuring_time_left_reckons_with_it() -> None:
    start = msgspec.structs.replace(started(Recipe(epochs=1)), images={"validation": 6400, "test": 6400})
    record = RunRecord.of([start])
    record.apply(StepDone(step=1, epoch=0, loss=1.0, lr=(0.1,), seconds=0.5, images=128))
    assert seconds_left(record) == pytest.approx(3 * 0.5 + (2 + 1) * 6400 * 0.5 / 128 / 3)
