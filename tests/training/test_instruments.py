"""What the instruments say, against direct computation; and that they leave everything as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explorer.data import ImageData
from explorer.events import (
    ActivationStats,
    Evaluation,
    Event,
    GradientNorms,
    InstrumentCost,
    ModeAccuracy,
    NormStats,
    SampleGrid,
)
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
from explorer.training.instruments import INSTRUMENTS, Instrument, StepContext, Watch, choose
from explorer.training.instruments.activations import IMAGES, MOST, Activations, watched
from explorer.training.instruments.evaluation import LONGEST, Evaluations, selective
from explorer.training.instruments.gradients import Gradients
from explorer.training.instruments.modes import Modes
from explorer.training.instruments.normalization import NormalizationStatistics
from explorer.training.instruments.samples import Samples
from explorer.training.loop import one_step, whole_run
from explorer.training.metrics import measure, predict, to_float
from explorer.training.run import Run

MakeImages = Callable[..., ImageData]


class Spy(Instrument):
    """Copies of gradients and weights at every moment, by the name of the parameter."""

    name = "spy"
    default_every = 1

    def before_clipping(self, context: StepContext) -> None:
        self.before = gradients(context.model)

    def after_clipping(self, context: StepContext) -> None:
        self.after, self.old = gradients(context.model), weights(context.model)

    def after_step(self, context: StepContext) -> Iterable[Event]:
        new = weights(context.model)
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


def first_step(run: Run) -> list[Event]:
    return list(one_step(run, next(run.batches())))


def of_kind(events: list[Event], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_gradient_norms_equal_the_naive_ones(tiny: MakeImages, optimizer: str) -> None:
    spy = Spy()
    techniques = (Normalization(), Skip(), Activation(kind="prelu"), Clipping(threshold=0.05))
    run = run_of(tiny(), *techniques, instruments=(Gradients(every=1), spy), optimizer=optimizer)
    for _ in range(2):
        (norms,) = of_kind(first_step(run), GradientNorms)
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
    (norms,) = of_kind(first_step(run), GradientNorms)
    assert np.array_equal(norms.before, norms.after)
    np.testing.assert_allclose(norms.updates, 0.05 * norms.after, rtol=1e-3, atol=1e-7)


def test_vanished_gradients_are_measured_and_not_rounded_to_zero(tiny: MakeImages) -> None:
    """Their squares are smaller than the smallest float32."""
    run = run_of(tiny(), Activation(kind="sigmoid"), instruments=(Gradients(every=1), Spy()), depth=32)
    (norms,) = of_kind(first_step(run), GradientNorms)
    spy = run.watch.instruments[1]
    assert isinstance(spy, Spy)
    assert 0 < norms.before[0] < 1e-24
    np.testing.assert_allclose(norms.before, by_layer(spy.before, norms.names), rtol=1e-5)


def test_a_frozen_layer_has_gradient_and_update_zero(tiny: MakeImages) -> None:
    run = run_of(tiny(), instruments=(Gradients(every=1),))
    run.learner.model.get_submodule("conv").requires_grad_(False)
    (norms,) = of_kind(first_step(run), GradientNorms)
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
        statistics = of_kind(first_step(run), NormStats)
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
    statistics = of_kind(first_step(run), NormStats)
    assert len(statistics) == 7
    for event in statistics:
        assert event.batch_mean.size == event.running_var.size == 0
        assert event.gamma.size > 0


def test_normalization_without_affine_reports_no_gamma(tiny: MakeImages) -> None:
    run = run_of(tiny(), Normalization(affine=False), instruments=(NormalizationStatistics(every=1),))
    for event in of_kind(first_step(run), NormStats):
        assert event.gamma.size == event.beta.size == 0
        assert event.batch_mean.size > 0


def test_modes_compares_both_and_leaves_the_network_as_it_was(tiny: MakeImages) -> None:
    data = tiny(count=96, noise=0.5)
    techniques = (Normalization(), Dropout(p=0.9, places=("stage1", "classifier")))
    run = run_of(data, *techniques, instruments=(Modes(),), epochs=1)
    for indices in run.batches():
        list(one_step(run, indices))
    model, context = run.learner.model, run.context
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    stream = torch.get_rng_state()
    context.sample_logits = predict(model, context.sample.images)
    (said,) = Modes().after_epoch(context)
    assert isinstance(said, ModeAccuracy)
    assert model.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert torch.equal(stream, torch.get_rng_state())

    with torch.no_grad():
        guess = model.eval()(to_float(context.sample.images)).argmax(1)
    assert said.eval_mode == pytest.approx((guess == context.sample.labels).float().mean().item())


def test_modes_agree_where_nothing_depends_on_the_mode(tiny: MakeImages) -> None:
    run = run_of(tiny(noise=0.5), Normalization(kind="group"), instruments=())
    for indices in run.batches():
        list(one_step(run, indices))
    run.context.sample_logits = predict(run.learner.model, run.context.sample.images)
    (said,) = Modes().after_epoch(run.context)
    assert isinstance(said, ModeAccuracy)
    assert said.train_mode == said.eval_mode


def test_samples_show_the_batch_that_was_trained_on(tiny: MakeImages) -> None:
    run = run_of(tiny(count=40), Augmentation(), LabelSmoothing(), Mixing(), instruments=(Samples(every=1),))
    (grid,) = of_kind(first_step(run), SampleGrid)
    context = run.context
    indices = run.context.taken.indices[:16]
    assert np.array_equal(grid.before, run.images.training.images[indices].numpy())
    assert np.array_equal(grid.labels, run.images.training.labels[indices].numpy())
    assert (grid.before.dtype, grid.after.dtype) == (np.uint8, np.uint8)
    np.testing.assert_allclose(grid.after / 255, context.batch.images[:16].numpy(), atol=0.51 / 255)
    assert np.array_equal(grid.targets, context.batch.targets[:16].numpy())
    assert {"crop_x", "crop_y", "flip", "mix", "partner"} <= set(grid.drawn)
    assert all(values.shape == (16,) for values in grid.drawn.values())
    assert grid.mixed is not None
    assert grid.mixed.any()
    assert not grid.mixed[grid.drawn["mix"] == 1].any()


def test_activations_equal_those_of_the_pass_itself(tiny: MakeImages) -> None:
    run = run_of(tiny(count=96), Normalization(), instruments=(Activations(every=1),), batch_size=48)
    model = run.learner.model
    model.get_submodule("stage1.0.conv1").requires_grad_(False)  # frozen layers are seen too
    seen: dict[str, torch.Tensor] = {}
    for name, layer in model.named_modules():
        layer.register_forward_hook(lambda _l, _x, y, name=name: seen.update({name: y.detach().clone()[:IMAGES]}))
    (said,) = of_kind(first_step(run), ActivationStats)
    assert said.names[:3] == ("conv", "norm", "act")
    assert said.names[-1] == "classifier"
    assert len(said.names) == 3 * 7 + 1
    for name, mean, std, dead in zip(said.names, said.mean, said.std, said.dead, strict=True):
        values = seen[name].double()
        assert mean == pytest.approx(values.mean().item(), rel=1e-4, abs=1e-6)
        assert std == pytest.approx(values.std(correction=0).item(), rel=1e-4)
        if isinstance(model.get_submodule(name), nn.ReLU):
            alive = [bool(channel.any()) for channel in values.transpose(0, 1)]
            assert dead == pytest.approx(1 - sum(alive) / len(alive))
        else:
            assert math.isnan(dead)
    assert said.step == 1
    assert said.mean.dtype == np.float32


def test_units_that_never_fire_are_counted_as_dead(tiny: MakeImages) -> None:
    run = run_of(tiny(), instruments=(Activations(every=1),))
    with torch.no_grad():
        run.learner.model.get_parameter("conv.bias")[:3] = -1e6
    (said,) = of_kind(first_step(run), ActivationStats)
    assert said.dead[said.names.index("act")] >= 0.75


def test_signals_that_die_out_are_measured_and_not_rounded_to_zero(tiny: MakeImages) -> None:
    """Their squares are smaller than the smallest float32."""
    run = run_of(tiny(), instruments=(Activations(every=1),))
    with torch.no_grad():
        for layer in ("weight", "bias"):
            run.learner.model.get_parameter(f"conv.{layer}").mul_(1e-25)
    (said,) = of_kind(first_step(run), ActivationStats)
    assert 0 < said.std[0] < 1e-24


class Reused(nn.Module):
    """As torchvision builds them: one activation that works in place and serves twice, and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.relu = nn.Linear(4, 4), nn.ReLU(inplace=True)
        self.last, self.attention = nn.Linear(4, 4), nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.last(self.relu(self.first(x)))
        answer, _weights = self.attention(y, y, y)
        return self.relu(y + answer)  # type: ignore[no-any-return]


def test_activations_that_serve_twice_and_work_in_place(tiny: MakeImages) -> None:
    run = run_of(tiny(), instruments=(Activations(every=1),))
    first_step(run)
    torch.manual_seed(0)
    model, instrument, x = Reused(), Activations(), torch.randn(8, 3, 4)
    context = replace(run.context, model=model)
    instrument.before_forward(context)
    out = model(x)
    instrument.after_forward(context)
    (said,) = instrument.after_step(context)
    assert isinstance(said, ActivationStats)
    assert said.names == ("first", "last", "attention", "relu")
    assert said.mean[0] == pytest.approx(model.first(x).mean().item(), rel=1e-5), "before ReLU overwrote it"
    assert said.mean[-1] == pytest.approx(out.mean().item(), rel=1e-5)
    assert np.isfinite(said.std).all()
    assert not any(layer._forward_hooks for layer in model.modules())


def test_with_cached_features_only_the_head_is_seen(tiny: MakeImages) -> None:
    run = run_of(tiny(), instruments=(Activations(every=1),))
    first_step(run)
    model, instrument, context = run.learner.model, Activations(), run.context
    instrument.before_forward(context)
    with torch.no_grad():
        features = model.features(context.batch.images)  # type: ignore[operator]
    model.head(features)  # type: ignore[operator]
    instrument.after_forward(context)
    (said,) = instrument.after_step(context)
    assert isinstance(said, ActivationStats)
    assert said.names[-1] == "classifier"
    assert np.isfinite(said.std[-1])
    assert np.isnan(said.std[:-1]).all()


def test_of_deep_networks_the_end_of_each_group_of_layers_is_seen(tiny: MakeImages) -> None:
    model = run_of(tiny(), Normalization(), Skip(), instruments=(), depth=56).learner.model
    names = [name for name, _module in watched(model)]
    assert len(names) <= MOST
    assert names[0] == "act"
    assert names[-1] == "classifier"
    assert sum(name.endswith(("act1", "act2")) for name in names) == 54


def test_evaluation_equals_counting(tiny: MakeImages) -> None:
    run = run_of(tiny(count=200, classes=5), instruments=())
    first_step(run)
    torch.manual_seed(0)
    labels = run.images.validation.labels
    logits = torch.randn(len(labels), 5) * 3
    context = replace(run.context, epoch=1, validation_logits=logits)
    (said,) = Evaluations().after_epoch(context)
    assert isinstance(said, Evaluation)
    confidence, answers = (values.tolist() for values in logits.softmax(1).max(1))
    table = np.zeros((5, 5), int)
    for true, answer in zip(labels.tolist(), answers, strict=True):
        table[true, answer] += 1
    np.testing.assert_array_equal(said.confusion, table)
    for i, (count, mean, share) in enumerate(said.bins.tolist()):
        inside = [k for k, c in enumerate(confidence) if i / 15 < c <= (i + 1) / 15]
        assert count == len(inside)
        if inside:
            assert mean == pytest.approx(np.mean([confidence[k] for k in inside]), rel=1e-5)
            assert share == pytest.approx(np.mean([answers[k] == labels[k].item() for k in inside]), rel=1e-5)
    count, mean, share = said.bins.T
    ece = measure(logits, labels, ordered=False)["ece"]
    assert float((count * abs(mean - share)).sum() / len(labels)) == pytest.approx(ece, rel=1e-4)
    wrong = sorted((k for k, a in enumerate(answers) if a != labels[k].item()), key=lambda k: -confidence[k])[:12]
    assert said.answers.tolist() == [answers[k] for k in wrong]
    assert said.labels.tolist() == labels[wrong].tolist()
    np.testing.assert_array_equal(said.images, run.images.validation.images[wrong].numpy())
    assert (np.diff(said.confidence) <= 0).all()


def test_evaluation_stays_small(tiny: MakeImages) -> None:
    run = run_of(tiny(count=240, classes=120, size=130), instruments=())
    first_step(run)
    logits = torch.nn.functional.one_hot(run.images.validation.labels, 120).float()
    context = replace(run.context, validation_logits=logits)
    (perfect,) = Evaluations().after_epoch(context)
    assert isinstance(perfect, Evaluation)
    assert perfect.confusion.shape == (0, 0)
    assert len(perfect.images) == len(perfect.labels) == 0
    (wrong,) = Evaluations().after_epoch(replace(context, validation_logits=logits.roll(1, 1)))
    assert isinstance(wrong, Evaluation)
    assert wrong.images.shape == (12, 1, 65, 65)
    assert max(wrong.images.shape) <= LONGEST


def test_each_looks_on_its_own_schedule_and_is_charged_for_it(tiny: MakeImages) -> None:
    data = tiny(count=16 * 7)
    run = run_of(data, Normalization(), instruments=(Gradients(every=3), Samples(every=5)), epochs=2)
    events = list(whole_run(run))
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


def test_selective_accuracy_is_that_of_the_surest() -> None:
    confidence = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2])
    right = torch.tensor([1, 1, 0, 1, 0, 0, 1, 0, 0, 0]).bool()
    expected = [1, 1, 2 / 3, 3 / 4, 3 / 5, 3 / 6, 4 / 7, 4 / 8, 4 / 9, 4 / 10]
    assert selective(confidence, right).tolist() == pytest.approx(expected)
    order = torch.randperm(10)
    assert selective(confidence[order], right[order]).tolist() == pytest.approx(expected)
