"""Ticks become patterns and patterns ticks; the list says of each layer how it learns and what changed in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QTreeWidgetItem
from pytestqt.qtbot import QtBot

from explorer.events import Event, FrozenCheck, GradientNorms, Layer, LayerPlan, RunStarted
from explorer.gui.layers.layers_list import LayersList
from explorer.gui.layers.layers_tree import GRADIENT, LAYER, SIZE, count
from explorer.recipe import Recipe
from explorer.runs.record import RunRecord
from explorer.session.frozen_patterns import frozen_layers, groups, same_network, ticked, unknown
from explorer.session.layer_report import LOOKS, LayerReport
from explorer.session.session import Difference
from explorer.techniques import Activation, Clipping, Dropout, LayerRate

STAGES = tuple(f"stage{k}.0.{name}" for k in (1, 2) for name in ("conv1", "norm1", "conv2"))
CNN = ("conv", "norm", *STAGES, "classifier")
VIT = (
    "body",
    "body.conv_proj",
    "body.encoder",
    *(f"body.encoder.layers.{k}.{n}" for k in range(9) for n in "ab"),
    "head",
)
CHECKED, UNCHECKED, PARTLY = Qt.CheckState.Checked, Qt.CheckState.Unchecked, Qt.CheckState.PartiallyChecked


# Patterns.


def test_groups_are_the_stages_of_a_network() -> None:
    assert [(group.name, len(group.layers)) for group in groups(CNN)] == [
        ("conv", 1),
        ("norm", 1),
        ("stage1", 3),
        ("stage2", 3),
        ("classifier", 1),
    ]
    backbone = groups(VIT)
    assert [group.name for group in backbone[:4]] == ["body", "body.conv_proj", "body.encoder", "body.encoder.layers.0"]
    assert [group.label for group in backbone][3:5] == ["encoder.layers.0", "encoder.layers.1"]
    assert backbone[-1].name == "head"
    assert groups(("conv", "classifier"))[0].alone
    assert groups(()) == ()


@pytest.mark.parametrize("names", [CNN, VIT], ids=["cnn", "vit"])
def test_every_layer_is_in_one_group(names: tuple[str, ...]) -> None:
    assert sorted(name for group in groups(names) for name in group.layers) == sorted(names)


@pytest.mark.parametrize(
    ("before", "touched", "learn", "after"),
    [
        ((), ("stage1.0.conv1",), False, ("stage1.0.conv1",)),
        ((), STAGES[:3], False, ("stage1",)),
        (("stage1.0.conv1", "stage1.0.norm1"), ("stage1.0.conv2",), False, ("stage1",)),
        (("stage1",), ("stage1.0.norm1",), True, ("stage1.0.conv1", "stage1.0.conv2")),
        (("stage2", "conv"), ("norm",), False, ("conv", "norm", "stage2")),
        (("*.norm1",), ("conv",), False, ("conv", "*.norm1")),
        (("*.norm1",), ("stage1.0.norm1",), True, ("stage2.0.norm1",)),
        (("*.norm1",), STAGES[:3], False, ("stage1", "*.norm1")),
        (("gone.*", "stage1"), ("conv",), False, ("conv", "stage1", "gone.*")),
    ],
)
def test_ticks_are_written_as_short_patterns(
    before: tuple[str, ...], touched: tuple[str, ...], learn: bool, after: tuple[str, ...]
) -> None:
    assert ticked(before, CNN, touched, learn) == after


TICKS = st.lists(st.tuples(st.sets(st.sampled_from(VIT + CNN), min_size=1, max_size=4), st.booleans()), max_size=8)


@given(st.sampled_from([CNN, VIT]), st.sampled_from([(), ("*1*",), ("body", "stage1"), ("no.such",)]), TICKS)
def test_after_any_ticks_the_patterns_freeze_just_what_has_no_tick(
    names: tuple[str, ...], patterns: tuple[str, ...], ticks: list[tuple[set[str], bool]]
) -> None:
    frozen = set(frozen_layers(patterns, names))
    strangers = unknown(patterns, names)
    for touched, learn in ticks:
        own = touched & set(names)
        patterns = ticked(patterns, names, own, learn)
        frozen = frozen - own if learn else frozen | own
        assert frozen_layers(patterns, names) == frozen
        assert unknown(patterns, names) == strangers
        assert ticked(patterns, names, (), learn) == patterns
        assert len(set(patterns)) == len(patterns)


@given(st.sampled_from(CNN))
def test_a_tick_taken_back_leaves_no_trace(name: str) -> None:
    assert ticked(ticked((), CNN, {name}, False), CNN, {name}, True) == ()
    assert ticked(ticked(("stage1",), CNN, {name}, True), CNN, STAGES[:3], False) == ("stage1",)


def test_a_layer_that_contains_others_is_frozen_alone() -> None:
    (pattern,) = ticked((), VIT, {"body.encoder"}, False)
    assert frozen_layers((pattern,), VIT) == {"body.encoder"}


def test_networks_with_other_layers() -> None:
    assert same_network(Recipe(), Recipe(lr=0.5).switched(Dropout()).with_(frozen=("conv",)))
    assert not same_network(Recipe(), Recipe(depth=14))
    assert not same_network(Recipe(), Recipe().switched(Activation(kind="prelu")))


# LayerReport.


def started(recipe: Recipe) -> RunStarted:
    return RunStarted(
        recipe=recipe.model_dump(mode="json"),
        layers=tuple(Layer(name, "Conv2d", 100) for name in CNN),
        classes=("a", "b"),
        ordered=False,
        images={},
        steps_per_epoch=4,
        device="cpu",
        time=0.0,
    )


def plan(*frozen: str, epoch: int = 0, factor: float = 1.0) -> LayerPlan:
    factors = np.array([0 if name in frozen else factor for name in CNN], np.float32)
    return LayerPlan(step=0, epoch=epoch, names=CNN, factors=factors)


def norms(step: int, frozen: tuple[str, ...] = ()) -> GradientNorms:
    gradient = np.array([0 if name in frozen else 10.0 ** -(step % 3) for name in CNN], np.float32)
    sizes, weights = np.full(len(CNN), 100), np.full(len(CNN), 3, np.float32)
    return GradientNorms(
        step=step, names=CNN, sizes=sizes, before=gradient, after=gradient, weights=weights, updates=gradient
    )


def check(epoch: int, *names: str, tensors: tuple[str, ...] = ()) -> FrozenCheck:
    changed = np.array([sum(tensor.startswith(name) for tensor in tensors) for name in names])
    return FrozenCheck(epoch=epoch, names=names, bytes_changed=changed, tensors=tensors)


def record_of(recipe: Recipe, *events: Event) -> RunRecord:
    return RunRecord.of([started(recipe), *events])


def test_facts_of_layers_and_groups() -> None:
    facts = LayerReport(record_of(Recipe(), plan(factor=0.5), *(norms(step) for step in range(150))))
    assert facts.names == CNN
    assert facts.size(STAGES[:3]) == 300
    assert facts.weight_norm(STAGES[:3]) == pytest.approx(27**0.5)
    assert facts.factor(CNN) == 0.5
    assert len(facts.gradient(("conv",))) == LOOKS
    assert facts.gradient(("conv",))[-1] == pytest.approx(-(149 % 3))
    assert facts.said(("conv",)) == ""


def test_what_is_frozen_has_no_gradient_and_says_what_changed() -> None:
    recipe = Recipe(frozen=("conv", "norm"))
    events = (plan("conv", "norm"), norms(1, ("conv", "norm")))
    facts = LayerReport(record_of(recipe, *events))
    assert np.isnan(facts.gradient(("conv",))).all()
    assert np.isfinite(facts.gradient(("classifier",))).all()
    assert facts.said(("conv",)) == "frozen"
    facts = LayerReport(
        record_of(recipe, *events, check(1, "conv", "norm", tensors=("norm.running_mean", "norm.running_var")))
    )
    assert facts.said(("conv",)) == "0 bytes changed"
    assert facts.said(("norm",)) == "2 tensors changed"
    assert facts.tensors(("conv", "norm")) == ("norm.running_mean", "norm.running_var")
    assert facts.said(("conv", "classifier")) == ""


def test_an_old_check_is_not_held_against_a_layer_that_was_frozen_again() -> None:
    recipe = Recipe(frozen=("conv",))
    events = [plan("conv"), check(1, "conv"), plan(epoch=1), plan("conv", epoch=3)]
    assert LayerReport(record_of(recipe, *events)).said(("conv",)) == "frozen"
    assert LayerReport(record_of(recipe, *events, plan("conv", "norm", epoch=5))).said(("conv",)) == "frozen"
    assert LayerReport(record_of(recipe, *events, check(4, "conv"))).said(("conv",)) == "0 bytes changed"


# The widget.


class Shown:
    """The list beside a session that takes over what it says."""

    def __init__(self, qtbot: QtBot, record: RunRecord | None, recipe: Recipe, mark: Difference | None = None) -> None:
        self.list, self.recipe = LayersList(), recipe
        self.said: list[tuple[str, ...]] = []
        self.record, self.mark = record, mark
        qtbot.addWidget(self.list)
        self.list.frozen.connect(self.take)
        self.list.resize(260, 500)
        self.list.show()
        self.show()

    def take(self, patterns: tuple[str, ...]) -> None:
        self.said.append(patterns)
        self.recipe = self.recipe.with_(frozen=patterns)
        self.list.show_run(self.record, Recipe(), self.recipe, self.mark)

    def show(self) -> None:
        self.list.show_run(self.record, Recipe(), self.recipe, self.mark)
        self.list.refresh()

    def item(self, name: str) -> QTreeWidgetItem:
        tree = self.list.tree
        return next(item for item in self.list._items() if tree.row(item).name == name)

    def states(self) -> dict[str, Qt.CheckState]:
        return {self.list.tree.row(item).name: item.checkState(LAYER) for item in self.list._items()}


def test_it_shows_layers_in_their_groups(qtbot: QtBot) -> None:
    shown = Shown(qtbot, record_of(Recipe(), plan(), norms(1)), Recipe())
    tree = shown.list.tree
    tops = [tree.topLevelItem(i).text(LAYER) for i in range(tree.topLevelItemCount())]
    assert tops == ["conv", "norm", "stage1", "stage2", "classifier"]
    assert shown.item("stage1").child(0).text(LAYER) == "0.conv1"
    assert shown.item("stage1").text(SIZE) == "300"
    assert all(state is CHECKED for state in shown.states().values())
    assert shown.list.empty.isHidden()
    assert Shown(qtbot, None, Recipe()).list.tree.isHidden()


def test_ticks_of_layers_and_groups_change_the_recipe(qtbot: QtBot) -> None:
    shown = Shown(qtbot, record_of(Recipe(), plan()), Recipe())
    shown.item("stage1").setCheckState(LAYER, UNCHECKED)
    shown.item("stage2.0.norm1").setCheckState(LAYER, UNCHECKED)
    assert shown.said == [("stage1",), ("stage1", "stage2.0.norm1")]
    states = shown.states()
    assert (states["stage1"], states["stage1.0.conv1"], states["stage2"]) == (UNCHECKED, UNCHECKED, PARTLY)
    shown.item("stage2").setCheckState(LAYER, CHECKED)
    shown.item("stage1.0.conv1").setCheckState(LAYER, CHECKED)
    assert shown.recipe.frozen == ("stage1.0.norm1", "stage1.0.conv2")


def test_a_key_freezes_the_layer_at_the_cursor(qtbot: QtBot) -> None:
    shown = Shown(qtbot, record_of(Recipe(), plan()), Recipe())
    shown.list.tree.setCurrentItem(shown.item("norm"))
    qtbot.keyClick(shown.list.tree, Qt.Key.Key_Space)
    assert shown.recipe.frozen == ("norm",)


def test_the_last_layer_that_learns_cannot_be_frozen(qtbot: QtBot) -> None:
    shown = Shown(qtbot, record_of(Recipe(), plan()), Recipe(frozen=("conv", "norm", "stage1", "stage2")))
    last = shown.item("classifier")
    last.setCheckState(LAYER, UNCHECKED)
    assert shown.said == []
    assert last.checkState(LAYER) is CHECKED
    assert "nothing would learn" in last.toolTip(LAYER)
    assert "nothing would learn" not in shown.item("conv").toolTip(LAYER)
    shown.recipe = Recipe(frozen=("conv", "norm", "stage1", "classifier"))
    shown.show()
    shown.item("stage2").setCheckState(LAYER, UNCHECKED)
    assert shown.said == []


def test_what_a_technique_freezes_is_not_for_the_ticks(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clipping, "layer_rate", lambda *_: LayerRate())
    recipe = Recipe().switched(Clipping())
    shown = Shown(qtbot, record_of(recipe, plan("conv", "stage1.0.conv1")), recipe)
    conv, stage = shown.item("conv"), shown.item("stage1")
    assert (conv.checkState(LAYER), stage.checkState(LAYER)) == (UNCHECKED, CHECKED)
    assert f"Frozen by {Clipping.title}" in conv.toolTip(LAYER)
    conv.setCheckState(LAYER, CHECKED)
    assert shown.said == []
    assert conv.checkState(LAYER) is UNCHECKED
    stage.setCheckState(LAYER, UNCHECKED)
    assert shown.recipe.frozen == ("stage1.0.norm1", "stage1.0.conv2")


def test_patterns_that_match_nothing_can_be_taken_away(qtbot: QtBot) -> None:
    shown = Shown(qtbot, record_of(Recipe(), plan()), Recipe(frozen=("old.*", "conv", "older")))
    tree = shown.list.tree
    assert tree.topLevelItem(tree.topLevelItemCount() - 1).text(LAYER) == "older"
    shown.item("old.*").setCheckState(LAYER, CHECKED)
    assert shown.recipe.frozen == ("conv", "older")
    shown.list.tick()
    tree.setCurrentItem(shown.item("older"))
    qtbot.keyClick(tree, Qt.Key.Key_Delete)
    assert shown.recipe.frozen == ("conv",)
    shown.list.tick()
    assert set(shown.states()) == {group.name for group in groups(CNN)} | set(CNN)


def test_rows_are_made_anew_only_for_other_layers(qtbot: QtBot) -> None:
    shown = Shown(qtbot, record_of(Recipe(), plan(), norms(1)), Recipe())
    assert shown.record
    shown.item("stage1").setExpanded(False)
    shown.list.tree.setCurrentItem(shown.item("norm"))
    item = shown.item("conv")
    shown.record.apply(norms(2))
    shown.list._looked_at = 0
    shown.list.tick()
    assert shown.item("conv") is item
    assert "Norm of the gradient: 0.01" in item.toolTip(GRADIENT)
    fewer = tuple(name for name in CNN if "norm" not in name)
    shown.record.apply(LayerPlan(step=2, epoch=0, names=fewer, factors=np.ones(len(fewer), np.float32)))
    shown.list.tick()
    assert set(shown.states()) == {"conv", "stage1", "stage2", "classifier"} | set(fewer)
    assert not shown.item("stage1").isExpanded()
    assert shown.item("stage2").isExpanded()


def test_between_two_looks_a_second_passes(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown(qtbot, record_of(Recipe(), plan(), norms(1)), Recipe())
    assert shown.record
    looks: list[int] = []
    monkeypatch.setattr(shown.list, "refresh", lambda: looks.append(1))
    shown.record.apply(norms(2))
    shown.list.tick()
    assert looks == []
    shown.list._looked_at -= 1
    shown.list.tick()
    assert looks == [1]
    shown.list.hide()
    shown.list.tick()
    assert looks == [1]


def test_what_differs_from_the_run_is_marked(qtbot: QtBot) -> None:
    mark = Difference(acts_live=True, change="frozen: norm")
    shown = Shown(qtbot, record_of(Recipe(), plan()), Recipe(frozen=("norm",)), mark)
    assert shown.list.chip.text() == "next batch"
    assert "frozen: norm" in shown.item("norm").toolTip(LAYER)
    assert "frozen: norm" not in shown.item("conv").toolTip(LAYER)
    assert shown.list.note.isHidden()
    shown.recipe = Recipe(frozen=("norm",), depth=14)
    shown.show()
    assert not shown.list.note.isHidden()


def test_every_state_is_painted(qtbot: QtBot) -> None:
    """A spark, a factor, frozen, changed, no such pattern: each is drawn, and a diverged gradient breaks nothing."""
    bad = norms(3)
    bad = GradientNorms(
        **{name: getattr(bad, name) for name in bad.__struct_fields__} | {"before": bad.before * np.nan}
    )
    recipe = Recipe(frozen=("conv", "norm", "old"))
    tensors = ("norm.running_mean",)
    events = (plan("conv", "norm", factor=0.1), norms(1), norms(2), bad, check(1, "conv", "norm", tensors=tensors))
    shown = Shown(qtbot, record_of(recipe, *events), recipe)
    tree = shown.list.tree
    for width in (240, 400):
        shown.list.resize(width, 500)
        picture = QPixmap(tree.viewport().size())
        picture.fill(shown.list._colours.background)
        tree.viewport().render(picture)
        image = picture.toImage()
        for name in ("conv", "norm", "stage1", "old", "classifier"):
            area = tree.visualRect(tree.indexFromItem(shown.item(name), GRADIENT)).adjusted(2, 1, -2, -1)
            colours = {
                image.pixel(x, y) for x in range(area.left(), area.right()) for y in range(area.top(), area.bottom())
            }
            assert len(colours) > 2, (name, width)
        assert tree.isColumnHidden(2) is (width == 240)


def test_texts_can_change(qtbot: QtBot) -> None:
    shown = Shown(qtbot, record_of(Recipe(), plan()), Recipe())
    shown.list.retranslate()
    shown.list.tick()
    assert shown.list.tree.accessibleName()


def test_numbers_are_short() -> None:
    assert [count(n) for n in (0, 999, 12_345, 99_999, 123_456, 999_499, 999_500, 1_234_567)] == [
        "0", "999", "12\u2009345", "99\u2009999", "123k", "999k", "1.0M", "1.2M",
    ]  # fmt: skip


def test_two_hundred_layers_are_folded(qtbot: QtBot) -> None:
    names = tuple(f"body.layers.{k}.{part}" for k in range(40) for part in "abcde")
    record = RunRecord.of([replace_layers(started(Recipe()), names)])
    shown = Shown(qtbot, record, Recipe())
    assert shown.list.tree.topLevelItemCount() == 40
    assert not shown.list.tree.topLevelItem(0).isExpanded()


def replace_layers(event: RunStarted, names: tuple[str, ...]) -> RunStarted:
    values = {name: getattr(event, name) for name in event.__struct_fields__}
    return RunStarted(**values | {"layers": tuple(Layer(name, "Linear", 10) for name in names)})
