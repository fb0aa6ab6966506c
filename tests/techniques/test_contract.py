"""What every technique owes the program, for its defaults, each bound and each choice of every field."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import annotated_types
import pytest
import torch
from pydantic.fields import FieldInfo

from explorer import train
from explorer.data import ImageData
from explorer.errors import InputError
from explorer.events import StepDone
from explorer.recipe import Recipe, build_technique
from explorer.techniques import (
    TECHNIQUES,
    Batch,
    Category,
    Distillation,
    LayerPlace,
    LayerRate,
    Moment,
    Normalization,
    Skip,
    Technique,
)
from explorer.training.control import Control
from explorer.training.instruments import Watch
from explorer.training.loop import one_step
from explorer.training.run import Run

SLOTS = (
    "fetch", "norm", "activation", "drop", "shortcut", "initialise", "load",
    "objective", "soften", "augment", "on_gradients", "lr_scale", "average", "layer_rate", "stop", "branch", "backward",
    "convolution", "weigh", "draw",
)  # fmt: skip
CHANNELS, CLASSES = 3, 5


@dataclass(frozen=True)
class Bound:
    """A limit of a numeric field: the last value it allows, and the first beyond."""

    inside: float
    outside: float


def bounds(info: FieldInfo) -> list[Bound]:
    whole = info.annotation is int
    found = []
    for limit in info.metadata:
        match limit:
            case annotated_types.Ge(ge=at):
                found.append(Bound(at, at - 1 if whole else math.nextafter(at, -math.inf)))
            case annotated_types.Gt(gt=at):
                found.append(Bound(at + 1 if whole else math.nextafter(at, math.inf), at))
            case annotated_types.Le(le=at):
                found.append(Bound(at, at + 1 if whole else math.nextafter(at, math.inf)))
            case annotated_types.Lt(lt=at):
                found.append(Bound(at - 1 if whole else math.nextafter(at, -math.inf), at))
    return found


def choices(annotation: Any) -> list[Any]:
    """Each choice of a Literal, a bool, or a tuple of Literals (one at a time, then all)."""
    if annotation is bool:
        return [False, True]
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    if get_origin(annotation) is tuple:
        one = choices(get_args(annotation)[0])
        return [(choice,) for choice in one] + ([tuple(one)] if one else [])
    return []


def activated(technique: type[Technique], field: str) -> list[dict[str, Any]]:
    """The values of other fields under which `field` matters: every combination."""
    extra = technique.model_fields[field].json_schema_extra
    when: Any = extra.get("when", {}) if isinstance(extra, dict) else {}
    return [dict(zip(when, values, strict=True)) for values in itertools.product(*when.values())]


def variants() -> Iterator[Any]:
    for technique in TECHNIQUES:
        yield pytest.param(technique(), id=technique.name)
        for field, info in technique.model_fields.items():
            values = choices(info.annotation) + [bound.inside for bound in bounds(info)]
            for value, others in itertools.product(values, activated(technique, field)):
                fields = {**others, field: value}
                name = ",".join(f"{key}={chosen}" for key, chosen in fields.items())
                yield pytest.param(technique(**fields), id=f"{technique.name}-{name}")


every_variant = pytest.mark.parametrize("technique", list(variants()))


def variants_in(*slots: str) -> pytest.MarkDecorator:
    """Of the techniques that override one of `slots`: those of the others would only test the base class."""
    return pytest.mark.parametrize("technique", [v for v in variants() if any(map(v.values[0].acts_in, slots))])


every_kind = pytest.mark.parametrize("kind", TECHNIQUES, ids=lambda kind: kind.name)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def images(tiny: Callable[..., ImageData]) -> ImageData:
    return tiny(count=32, classes=CLASSES, channels=CHANNELS, ordered=True)


# The declaration.


@every_kind
def test_declares_what_card_and_manual_need(kind: type[Technique]) -> None:
    for words in (kind.name, kind.title, kind.summary, kind.label):
        assert words
        assert words == words.strip()
    assert kind.name.isidentifier()
    assert kind.name == kind.name.lower()
    assert isinstance(kind.group, Category)
    assert "\n" not in kind.summary
    assert kind.summary.endswith(".")
    manual = kind.manual()
    assert "Paper" in manual or "Source" in manual
    assert "Look at" in manual
    for field, info in kind.model_fields.items():
        assert info.description, field
        assert info.description.endswith("."), field


@every_kind
def test_fields_are_bounded_and_dependencies_exist(kind: type[Technique]) -> None:
    for field, info in kind.model_fields.items():
        if info.annotation in (int, float):
            sides = {type(limit) for limit in info.metadata}
            assert sides & {annotated_types.Ge, annotated_types.Gt}, f"{field} has no lower bound"
            assert sides & {annotated_types.Le, annotated_types.Lt}, f"{field} has no upper bound"
        extra = info.json_schema_extra
        when: Any = extra.get("when", {}) if isinstance(extra, dict) else {}
        for other, values in when.items():
            assert set(values) <= set(choices(kind.model_fields[other].annotation)), f"{field} depends on {other}"


@every_kind
def test_a_default_that_depends_on_another_field_follows_it(kind: type[Technique]) -> None:
    for field, info in kind.model_fields.items():
        extra = info.json_schema_extra
        by: Any = extra.get("by", {}) if isinstance(extra, dict) else {}
        for other, table in by.items():
            for choice in choices(kind.model_fields[other].annotation):
                expected = table.get(choice, info.default)
                assert getattr(kind(**{other: choice}), field) == expected
                assert getattr(kind(**{other: choice, field: info.default}), field) == info.default, "what was given"
                assert kind.changed(dict(kind()), {other: choice})[field] == expected
                given = {**dict(kind()), field: 0.5}
                assert kind.changed(given, {other: choice})[field] == 0.5, "a value of one's own stays"


def test_names_are_unique() -> None:
    assert len({kind.name for kind in TECHNIQUES}) == len(TECHNIQUES)


@every_kind
def test_acts_in_known_slots_only(kind: type[Technique]) -> None:
    assert any(kind.acts_in(slot) for slot in SLOTS)
    helpers = {"manual", "acts_in", "lacks", "comparison", "margin", "smallest_pass"}
    helpers |= {"refuse", "refuse_network", "refuse_length"}
    ours = {name for name, value in vars(kind).items() if callable(value) and not name.startswith("_")}
    assert ours <= {*SLOTS, *helpers}


@every_kind
def test_frozen(kind: type[Technique]) -> None:
    technique = kind()
    for field in kind.model_fields:
        with pytest.raises(ValueError, match="frozen"):
            setattr(technique, field, getattr(technique, field))


@every_variant
def test_round_trip_and_text(technique: Technique) -> None:
    recipe = Recipe(techniques=(technique,))
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    assert again.techniques[0] == technique
    assert str(technique)
    assert "{" not in str(technique)


@every_kind
def test_refuses_what_is_out_of_bounds(kind: type[Technique]) -> None:
    for field, info in kind.model_fields.items():
        bad: list[Any] = [bound.outside for bound in bounds(info)]
        if info.annotation in (int, float):
            bad += [math.nan, math.inf, -math.inf, "many", None]
        elif choices(info.annotation) and info.annotation is not bool:
            bad += ["no such choice", None]
        elif get_origin(info.annotation) is tuple:
            bad += [(math.nan,), (math.inf,), ("many",), None]
        for value in bad:
            with pytest.raises(InputError, match=rf"{kind.name}\.{field}"):
                build_technique(kind.name, {field: value})


@every_kind
def test_refuses_unknown_settings(kind: type[Technique]) -> None:
    with pytest.raises(InputError, match=rf"{kind.name}\.no_such_setting"):
        build_technique(kind.name, {"no_such_setting": 1})


def test_declarations_need_no_torch() -> None:
    code = "import sys, explorer, explorer.techniques, explorer.recipe; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


# The slots, each on its own.


@variants_in("norm", "activation", "drop", "shortcut")
def test_layers_keep_shape_and_dtype(technique: Technique) -> None:
    before = torch.get_rng_state()
    x = torch.rand((2, 8, 6, 6), generator=rng())
    made = [technique.norm(8), technique.activation()]
    made += [technique.drop(place, rng()) for place in ("stage1", "stage2", "stage3", "classifier")]
    for layer in made:
        if layer is not None:
            y = layer(x)
            assert (y.shape, y.dtype) == (x.shape, x.dtype)
            assert torch.isfinite(y).all()
    if technique.acts_in("shortcut"):
        for c_in, c_out, stride in ((8, 8, 1), (8, 16, 2), (8, 16, 1)):
            with torch.random.fork_rng(devices=[]):  # torch's constructors; model.build does the same
                layer = technique.shortcut(c_in, c_out, stride)
            assert layer is not None
            assert layer(x).shape == (2, c_out, 6 // stride, 6 // stride)
    assert torch.equal(before, torch.get_rng_state())


@variants_in("augment")
@pytest.mark.parametrize("channels", [1, 3])
def test_augment_is_pure(technique: Technique, channels: int) -> None:
    before = torch.get_rng_state()
    pictures = torch.rand((6, channels, 16, 12), generator=rng()).contiguous(memory_format=torch.channels_last)
    targets = torch.eye(CLASSES)[torch.arange(6) % CLASSES]
    original, hard = pictures.clone(), targets.clone()
    one, two = (technique.augment(Batch(pictures, targets), rng(7)) for _ in range(2))
    assert torch.equal(pictures, original)
    assert torch.equal(targets, hard)
    assert torch.equal(one.images, two.images)
    assert torch.equal(one.targets, two.targets)
    assert (one.images.shape, one.images.dtype) == (pictures.shape, pictures.dtype)
    assert one.images.is_contiguous(memory_format=torch.channels_last)
    assert one.images.min() >= 0
    assert one.images.max() <= 1
    torch.testing.assert_close(one.targets.sum(1), torch.ones(6))
    assert one.targets.min() >= 0
    for name, values in one.drawn.items():
        assert values.shape == (6,), name
        assert torch.equal(values, two.drawn[name]), name
    assert torch.equal(before, torch.get_rng_state())


@variants_in("soften")
def test_soften_keeps_a_distribution(technique: Technique) -> None:
    targets = torch.eye(CLASSES)
    soft = technique.soften(targets)
    assert torch.equal(targets, torch.eye(CLASSES))
    assert (soft.shape, soft.dtype) == (targets.shape, targets.dtype)
    assert soft.min() >= 0
    torch.testing.assert_close(soft.sum(1), torch.ones(CLASSES))
    assert torch.equal(soft, technique.soften(targets))


@variants_in("lr_scale")
def test_rate_is_a_share_of_the_peak(technique: Technique) -> None:
    for moment in moments():
        scale = technique.lr_scale(moment)
        assert 0 <= scale <= 1 + 1e-12
        assert scale == technique.lr_scale(moment)


@variants_in("stop")
def test_stop_is_pure_and_waits_for_an_epoch(technique: Technique) -> None:
    for moment in moments():
        stops = technique.stop(moment)
        assert stops in (False, True)
        assert stops == technique.stop(moment)
        assert not (stops and not moment.losses)


def moments() -> Iterator[Moment]:
    """The first step, the second, the middle and the last, of runs short and long."""
    for epochs, steps_per_epoch in ((1, 1), (3, 4), (15, 46), (200, 2)):
        for step in {0, 1, epochs * steps_per_epoch // 2, epochs * steps_per_epoch - 1}:
            losses = tuple(1 / (1 + i % 5) for i in range(step // steps_per_epoch))
            yield Moment(step, steps_per_epoch, epochs, losses)


@variants_in("on_gradients")
def test_gradients_keep_their_shapes(technique: Technique) -> None:
    weights = [torch.nn.Parameter(torch.rand(shape, generator=rng())) for shape in ((3, 4), (5,))]
    for weight in weights:
        weight.grad = 100 * torch.rand(weight.shape, generator=rng())
    technique.on_gradients(weights)
    for weight in weights:
        assert weight.grad is not None
        assert weight.grad.shape == weight.shape
        assert torch.isfinite(weight.grad).all()


@variants_in("average")
def test_average_is_finite_and_leaves_the_weights_alone(technique: Technique) -> None:
    weights = [torch.rand(shape, generator=rng()) for shape in ((3, 4), (5,))]
    shadow, before = [torch.zeros_like(weight) for weight in weights], [weight.clone() for weight in weights]
    technique.average(shadow, weights, 1)
    assert all(torch.isfinite(tensor).all() for tensor in shadow)
    assert all(torch.equal(*pair) for pair in zip(weights, before, strict=True))


@variants_in("layer_rate")
def test_layer_rate_is_pure_and_leaves_the_head_to_learn(technique: Technique) -> None:
    for stages, epoch in itertools.product((2, 5, 14), (0, 1, 1000)):
        places = [LayerPlace("layer", stage, stages) for stage in range(stages)]
        layer_rates = [technique.layer_rate(place, epoch, LayerRate()) for place in places]
        assert layer_rates == [technique.layer_rate(place, epoch, LayerRate()) for place in places]
        assert not layer_rates[-1].frozen
        assert all(0 < layer_rate.factor <= 1 for layer_rate in layer_rates)


# All together: one step of training.


@pytest.fixture(scope="module")
def teacher(images: ImageData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint to learn from."""
    folder = tmp_path_factory.mktemp("teacher")
    for _event in train(Recipe(width=4, batch_size=16, epochs=1, device="cpu"), data=images, checkpoints=folder):
        pass
    return folder / "last.pt"


@variants_in("objective")
def test_an_objective_is_a_finite_loss_through_which_gradients_go(technique: Technique) -> None:
    logits, answers = (torch.rand((6, CLASSES), generator=rng(seed)) for seed in (0, 1))
    logits.requires_grad_()
    loss = technique.objective(logits.square().mean(), logits, answers)
    loss.backward()
    assert loss.ndim == 0
    assert torch.isfinite(loss)
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@every_variant
def test_one_training_step(technique: Technique, images: ImageData, teacher: Path) -> None:
    if isinstance(technique, Distillation):
        technique = technique.model_copy(update={"teacher": str(teacher)})
    before = torch.get_rng_state()
    beside = {"stochastic_depth": (Skip(),), "transfer": (Normalization(), Skip())}.get(technique.name, ())
    width = 16 if technique.name == "transfer" else 4  # that of the weights that come with the program
    about = {"depth": 8, "width": width, "batch_size": 16, "device": "cpu", "lr": 0.01}
    recipe = Recipe(epochs=2100, **about, techniques=(technique, *beside))  # long enough for every cycle
    run = Run(recipe, images, Watch(()), Control(), None)
    events = list(one_step(run, next(run.batches())))
    assert [type(event) for event in events] == [StepDone]
    assert math.isfinite(events[0].loss)  # type: ignore[union-attr]
    assert events[0].loss >= -1e-6  # type: ignore[union-attr]
    assert torch.equal(before, torch.get_rng_state())
