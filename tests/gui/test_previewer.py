"""Previews beside the window: the newest recipe wins, training goes first, nothing is left running."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from explorer.data import DataChoice, load
from explorer.events import STOPPED, Event, LayerPlan, Progress, RunEnded, RunStarted, SampleGrid, StepDone
from explorer.gui import previewer
from explorer.gui.charts.rate_groups import Span, groups, learning
from explorer.gui.panels import Panel, Shown
from explorer.gui.panels.samples import SamplesPanel
from explorer.gui.panels.schedule import SchedulePanel
from explorer.gui.panels.targets import TargetsPanel, entropy, outline
from explorer.gui.previewer import Answer, Previewer, Wanted
from explorer.gui.window import Window
from explorer.i18n import Message
from explorer.recipe import Recipe
from explorer.runs.record import RunRecord
from explorer.session.session import State
from explorer.techniques import Augmentation, LabelSmoothing, Mixing, Schedule
from explorer.training.control import Control
from explorer.training.preview import Preview, parts, preview
from tests.gui.opened import opened
from tests.gui.scripted import Script, until

SMALL = Recipe(data=DataChoice(per_class=4), width=4, batch_size=8, epochs=3, device="cpu")
Open = Callable[..., Window]


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "previews"]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    until(lambda: not threads(), seconds=5)


@pytest.fixture
def maker() -> Iterator[Previewer]:
    made = Previewer()
    yield made
    assert made.end()


@pytest.fixture
def open_window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens windows that make previews from their first paint on."""
    monkeypatch.setattr(previewer, "SETTLED", 0.0)
    with ExitStack() as windows:
        yield lambda **options: windows.enter_context(opened(qtbot, tmp_path, **options))


def panel_of(window: Window, name: str) -> Any:
    return next(panel for panel in window.panels if panel.name == name)


def wanted(recipe: Recipe | None, shown: Recipe | None = None, training: bool = False) -> Wanted:
    return Wanted(recipe, shown, 10 if shown else 0, training)


def answer_of(maker: Previewer, wish: Wanted) -> Answer:
    """The whole answer to `wish`; fails if one to another wish comes."""
    found: list[Answer] = []

    def look() -> None:
        if answer := maker.take():
            assert answer.wanted is wish
            found.append(answer)

    until(lambda: found and found[-1].complete, look)
    return found[-1]


# The thread.


def test_an_answer_is_the_preview_and_the_targets_of_the_run_on_screen(maker: Previewer) -> None:
    shown = SMALL.switched(LabelSmoothing(epsilon=0.5))
    maker.want(wish := wanted(SMALL, shown))
    answer = answer_of(maker, wish)
    assert not answer.problem
    assert answer.preview is not None
    assert answer.preview.recipe == SMALL
    assert answer.preview.signal is not None
    assert answer.targets is not None
    np.testing.assert_allclose(np.diag(answer.targets), 0.55)
    np.testing.assert_allclose(np.diag(answer.preview.targets), 0.91)


def test_of_many_wishes_the_last_is_answered(maker: Previewer) -> None:
    wishes = [wanted(SMALL.with_(lr=0.001 * (i + 1))) for i in range(100)]
    for wish in wishes:
        maker.want(wish)
        time.sleep(0.001)
        maker.take()
    answer = answer_of(maker, wishes[-1])
    assert answer.preview is not None
    assert answer.preview.recipe.lr == pytest.approx(0.1)
    time.sleep(0.1)
    assert maker.take() is None


def test_an_answer_of_an_older_wish_is_never_taken(maker: Previewer) -> None:
    maker.want(wish := wanted(SMALL))
    until(lambda: maker._answer)
    maker.want(newer := wanted(SMALL.with_(lr=0.01)))
    assert answer_of(maker, newer).wanted is not wish


@pytest.mark.parametrize(
    ("recipe", "word"),
    [
        (SMALL.with_(data=DataChoice(name="/nowhere/pictures")), "/nowhere/pictures"),
        (SMALL.with_(batch_size=4000), "batch_size"),
        (SMALL.with_(frozen=("nowhere",)), "nowhere"),
    ],
)
def test_what_a_run_would_refuse_becomes_a_text(maker: Previewer, recipe: Recipe, word: str) -> None:
    maker.want(wish := wanted(recipe, SMALL))
    answer = answer_of(maker, wish)
    assert word in str(answer.problem)
    assert answer.targets is not None  # of the run on screen, all the same
    maker.want(wish := wanted(SMALL))
    assert not answer_of(maker, wish).problem


def test_a_crash_in_a_preview_becomes_a_text(maker: Previewer, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_arguments: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(previewer, "loading", crash)
    maker.want(wish := wanted(SMALL))
    assert str(answer_of(maker, wish).problem) == "RuntimeError: out of luck"
    monkeypatch.undo()
    maker.want(wish := wanted(SMALL))
    assert answer_of(maker, wish).preview is not None


def test_images_are_loaded_once_and_let_go_when_a_run_begins(maker: Previewer, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    load = previewer.loading

    def counted(data: DataChoice, seed: int) -> Any:
        loaded.append(f"{data.per_class} {seed}")
        return load(data, seed)

    monkeypatch.setattr(previewer, "loading", counted)
    few, fewer = SMALL, SMALL.with_(data=DataChoice(per_class=3))
    for recipe in (few, few.with_(lr=0.1), fewer, few, few.with_(seed=1), few):
        maker.want(wish := wanted(recipe))
        answer_of(maker, wish)
    assert loaded == ["4 0", "3 0", "4 1"]
    assert len(maker._data) == previewer.KEPT
    maker.want(wish := wanted(None, SMALL, training=True))
    answer_of(maker, wish)
    assert not maker._data


def test_it_takes_one_core_and_leaves_all_of_them_to_others(maker: Previewer) -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        ours: list[int] = []
        targets_of = maker._answers
        maker._answers = lambda wish: (ours.append(torch.get_num_threads()), targets_of(wish))[1]  # type: ignore[method-assign]
        maker.want(wish := wanted(SMALL))
        answer_of(maker, wish)
        theirs: list[int] = []
        other = threading.Thread(target=lambda: theirs.append(torch.get_num_threads()))
        other.start()
        other.join()
        assert (ours, theirs) == ([1], [2])
    finally:
        torch.set_num_threads(before)


def test_its_thread_ends_at_once_also_in_the_middle_of_work() -> None:
    assert Previewer().end()
    for seconds in (0.0, 0.01, 0.05):
        maker = Previewer()
        maker.want(wanted(SMALL.with_(depth=56, width=32)))
        time.sleep(seconds)
        began = time.monotonic()
        assert maker.end()
        assert time.monotonic() - began < previewer.STOPPING
        maker.want(wanted(SMALL))
        assert not threads()


def test_loading_that_takes_long_is_given_up_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    began = threading.Event()

    def load(*_arguments: object) -> None:
        began.set()
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(previewer, "loading", load)
    maker = Previewer()
    maker.want(wanted(SMALL))
    assert began.wait(10)
    assert maker.end()


# The window.


def test_panels_follow_an_edit_and_its_undoing(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(recipe=SMALL)
    samples, schedule, targets = (panel_of(window, name) for name in ("samples", "schedule", "targets"))
    recipe = SMALL.switched(LabelSmoothing(epsilon=0.4)).switched(Schedule(kind="cosine")).switched(Mixing())
    window.grid.enlarge(samples)
    window.change(recipe)
    qtbot.waitUntil(lambda: samples.preview is not None and samples.preview.recipe == recipe)
    qtbot.waitUntil(lambda: samples.preview.samples is not None and not samples.dirty)
    assert "next run" in samples.numbers()
    assert "mix" in samples.shown[0].drawn
    qtbot.waitUntil(lambda: window.previews._answer is not None and window.previews._answer.complete)
    for panel in (schedule, targets):
        panel.refresh()
    np.testing.assert_array_equal(schedule.plot.drawn("next 0")[1], schedule.preview.schedule.rates)
    assert "64.0%" in targets.numbers()
    for _edit in range(2):
        window.session.undo()
    window.session.change(window.session.screen.recipe or SMALL)
    window.show_recipe()
    assert samples.preview is None
    assert "step" in samples.numbers()
    schedule.refresh()
    assert schedule.plot.drawn("next 0") is None


def test_after_a_hundred_edits_the_last_is_seen(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(recipe=SMALL)
    qtbot.waitUntil(lambda: window.previews._maker.began)
    samples = panel_of(window, "samples")
    for i in range(100):
        window.change(SMALL.switched(Augmentation(rotation=1.0 + i)).with_(seed=i))
        if i % 10 == 0:
            qtbot.wait(5)
    last = window.session.recipe
    qtbot.waitUntil(lambda: window.previews._answer is not None and window.previews._answer.complete)
    expected = preview(last, load(last.data, last.seed)).samples
    assert expected is not None
    assert samples.preview.recipe == last
    np.testing.assert_array_equal(samples.shown[0].after, expected.after)


def test_nothing_is_previewed_while_a_run_goes_on(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(events=Script(seconds=0.002), recipe=SMALL.with_(epochs=500))
    schedule = panel_of(window, "schedule")
    window.change(SMALL.with_(epochs=500, lr=0.01))
    qtbot.waitUntil(lambda: schedule.preview is not None)
    window.press("train")
    assert schedule.preview is None
    window.change(SMALL.with_(epochs=500, lr=0.02, width=8))
    qtbot.waitUntil(lambda: window.session.state is State.RUNNING)
    qtbot.wait(200)
    assert schedule.preview is None
    assert window.previews._wanted is not None
    assert window.previews._wanted.recipe is None
    window.press("stop")
    qtbot.waitUntil(lambda: window.session.state is State.IDLE)
    qtbot.waitUntil(lambda: schedule.preview is not None)
    assert schedule.preview.recipe.network.width == 8
    assert panel_of(window, "targets").targets is not None


class Slow:
    """Loads images step by step, for ever."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.closed: list[str] = []

    def loading(self, choice: DataChoice, _seed: int) -> Iterator[Progress]:
        self.begun.append(choice.name)
        try:
            for n in range(1_000_000):
                time.sleep(0.001)
                yield Progress(what=Message("Decoding pictures"), done=n, total=1_000_000)
        finally:
            self.closed.append(choice.name)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    slow = Slow()
    monkeypatch.setattr(previewer, "loading", slow.loading)
    return slow


def test_loading_for_a_preview_says_how_far_it_is_and_ends_when_it_is_cancelled(
    qtbot: QtBot, open_window: Open, slow: Slow
) -> None:
    window, gauges = open_window(recipe=SMALL), SMALL.with_(data=DataChoice(name="gauges"))
    window.change(gauges)
    line, samples = window.sidebar.images.under_way, panel_of(window, "samples")
    qtbot.waitUntil(lambda: slow.begun[-1:] == ["gauges"])
    del slow.begun[:-1], slow.closed[:]
    qtbot.waitUntil(lambda: line.isVisible() and "Decoding pictures · 0 %" in line.text.text())
    window.change(gauges.with_(lr=0.01))  # of the same images: goes on
    qtbot.wait(50)
    assert slow.begun == ["gauges"]
    line.button.click()
    qtbot.waitUntil(lambda: slow.closed == ["gauges"])
    qtbot.waitUntil(lambda: "cancelled" in samples.problem)
    qtbot.waitUntil(lambda: line.text.text() == "Not loaded: no preview")
    window.change(gauges.with_(lr=0.02))
    qtbot.wait(50)
    assert slow.begun == ["gauges"]
    line.button.click()
    qtbot.waitUntil(lambda: slow.begun == ["gauges", "gauges"])
    window.change(SMALL.with_(lr=0.03))
    qtbot.waitUntil(lambda: slow.begun[2:] == ["fashion-mini"])
    assert slow.closed == ["gauges", "gauges"]


def test_a_run_that_begins_takes_the_loading_over(qtbot: QtBot, open_window: Open, slow: Slow) -> None:
    window = open_window(events=Script(seconds=0.002), recipe=SMALL.with_(epochs=500))
    window.change(SMALL.with_(data=DataChoice(name="gauges")))
    qtbot.waitUntil(lambda: slow.begun[-1:] == ["gauges"])
    window.press("train")
    qtbot.waitUntil(lambda: slow.closed == slow.begun)
    assert window.previews.progress is None
    window.press("stop")
    qtbot.waitUntil(lambda: window.session.state is State.IDLE)


def test_a_run_that_waits_for_its_images_can_be_cancelled_beside_them(qtbot: QtBot, open_window: Open) -> None:
    def events(_recipe: Recipe, control: Control, _folder: Path) -> Iterator[Event]:
        while not control.stopping:
            time.sleep(0.005)
            yield Progress(what=Message("Decoding pictures"), done=1, total=4)
        yield RunEnded(outcome=STOPPED, reason=Message("stopped"))

    window = open_window(events=events, recipe=SMALL)
    window.press("train")
    line = window.sidebar.images.under_way
    qtbot.waitUntil(lambda: line.isVisible() and "25 %" in line.text.text())
    line.button.click()
    qtbot.waitUntil(lambda: window.session.state is State.IDLE)
    qtbot.waitUntil(lambda: not line.isVisible())


def test_a_problem_stands_in_the_panels_and_nowhere_else(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(recipe=SMALL)
    window.change(SMALL.with_(data=DataChoice(name="/nowhere/pictures")))
    samples = panel_of(window, "samples")
    qtbot.waitUntil(lambda: bool(samples.problem))
    assert "/nowhere/pictures" in samples.numbers()
    assert window.banner.isHidden()
    window.change(SMALL.with_(lr=0.01))
    qtbot.waitUntil(lambda: samples.preview is not None)
    assert samples.problem == ""


def test_without_any_run_panels_show_what_the_first_will_do(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(recipe=SMALL, example=False)
    assert window.session.current is None
    for name in ("samples", "schedule", "targets"):
        panel = panel_of(window, name)
        qtbot.waitUntil(lambda panel=panel: panel.preview is not None and panel.preview.samples is not None)
        panel.refresh()
        assert panel._stack.currentWidget() is panel.body
        assert panel.table()[1]


def test_the_window_closes_at_once_while_it_previews(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(recipe=SMALL)
    qtbot.waitUntil(lambda: window.previews._maker.began)
    window.change(SMALL.with_(depth=56, width=32))
    began = time.monotonic()
    window.close()
    assert time.monotonic() - began < 1.0
    assert not threads()


# torch: not before the window is seen, and never twice at once.

PROGRAM = """
import sys, threading, time
from pathlib import Path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication
from explorer.gui import previewer
from explorer.gui.settings import Memory
from explorer.session.session import State
from explorer.gui.window import Window
from explorer.recipe import Recipe

folder, recipe = Path(sys.argv[1]), Recipe.from_json(sys.argv[2])
app = QApplication([])
memory = Memory(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
memory.keep(language="en", recipe=recipe.to_json())
window = Window(memory, runs=folder)

def spin(until, seconds):
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited in vain"
        app.processEvents()
        time.sleep(0.001)

def loading():
    return "torch" in sys.modules and not hasattr(sys.modules["torch"], "compile")
"""


def run_program(folder: Path, text: str) -> str:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", PROGRAM + text, str(folder), SMALL.to_json()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_torch_is_not_loaded_before_the_window_has_settled(tmp_path: Path) -> None:
    said = run_program(
        tmp_path,
        """
seen = []
window.painted.connect(lambda: seen.append("torch" in sys.modules))
window.show()
spin(lambda: seen, 20)
end = time.monotonic() + 0.5
spin(lambda: time.monotonic() > end, 1)
print(seen[0], "torch" in sys.modules)
spin(lambda: "torch" in sys.modules, 20)
window.close()
print(threading.active_count())
""",
    )
    assert said.split()[:2] == ["False", "False"]


def test_train_may_be_pressed_while_torch_is_being_loaded(tmp_path: Path) -> None:
    said = run_program(
        tmp_path,
        """
previewer.SETTLED = 0.0
window.show()
spin(loading, 20)
window.press("train")
print("loading" if loading() else "loaded")
spin(lambda: window.session.current and window.session.current.record.ended, 60)
print(window.session.current.record.ended.outcome)
spin(lambda: window.session.state is State.IDLE, 10)
window.change(recipe.with_(lr=0.01))
spin(lambda: window.previews._answer and window.previews._answer.preview, 20)
import torch
count = []
other = threading.Thread(target=lambda: count.append(torch.get_num_threads()))
other.start()
other.join()
print(count[0] == torch.get_num_threads())
window.close()
""",
    )
    assert said.split() == ["loading", "finished", "True"]


def test_a_window_closed_while_torch_is_being_loaded_leaves_no_process(tmp_path: Path) -> None:
    said = run_program(
        tmp_path,
        """
previewer.SETTLED = 0.0
window.show()
spin(loading, 20)
began = time.monotonic()
window.close()
print(time.monotonic() - began < 1.0, window.isVisible())
""",
    )
    assert said.split() == ["True", "False"]


# The panels.


def shown_in(qtbot: QtBot, kind: type[Panel], record: RunRecord | None, coming: Preview | None = None) -> Any:
    panel = kind()
    qtbot.addWidget(panel)
    panel.resize(640, 400)
    panel.show_runs([Shown(record, "this", 0)] if record else [])
    panel.show_preview(coming)
    panel.refresh()
    return panel


@pytest.fixture(scope="module")
def coming() -> Preview:
    recipe = Recipe(lr=0.05, data=DataChoice(per_class=8), batch_size=16, epochs=4, width=4, device="cpu")
    return preview(recipe.switched(LabelSmoothing(epsilon=0.4)), load(recipe.data, recipe.seed))


def test_a_preview_is_drawn_beside_the_run(qtbot: QtBot, tiny_record: RunRecord, coming: Preview) -> None:
    panel = shown_in(qtbot, SchedulePanel, tiny_record, coming)
    x, y = panel.plot.drawn("next 0")
    np.testing.assert_array_equal(x, coming.schedule.epochs)
    np.testing.assert_array_equal(y, coming.schedule.rates)
    np.testing.assert_array_equal(panel.plot.drawn("rate 0")[1], tiny_record.series.steps.rates)
    assert "next run" in [entry.text for entry in panel.plot.legend_strip.entries]
    assert panel.plot.viewRange()[0][1] > 4
    rows = [row for row in panel.table()[1] if row[0] == "next run"]
    np.testing.assert_array_equal([row[3] for row in rows], coming.schedule.rates)
    panel.show_preview(None)
    panel.refresh()
    assert panel.plot.drawn("next 0") is None


def test_a_panel_shows_no_preview_of_what_does_not_change(qtbot: QtBot, tiny_record: RunRecord) -> None:
    same = Recipe.model_validate(tiny_record.recipe).with_(momentum=0.5)
    data = load(same.data, same.seed)
    coming = next(parts(same, data))
    for kind in (SchedulePanel, TargetsPanel, SamplesPanel):
        panel = shown_in(qtbot, kind, tiny_record, coming)
        assert "next run" not in panel.numbers()
        assert not [row for row in panel.table()[1] if row[0] == "next run"]


def test_layers_that_thaw_have_bars_and_rates_of_their_own(qtbot: QtBot, tiny_events: list[Any]) -> None:
    record, names = RunRecord(), ("conv", "norm", "stage1.0.conv1", "classifier")
    factors = ([0, 0, 0, 1], [0, 0, 0.5, 1], [0.25, 0.25, 0.5, 1])
    for event in tiny_events:
        if isinstance(event, StepDone) and event.step in (1, 11, 21):
            i = event.step // 10
            plan = np.array(factors[i], np.float32)
            record.apply(LayerPlan(step=event.step - 1, epoch=i, names=names, factors=plan))
        record.apply(event)
    panel = shown_in(qtbot, SchedulePanel, record)
    assert [entry.text for entry in panel.plot.legend_strip.entries] == [
        "conv – norm",
        "stage1",
        "classifier",
        "planned",
    ]
    for i, (first, factor) in enumerate(((20, 0.25), (10, 0.5), (0, 1.0))):
        _x, y = panel.plot.drawn(f"rate 0 {i}" if i else "rate 0")
        assert np.isnan(y[:first]).all()
        np.testing.assert_allclose(y[first:], factor * record.series.steps.rates[first:])
        x, _y = panel.thaws.drawn(f"learns {i} {first // 10}")
        assert (x.min(), x.max()) == (first / 10, 3)
    rates = [row[3] for row in panel.table()[1] if row[1] == "stage1"]
    np.testing.assert_allclose(rates[:10], 0)
    np.testing.assert_allclose(rates[10:], 0.5 * record.series.steps.rates[10:])


def test_one_group_of_layers_is_drawn_plainly(qtbot: QtBot, tiny_record: RunRecord) -> None:
    tiny_record.apply(LayerPlan(step=0, epoch=0, names=("conv", "norm"), factors=np.ones(2, np.float32)))
    panel = shown_in(qtbot, SchedulePanel, tiny_record)
    assert panel.thaws.isHidden()
    assert [entry.text for entry in panel.plot.legend_strip.entries] == ["actual", "planned"]


def plan(step: int, **factors: float) -> LayerPlan:
    names = tuple(name.replace("_", ".") for name in factors)
    return LayerPlan(step=step, epoch=0, names=names, factors=np.array([*factors.values()], np.float32))


def test_layers_are_grouped_by_what_happens_to_them() -> None:
    first, second = plan(0, conv=0, s1_a=0, s1_b=0, s2_a=0, head=1), plan(10, conv=0, s1_a=0, s1_b=1, s2_a=1, head=1)
    assert [group.label for group in groups([first])] == ["conv – s2", "head"]
    found = groups([first, second])
    assert [group.label for group in found] == ["conv – s1.a", "s1.b – s2", "head"]
    assert learning([first, second], found[1].factors[0], 5, 4.0) == [Span(2.0, 4.0)]
    assert learning([first, second], found[2].factors[0], 5, 4.0) == [Span(0.0, 4.0)]
    assert learning([first, second], found[0].factors[0], 5, 4.0) == []
    apart = groups([plan(0, a_norm=0, a_conv=1, b_norm=0, b_conv=1)])
    assert [group.label for group in apart] == ["a.norm + 1", "a.conv + 1"]
    other = groups([first], [plan(0, conv=1, body=1)])  # the next run has another network
    assert [group.label for group in other] == ["conv", "s1 – s2", "head", "body"]


def test_targets_of_a_run_come_from_its_batch_until_the_previewer_answers(qtbot: QtBot, tiny_record: RunRecord) -> None:
    panel = shown_in(qtbot, TargetsPanel, tiny_record)
    x, _y = panel.plot.drawn("own")
    np.testing.assert_array_equal(x, outline(np.array([1.0, 0, 0]), 0.3)[0])
    panel.show_preview(None, np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]], np.float32))
    assert panel.dirty
    panel.choice.setCurrentIndex(1)
    panel.refresh()
    x, _y = panel.plot.drawn("own")
    np.testing.assert_allclose(x, outline(np.array([0.1, 0.8, 0.1]), 0.3)[0], rtol=1e-6)
    assert "80.0%" in panel.numbers()
    assert f"{-0.8 * np.log(0.8) - 0.2 * np.log(0.1):.2f} nats" in panel.numbers()
    assert len(panel.table()[1]) == 9


def test_targets_of_a_run_that_mixes(qtbot: QtBot, tiny_record: RunRecord) -> None:
    grid = tiny_record.latest(SampleGrid)
    assert grid is not None
    tiny_record.apply(
        SampleGrid(
            step=27,
            before=grid.before,
            after=grid.after,
            labels=np.array([0, 1, 1, 0]),
            targets=np.array([[0.7, 0.3, 0], [0, 1, 0], [0, 0.6, 0.4], [0.5, 0, 0.5]], np.float32),
            drawn={"mix": np.array([0.7, 1, 0.6, 0.5], np.float32)},
            mixed=np.array([True, False, True, True]),
        )
    )
    panel = shown_in(qtbot, TargetsPanel, tiny_record)
    assert panel.plot.drawn("own") is None  # every image of this class was mixed
    assert "was in the last batch" in panel.plot.overlay.note
    x, y = panel.plot.drawn("mixed")
    assert sorted(zip(y.tolist(), x.round(2).tolist(), strict=True)) == [(0, 0.5), (0, 0.7), (1, 0.3), (2, 0.5)]
    panel.choice.setCurrentIndex(1)
    panel.refresh()
    assert panel.plot.drawn("own") is not None
    assert "100.0%" in panel.numbers()


def test_targets_of_the_next_run_stand_beside(qtbot: QtBot, tiny_events: list[Any], coming: Preview) -> None:
    started = next(event for event in tiny_events if isinstance(event, RunStarted))
    values = {name: getattr(started, name) for name in ("layers", "ordered", "images", "steps_per_epoch", "device")}
    recipe = {**started.recipe, "data": coming.recipe.data.model_dump(mode="json")}
    record = RunRecord.of([RunStarted(recipe=recipe, classes=coming.classes, time=0.0, **values)])
    panel = shown_in(qtbot, TargetsPanel, record, coming)
    panel.show_preview(coming, np.eye(10, dtype=np.float32))
    panel.refresh()
    np.testing.assert_allclose(panel.plot.drawn("next")[0], outline(coming.targets[0], 0.4)[0])
    assert "100.0% → 64.0%" in panel.numbers()
    assert len(panel.table()[1]) == 200
    assert entropy(np.array([1.0, 0.0], np.float32)) == 0


def test_samples_of_the_next_run_say_so(qtbot: QtBot, tiny_record: RunRecord, coming: Preview) -> None:
    panel = shown_in(qtbot, SamplesPanel, tiny_record, coming)
    assert coming.samples is not None
    assert panel.numbers().startswith("preview of the next run")
    assert len(panel.grid.pairs) == len(coming.samples.before) == 16
    assert panel.table()[1][0][1] == coming.classes[coming.samples.labels[0]]
    panel.show_preview(None)
    panel.refresh()
    assert panel.numbers().startswith("batch of step 26")
    assert len(panel.grid.pairs) == 4
