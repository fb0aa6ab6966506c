"""A preview shows what the run does: each part is compared with the events of a run of the same recipe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.data import DataChoice, ImageData, load
from explorer.errors import InputError
from explorer.events import ActivationStats, Event, GradientNorms, LayerPlan, SampleGrid, StepDone
from explorer.recipe import Recipe
from explorer.techniques import (
    Activation,
    Augmentation,
    Dropout,
    Initialization,
    LabelDistribution,
    LabelSmoothing,
    Mixing,
    Normalization,
    Schedule,
    Skip,
    Transfer,
)
from explorer.training import preview as module
from explorer.training.instruments import Gradients, Samples
from explorer.training.instruments.activations import Activations
from explorer.training.learner import Learner
from explorer.training.loop import train
from explorer.training.metrics import to_float
from explorer.training.preview import parts, preview, targets_of

RECIPE = Recipe(data=DataChoice(per_class=8), width=4, batch_size=16, epochs=2, lr=0.05, device="cpu", seed=3)
MIXED = RECIPE.switched(Augmentation(policy="rand")).switched(Mixing(kind="both")).switched(Dropout(p=0.4))


@pytest.fixture(scope="module")
def data() -> ImageData:
    return load(RECIPE.data, RECIPE.seed)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine is, the signal is awaited."""
    monkeypatch.setattr(module, "SECONDS", 1000.0)


def run(recipe: Recipe, data: ImageData) -> list[Event]:
    watching = (Samples(every=1), Activations(every=1), Gradients(every=1))
    return list(train(recipe, data=data, instruments=watching))


def of_step_1(events: list[Event], kind: type[Event]) -> Event:
    return next(event for event in events if isinstance(event, kind))


@pytest.mark.parametrize("recipe", [RECIPE, MIXED, MIXED.with_(seed=4)], ids=["plain", "mixed", "another seed"])
def test_samples_are_those_of_step_1(recipe: Recipe, data: ImageData) -> None:
    ours, theirs = preview(recipe, data).samples, of_step_1(run(recipe, data), SampleGrid)
    assert isinstance(ours, SampleGrid)
    assert isinstance(theirs, SampleGrid)
    assert (ours.step, theirs.step) == (1, 1)
    for name in ("before", "after", "labels", "targets"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)
    assert ours.drawn.keys() == theirs.drawn.keys()
    for name in ours.drawn:
        np.testing.assert_array_equal(ours.drawn[name], theirs.drawn[name], err_msg=name)


def test_samples_follow_the_recipe(data: ImageData) -> None:
    grids = [preview(recipe, data).samples for recipe in (RECIPE, MIXED, RECIPE.without("augmentation"))]
    assert all(grid is not None for grid in grids)
    plain, mixed, untouched = (grid for grid in grids if grid is not None)
    np.testing.assert_array_equal(plain.before, mixed.before)  # another technique, the same images
    assert not np.array_equal(plain.after, mixed.after)
    np.testing.assert_array_equal(untouched.before, untouched.after)


@pytest.mark.parametrize("kind", ["one_cycle", "cosine_restarts", "multi_step", "cyclic"])
def test_planned_rates_are_those_that_act(kind: str, data: ImageData) -> None:
    recipe = RECIPE.switched(Schedule(kind=kind, warmup=0.5, every=1.0, milestones=(1.0,)))  # type: ignore[arg-type]
    planned, steps = preview(recipe, data).schedule, [e for e in run(recipe, data) if isinstance(e, StepDone)]
    np.testing.assert_allclose(planned.epochs, [step.step / 5 for step in steps])
    np.testing.assert_allclose(planned.rates, [step.lr[-1] for step in steps])


def test_a_long_plan_stays_small(data: ImageData) -> None:
    planned = preview(RECIPE.with_(epochs=5000), data).schedule
    assert len(planned.rates) == module.POINTS
    assert planned.epochs[-1] == 5000


def test_plans_of_the_layers_are_those_that_act(data: ImageData) -> None:
    thawing = Transfer(weights="none", train="head", thaw_every=1, depth_factor=0.5)
    recipe = RECIPE.switched(thawing).with_(epochs=4, frozen=("*.norm1",))
    ours, theirs = preview(recipe, data).schedule.plans, [e for e in run(recipe, data) if isinstance(e, LayerPlan)]
    assert len(ours) == len(theirs) == 4
    for one, other in zip(ours, theirs, strict=True):
        assert (one.step, one.epoch, one.names) == (other.step, other.epoch, other.names)
        np.testing.assert_array_equal(one.factors, other.factors)


@pytest.mark.parametrize(
    "recipe",
    [
        RECIPE,
        RECIPE.without("normalization").switched(Initialization(kind="large")),
        RECIPE.without("skip").switched(Activation(kind="sigmoid")).with_(depth=14),
        MIXED.with_(frozen=("stage1",)),
        RECIPE.with_(precision="bf16"),
    ],
    ids=["plain", "large start", "sigmoid", "mixed and frozen", "bf16"],
)
def test_the_signal_is_that_of_step_1(recipe: Recipe, data: ImageData) -> None:
    """The batch is no larger than the images of the signal, so that they are the same."""
    assert recipe.batch_size == module.IMAGES
    signal, events = preview(recipe, data).signal, run(recipe.with_(epochs=1), data)
    assert signal is not None
    activations, gradients = of_step_1(events, ActivationStats), of_step_1(events, GradientNorms)
    assert isinstance(activations, ActivationStats)
    assert isinstance(gradients, GradientNorms)
    assert signal.images == module.IMAGES
    assert signal.activations.step == 0
    assert signal.activations.names == activations.names
    assert signal.layers == gradients.names
    np.testing.assert_allclose(signal.activations.std, activations.std, rtol=1e-5)
    np.testing.assert_allclose(signal.variance, activations.std**2, rtol=1e-5)
    np.testing.assert_allclose(np.nan_to_num(signal.gradients), gradients.before, rtol=1e-4)


def test_frozen_layers_have_no_gradient(data: ImageData) -> None:
    signal = preview(RECIPE.with_(frozen=("stage1",)), data).signal
    assert signal is not None
    frozen = np.array([name.startswith("stage1") for name in signal.layers])
    assert np.isnan(signal.gradients[frozen]).all()
    assert (signal.gradients[~frozen] > 0).all()


@pytest.mark.parametrize("technique", [None, LabelSmoothing(epsilon=0.3)])
def test_targets_are_what_the_loss_compares_with(technique: LabelSmoothing | None, data: ImageData) -> None:
    recipe = RECIPE.without("label_smoothing") if technique is None else RECIPE.switched(technique)
    grid, whole = of_step_1(run(recipe, data), SampleGrid), preview(recipe, data)
    assert isinstance(grid, SampleGrid)
    np.testing.assert_array_equal(grid.targets, whole.targets[grid.labels])
    np.testing.assert_array_equal(whole.targets, targets_of(recipe, len(data.classes)))


def test_the_cheapest_comes_first_and_each_part_keeps_those_before(data: ImageData) -> None:
    first, second, third = parts(RECIPE, data)
    assert first.samples is None
    assert second.samples is not None
    assert second.signal is None
    assert third.signal is not None
    assert third.samples is second.samples
    np.testing.assert_array_equal(first.targets, third.targets)


def test_a_stale_preview_ends_early(data: ImageData) -> None:
    assert [part.signal for part in parts(RECIPE, data, stale=lambda: True)] == [None, None]
    asked: list[int] = []
    looks = parts(RECIPE, data, stale=lambda: bool(asked.append(1)) or len(asked) > 5)
    assert all(part.signal is None for part in looks)
    assert len(asked) == 6  # in the middle of the forward pass


def test_what_does_not_fit_is_said_as_a_run_would(data: ImageData) -> None:
    for recipe, word in (
        (RECIPE.with_(batch_size=4000), "batch_size"),
        (RECIPE.with_(frozen=("nowhere",)), "nowhere"),
        (RECIPE.with_(frozen=("*",)), "frozen"),
        (RECIPE.switched(LabelDistribution()), "order"),
    ):
        with pytest.raises(InputError, match=word):
            preview(recipe, data)


def test_a_large_network_is_skipped_and_says_so(data: ImageData, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = preview(RECIPE.with_(depth=56, width=128), data)
    assert whole.signal is None
    assert "too large" in whole.skipped
    assert whole.samples is not None
    monkeypatch.setattr(module, "SECONDS", -1.0)
    slow = preview(RECIPE, data)
    assert slow.signal is None
    assert "too long" in slow.skipped


@pytest.mark.parametrize("backbone", ["efficientnet_lite0", "regnet_y_400mf"])
def test_of_a_network_from_elsewhere_the_plan_is_known(backbone: str, data: ImageData) -> None:
    network = {"kind": "pretrained", "name": backbone, "size": 32}
    recipe = RECIPE.with_(network=network).switched(Transfer(weights="none", train="top"))
    whole = preview(recipe, data)
    learner = Learner(recipe, data, torch.device("cpu"))
    assert whole.signal is None
    assert "pretrained networks" in whole.skipped
    (plan,) = whole.schedule.plans
    assert plan.names == tuple(learner.layer_rates)
    assert (plan.factors == 0).tolist() == [layer_rate.frozen for layer_rate in learner.layer_rates.values()]
    assert 0 < (plan.factors == 0).mean() < 1


def test_a_deep_network_shows_that_its_gradient_vanishes(data: ImageData) -> None:
    plain = RECIPE.with_(depth=56, techniques=(Activation(kind="sigmoid"), Initialization()))
    helped = plain.without("activation").switched(Normalization()).switched(Skip())
    ratios = []
    for recipe in (plain, helped):
        signal = preview(recipe, data).signal
        assert signal is not None
        named = dict(zip(signal.layers, signal.gradients.tolist(), strict=True))
        ratios.append(named["stage1.0.conv1"] / named["classifier"])
    assert ratios[0] < 1e-6
    assert ratios[1] > 1e-3


def test_nothing_of_torch_comes_out_and_no_global_stream_moves(data: ImageData) -> None:
    before = torch.random.get_rng_state()
    whole = preview(MIXED, data)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert whole.samples is not None
    assert whole.signal is not None
    values = [whole.targets, whole.schedule.rates, whole.samples.after, whole.signal.gradients, whole.signal.variance]
    assert all(type(value) is np.ndarray for value in values)


def test_start_weights_of_the_preview_are_those_of_the_run(data: ImageData) -> None:
    """Standardized by the training images of these data, not of others."""
    darker = replace(data, training=data.training._replace(images=data.training.images // 4))
    plain, dark = (preview(RECIPE, images).signal for images in (data, darker))
    assert plain is not None
    assert dark is not None
    assert float(to_float(darker.training.images).mean()) < 0.5 * float(to_float(data.training.images).mean())
    np.testing.assert_allclose(plain.activations.std[0], dark.activations.std[0], rtol=0.05)
