"""The fold of events, and that mailbox, store and record keep the same of them."""

from __future__ import annotations

import types
import typing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.events import (
    KINDS,
    ActivationStats,
    EpochDone,
    Evaluation,
    Event,
    GradientNorms,
    NormStats,
    Note,
    Progress,
    RecipeChanged,
    RunEnded,
    RunStarted,
    StepDone,
)
from explorer.i18n import Message, set_language
from explorer.recipe import Recipe
from explorer.runs import Mailbox, RunRecord, RunStore
from explorer.runs.store import stored_events
from explorer.runs.timing import images_per_second, seconds_left, steps_per_epoch, total_steps, watching_share
from explorer.techniques import Dropout

SERIES = (StepDone, GradientNorms, NormStats, ActivationStats)


def sample(kind: type[Event], number: int = 0) -> Any:
    """An event of `kind` with values of the right types; the `number` stands in its first one that is a number."""
    values = {name: value(wanted) for name, wanted in typing.get_type_hints(kind).items() if name != "keep"}
    for name, given in values.items():
        if type(given) is int:
            values[name] = number
            break
    if "recipe" in values:
        values["recipe"] = Recipe(epochs=number + 1).model_dump(mode="json")
    return kind(**values)


def value(wanted: Any) -> Any:
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        return None
    if origin is tuple:
        return (value(arguments[0]),) if arguments[0] in (str, float) else ()
    if origin is np.ndarray:
        return np.zeros(1, np.float32)
    if wanted is Message:
        return Message("Finished.")
    return {} if origin is dict else wanted()


def number_of(event: Event) -> object:
    for name in event.__struct_fields__:
        if type(found := getattr(event, name)) is int:
            return found
        if name == "recipe":
            return found["epochs"] - 1
    return None


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_mailbox_store_and_record_keep_the_same(tmp_path: Path, kind: type[Event]) -> None:
    events = [sample(kind, number) for number in range(3)]
    expected = [number_of(event) for event in (events if kind.keep == "all" else events[-1:])]

    mailbox = Mailbox()
    for event in events:
        mailbox.put(event)
    assert [number_of(event) for event in mailbox.drain()] == expected

    with RunStore(tmp_path / "run", Recipe()) as store:
        store.append(sample(RunStarted))
        for event in events:
            store.append(event)
    assert [number_of(event) for event in stored_events(tmp_path / "run") if type(event) is kind][-3:] == expected

    record = RunRecord.of(events)
    if kind in SERIES:
        assert record.all(kind) == []
    else:
        assert [number_of(event) for event in record.all(kind)] == expected
        assert record.latest(kind) is events[-1]


def test_an_empty_record_answers() -> None:
    record = RunRecord()
    assert (record.latest(Evaluation), record.all(EpochDone), record.ended, record.best) == (None, [], None, None)
    assert (record.series.steps.last, total_steps(record), steps_per_epoch(record), seconds_left(record)) == (
        0,
        0,
        1,
        None,
    )
    assert (images_per_second(record), watching_share(record), record.layers, record.recipe) == (0.0, 0.0, (), {})


def test_the_recipe_is_that_of_the_last_change_and_the_words_are_those_of_the_language() -> None:
    recipes = [Recipe(), Recipe().with_(lr=0.05), Recipe().with_(lr=0.05).switched(Dropout(p=0.25))]
    started = sample(RunStarted)
    plain = [recipe.model_dump(mode="json") for recipe in recipes]
    record = RunRecord.of(
        [
            RunStarted(**{**{name: getattr(started, name) for name in started.__struct_fields__}, "recipe": plain[0]}),
            RecipeChanged(step=3, recipe=plain[1]),
            RecipeChanged(step=3, recipe=plain[2]),
        ]
    )
    assert record.recipe == plain[2]
    first, second = record.all(RecipeChanged)
    english = record.changes(first), record.changes(second)
    assert [len(words) for words in english] == [1, 1]
    assert "0.05" in english[0][0]
    assert "0.25" in english[1][0]
    set_language("ru")
    assert "0.05" in record.changes(first)[0]
    set_language("en")
    assert (record.changes(first), record.changes(second)) == english


def test_a_change_of_a_recipe_from_a_newer_version_is_no_error() -> None:
    record = RunRecord.of([sample(RunStarted), RecipeChanged(step=1, recipe={"version": 99, "epochs": 3})])
    assert record.changes(record.all(RecipeChanged)[0]) == ("a change that only a newer version can read",)


def test_what_is_said_last_is_known_until_it_trains() -> None:
    record = RunRecord.of([Progress(what=Message("Loading images")), Note(text=Message("Stopped."))])
    assert record.said == Note(text=Message("Stopped."))
    record.apply(sample(RunStarted))
    assert record.said is None
    assert record.all(Note) == [Note(text=Message("Stopped."))]


def test_all_is_seen_growing_but_latest_of_a_kind_that_keeps_one_replaces() -> None:
    record = RunRecord()
    epochs = record.epochs
    record.apply(sample(EpochDone, 1))
    assert len(epochs) == 1
    record.apply(sample(RunEnded))
    assert record.ended is not None
