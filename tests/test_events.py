"""Messages, and events on their way through a file or a pipe."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from explorer.errors import InputError, said
from explorer.events import KINDS, Event, LayerPlan, Note, RunEnded, WeightsLoaded, decode, encode, to_json
from explorer.i18n import NOTHING, Message, set_language

COUNTED = "{n} event of a newer version was skipped.", "{n} events of a newer version were skipped."


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


def test_a_message_speaks_the_language_in_which_it_is_shown() -> None:
    reason = "batch normalization in frozen layers does not stand still"
    set_language("ru")
    message = Message("Features are not reused: {reason}.", reason=Message(reason))
    set_language("en")
    assert str(message) == message.english == f"Features are not reused: {reason}."
    set_language("ru")
    assert str(message).startswith("Признаки не")
    assert "layer" not in str(message)
    assert message.english == f"Features are not reused: {reason}."


@pytest.mark.parametrize(("n", "ending"), [(1, "событие"), (3, "события"), (5, "событий")])
def test_a_counted_message_has_the_form_of_its_number(n: int, ending: str) -> None:
    message = Message.counted(*COUNTED, n)
    assert str(message) == (COUNTED[0] if n == 1 else COUNTED[1]).format(n=n)
    set_language("ru")
    assert ending in str(decode(encode(Note(text=message))).text)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "message",
    [
        NOTHING,
        Message("Finished."),
        Message("{a} {b:g} {c}", a="[red]{x}", b=0.5, c=(Message("Finished."), "x", 3)),
        Message("{why}", why=Message("{deeper}", deeper=Message("Finished."))),
        Message.counted(*COUNTED, 3),
    ],
)
def test_a_message_comes_back_as_it_was(message: Message) -> None:
    back = decode(encode(RunEnded(outcome="failed", reason=message)))
    assert isinstance(back, RunEnded)
    assert (back.reason, str(back.reason), bool(back.reason)) == (message, str(message), bool(message))


def test_arguments_become_plain() -> None:
    class Odd:
        def __str__(self) -> str:
            return "odd"

    message = Message("{path} {why}", path=Odd(), why=InputError(Message("Stopped.")))
    assert message.arguments == {"path": "odd", "why": Message("Stopped.")}
    broken = Message("{name}", name=b"\xff".decode("utf-8", "surrogateescape"))  # a name that is no UTF-8
    assert decode(encode(Note(text=broken))) == Note(text=broken)
    assert json.loads(to_json(Note(text=broken)))


@pytest.mark.parametrize("text", ["{missing} {place}", "{0}", "{a.b.c}", "{a:>z}", "{"])
def test_a_text_that_does_not_fit_its_arguments_is_shown_as_it_is(text: str) -> None:
    assert str(Message(text, a=1)) == text


def test_what_an_older_version_wrote_is_read() -> None:
    old = {"type": "RunEnded", "outcome": "stopped", "reason": "Stopped.", "remedy": "Mend {it}.", "gone": [1]}
    event = decode(msgspec.msgpack.encode(old))
    assert isinstance(event, RunEnded)
    assert str(event.remedy) == "Mend {it}."
    set_language("ru")
    assert str(event.reason) == "Остановлено."


def test_what_a_later_version_adds_to_an_event_is_passed_over() -> None:
    later = {"type": "Note", "text": {"id": "Stopped.", "arguments": {}, "tone": "calm"}, "colour": "red"}
    assert decode(msgspec.msgpack.encode(later)) == Note(text=Message("Stopped."))


@pytest.mark.parametrize("text", [3, {"arguments": {}}, None])
def test_what_is_no_message_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"id|text|message"):
        decode(msgspec.msgpack.encode({"type": "Note", "text": text}))


def test_json_has_the_id_the_arguments_and_the_english_text() -> None:
    set_language("ru")
    unused = (("x", Message("shape {have} instead of {expected}", have="(2,)", expected="(3,)")),)
    line = json.loads(to_json(WeightsLoaded(source="file", kept=(), fresh=(), unused=unused)))
    assert line["unused"] == [
        [
            "x",
            {
                "id": "shape {have} instead of {expected}",
                "arguments": {"have": "(2,)", "expected": "(3,)"},
                "text": "shape (2,) instead of (3,)",
            },
        ]
    ]


def test_every_class_says_what_is_kept() -> None:
    assert {name for name, kind in KINDS.items() if kind.keep == "latest"} == {
        "SampleGrid",
        "Evaluation",
        "Progress",
        "InstrumentCost",
    }
    assert all(kind.keep in ("all", "latest") for kind in KINDS.values())
    assert "keep" not in LayerPlan.__struct_fields__


def test_an_error_keeps_the_message_that_it_was_given() -> None:
    error = InputError(Message("Stopped."))
    assert said(error) == Message("Stopped.")
    assert said(InputError("a plain text")) == Message("a plain text")
    assert said(OSError(2, "No such file")) == Message("[Errno 2] No such file")
    set_language("ru")
    assert str(error) == "Остановлено."


def test_arrays_keep_type_and_shape() -> None:
    plan = LayerPlan(step=0, epoch=0, names=("a",), factors=np.array([0.5], np.float32))
    back: Event = decode(encode(plan))
    assert isinstance(back, LayerPlan)
    assert (back.factors.dtype, back.factors.tolist(), back.why_not) == (np.float32, [0.5], NOTHING)
