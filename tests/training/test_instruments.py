"""What the instruments say, against direct computation; and that they leave everything as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explorer.data import ImageData
from explorer.events import Event, GradientNorms, InstrumentCost, ModeAccuracy, NormStats, SampleGrid
from explorer.recipe import Recipe
from explorer.techniques import (
    Activation,
    Augmentation,
    Clipping,
    Dropout,
    LabelSmoothing,
    Mixing,
    Normalization,
    Skip,
    Technique,
)
from explorer.training.control import Control
from explorer.training.instruments import INSTRUMENTS, Instrument, Scene, Watch, choose
from explorer.training.instruments.gradients import Gradients
from explorer.training.instruments.modes import Modes
from explorer.training.instruments.normalization import NormalizationStatistics
from explorer.training.instruments.samples import Samples
from explorer.training.metrics import predict, to_float
from explorer.training.trainer import Run

MakeImages = Callable[..., ImageData]


class Spy(Instrument):
    """Copies of gradients and weights at every moment, by the name of the parameter."""

    name = "spy"
    default_every = 1

    def before_clipping(self, scene: Scene) -> None:
        self.before = gradients(scene.model)

    def after_clipping(self, scene: Scene) -> None:
        self.after, self.old = gradients(scene.model), weights(scene.model)

    def after_step(self, scene: Scene) -> Iterable[Event]:
        new = weights(scene.model)
        self.moved = {name: new[name] - old for name, old in self.old.items()}
        return ()


def gradients(model: nn.Module) -> dict[str, torch.Tensor]:
    return {
        name: torch.zeros_like(p) if p.grad is None else p.grad.detach().clone() for name, p in model.named_parameters()
    }


def weights(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def by_layer(tensors: dict[str, torch.Tensor], layers: tuple[str, ...]) -> list[float]:
    """√ of the sum of squares over all parameters of each layer, one number after the other."""
    sums = dict.fromkeys(layers, 0.0)
    for name, tensor in tensors.items():
        sums[name.rpartition(".")[0]] += sum(value * value for value in tensor.double().flatten().tolist())
    return [math.sqrt(total) for total in sums.values()]


def run_of(data: ImageData, *techniques: Technique, instruments: tuple[Instrument, ...], **fields: Any) -> Run:
    values = {"depth": 8, "width": 4, "batch_size": 16, "epochs": 2, "lr": 0.05, "device": "cpu"}
    return Run(Recipe(**{**values, **fields}, techniques=techniques), data, Watch(instruments), Control(), None)


def one_step(run: Run) -> list[Event]:
    return list(run.one_step(next(run.batches())))


def of_kind(events: list[Event], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_gradient_norms_equal_the_naive_ones(tiny: MakeImages, optimizer: str) -> None:
    spy = Spy()
    techniques = (Normalization(), Skip(), Activation(kind="prelu"), Clipping(threshold=0.05))
    run = run_of(tiny(), *techniques, instruments=(Gradients(every=1), spy), optimizer=optimizer)
    for _ in range(2):
        (norms,) = of_kind(one_step(run), GradientNorms)
    named = dict(run.learner.model.named_parameters())
    assert set(norms.names) == {name.rpartition(".")[0] for name in named}
    assert norms.names[0] == "conv"
    assert norms.names[-1] == "classifier"
    assert norms.sizes.sum() == sum(parameter.numel() for parameter in named.values())
    for ours, theirs in ((norms.before, spy.before), (norms.after, spy.after), (norms.weights, spy.old)):
        assert ours.tolist() == pytest.approx(by_layer(theirs, norms.names), rel=1e-5, abs=1e-9)
    assert norms.updates.tolist() == pytest.approx(by_layer(spy.moved, norms.names), rel=1e-4, abs=1e-9)
    assert math.hypot(*norms.before) > 0.1, "there was something to clip"
    assert math.hypot(*norms.after) == pytest.approx(0.05, rel=1e-3)
    assert norms.before.dtype == np.float32


def test_without_clipping_before_equals_after_and_the_update_is_the_rate_times_the_gradient(
    tiny: MakeImages,
) -> None:
    run = run_of(tiny(), instruments=(Gradients(every=1),), momentum=0.0, weight_decay=0.0)
    (norms,) = of_kind(one_step(run), GradientNorms)
    assert np.array_equal(norms.before, norms.after)
    np.testing.assert_allclose(norms.updates, 0.05 * norms.after, rtol=1e-3, atol=1e-7)


def test_vanished_gradients_are_measured_and_not_rounded_to_zero(tiny: MakeImages) -> None:
    """Their squares are smaller than the smallest float32."""
    run = run_of(tiny(), Activation(kind="sigmoid"), instruments=(Gradients(every=1), Spy()), depth=32)
    (norms,) = of_kind(one_step(run), GradientNorms)
    spy = run.watch.instruments[1]
    assert isinstance(spy, Spy)
    assert 0 < norms.before[0] < 1e-24
    np.testing.assert_allclose(norms.before, by_layer(spy.before, norms.names), rtol=1e-5)


def test_a_frozen_layer_has_gradient_and_update_zero(tiny: MakeImages) -> None:
    run = run_of(tiny(), instruments=(Gradients(every=1),))
    run.learner.model.get_submodule("conv").requires_grad_(False)
    (norms,) = of_kind(one_step(run), GradientNorms)
    assert norms.before[0] == norms.after[0] == norms.updates[0] == 0
    assert norms.weights[0] > 0
    assert (norms.before[1:] > 0).all()


@pytest.mark.parametrize("momentum", [0.1, 0.01, 1.0])
def test_batch_statistics_follow_from_the_running_ones(tiny: MakeImages, momentum: float) -> None:
    run = run_of(tiny(channels=3), Normalization(momentum=momentum), instruments=(NormalizationStatistics(every=1),))
    model = run.learner.model
    seen: dict[str, torch.Tensor] = {}
    for name, layer in model.named_modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.register_forward_hook(lambda _l, x, _y, name=name: seen.update({name: x[0].detach().clone()}))
    for _ in range(3):
        statistics = of_kind(one_step(run), NormStats)
    assert {event.layer for event in statistics} == set(seen)
    assert len(statistics) == 7
    for event in statistics:
        values = seen[event.layer].double().transpose(0, 1).flatten(1)
        tolerance = 1e-5 / momentum  # the difference of two rounded numbers, divided by the momentum
        np.testing.assert_allclose(event.batch_mean, values.mean(1), rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(event.batch_var, values.var(1), rtol=tolerance, atol=tolerance)
        layer = model.get_submodule(event.layer)
        for ours, theirs in (
            (event.running_mean, layer.running_mean),
            (event.running_var, layer.running_var),
            (event.gamma, layer.weight),
            (event.beta, layer.bias),
        ):
            assert np.array_equal(ours, theirs.detach().numpy())


@pytest.mark.parametrize(
    "technique",
    [Normalization(kind="layer"), Normalization(track_running_stats=False)],
    ids=["layer", "untracked"],
)
def test_layers_without_running_statistics_report_gamma_and_beta_only(tiny: MakeImages, technique: Technique) -> None:
    run = run_of(tiny(), technique, instruments=(NormalizationStatistics(every=1),))
    statistics = of_kind(one_step(run), NormStats)
    assert len(statistics) == 7
    for event in statistics:
        assert event.batch_mean.size == event.running_var.size == 0
        assert event.gamma.size > 0


def test_normalization_without_affine_reports_no_gamma(tiny: MakeImages) -> None:
    run = run_of(tiny(), Normalization(affine=False), instruments=(NormalizationStatistics(every=1),))
    for event in of_kind(one_step(run), NormStats):
        assert event.gamma.size == event.beta.size == 0
        assert event.batch_mean.size > 0


def test_modes_compares_both_and_leaves_the_network_as_it_was(tiny: MakeImages) -> None:
    data = tiny(count=96, noise=0.5)
    techniques = (Normalization(), Dropout(p=0.9, places=("stage1", "classifier")))
    run = run_of(data, *techniques, instruments=(Modes(),), epochs=1)
    for indices in run.batches():
        list(run.one_step(indices))
    model, scene = run.learner.model, run.scene
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    stream = torch.get_rng_state()
    scene.sample_logits = predict(model, scene.sample.images)
    (said,) = Modes().after_epoch(scene)
    assert isinstance(said, ModeAccuracy)
    assert model.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert torch.equal(stream, torch.get_rng_state())

    with torch.no_grad():
        guess = model.eval()(to_float(scene.sample.images)).argmax(1)
    assert said.eval_mode == pytest.approx((guess == scene.sample.labels).float().mean().item())


def test_modes_agree_where_nothing_depends_on_the_mode(tiny: MakeImages) -> None:
    run = run_of(tiny(noise=0.5), Normalization(kind="group"), instruments=())
    for indices in run.batches():
        list(run.one_step(indices))
    run.scene.sample_logits = predict(run.learner.model, run.scene.sample.images)
    (said,) = Modes().after_epoch(run.scene)
    assert isinstance(said, ModeAccuracy)
    assert said.train_mode == said.eval_mode


def test_samples_show_the_batch_that_was_trained_on(tiny: MakeImages) -> None:
    run = run_of(tiny(count=40), Augmentation(), LabelSmoothing(), Mixing(), instruments=(Samples(every=1),))
    (grid,) = of_kind(one_step(run), SampleGrid)
    scene = run.scene
    indices = run.indices[:16]
    assert np.array_equal(grid.before, run.training.images[indices].numpy())
    assert np.array_equal(grid.labels, run.training.labels[indices].numpy())
    assert (grid.before.dtype, grid.after.dtype) == (np.uint8, np.uint8)
    np.testing.assert_allclose(grid.after / 255, scene.batch.images[:16].numpy(), atol=0.51 / 255)
    assert np.array_equal(grid.targets, scene.batch.targets[:16].numpy())
    assert {"crop_x", "crop_y", "flip", "mix", "partner"} <= set(grid.drawn)
    assert all(values.shape == (16,) for values in grid.drawn.values())


def test_each_looks_on_its_own_schedule_and_is_charged_for_it(tiny: MakeImages) -> None:
    data = tiny(count=16 * 7)
    run = run_of(data, Normalization(), instruments=(Gradients(every=3), Samples(every=5)), epochs=2)
    events = list(run.events())
    assert [event.step for event in of_kind(events, GradientNorms)] == [1, 4, 7, 10, 13]
    assert [event.step for event in of_kind(events, SampleGrid)] == [1, 6, 11]
    costs = of_kind(events, InstrumentCost)
    assert [cost.step for cost in costs] == [7, 14]
    for cost in costs:
        assert set(cost.seconds) == {"gradients", "samples"}
        assert sum(cost.seconds.values()) < cost.training_seconds
        assert all(seconds > 0 for seconds in cost.seconds.values())


def test_choices() -> None:
    assert choose("none") == ()
    assert [type(instrument) for instrument in choose("default")] == list(INSTRUMENTS)
    assert all(instrument.every == 1 for instrument in choose("all"))
    assert len({kind.name for kind in INSTRUMENTS}) == len(INSTRUMENTS)
