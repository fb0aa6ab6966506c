"""What a recipe will do, seen before any training: planned rates, targets, the images of step 1, the signal at step 0.

Everything comes from the code that the run uses, so a preview shows the very numbers of the run. The parts come
cheapest first, so that whoever asks can turn to a newer recipe in between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import perf_counter
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn

from explorer.data import DataSpec, ImageData
from explorer.events import ActivationStats, Doubles, Floats, LayerPlan, SampleGrid
from explorer.i18n import Message, _
from explorer.recipe import Recipe
from explorer.techniques import Moment
from explorer.training import freezing
from explorer.training.batches import batches, softened, steps_per_epoch, take
from explorer.training.instruments import StepContext
from explorer.training.instruments.activations import Activations
from explorer.training.instruments.samples import Samples
from explorer.training.metrics import soft_cross_entropy
from explorer.training.model import Standardize, build, layers
from explorer.training.pixels import mean_and_std
from explorer.training.planning import layer_plan
from explorer.training.preflight import check, pick_device
from explorer.training.rates import learning_rate
from explorer.training.streams import stream
from explorer.training.teaching import Teachers

POINTS = 300
"""Of the planned curve at most."""
PLANNED_EPOCHS = 500
"""So far ahead it is looked when layers freeze and thaw."""
IMAGES = 16
"""For the signal at most; fewer where the network is large."""
PARAMETERS_AT_FULL = 4e6
"""With so many 16 images take 0.2 s forward and back on one core; with more, fewer images are taken."""
MOST_PARAMETERS = 2e7
"""Drawing the start weights of more takes over 0.3 s on one core; depth 56 and width 128 have 56 million, 1 s."""
SECONDS = 0.3
"""Of the forward pass at most; backward takes twice as long."""


@dataclass(frozen=True, eq=False)
class PlannedRates:
    """What is planned: `epochs` done (n,) and the learning `rates` (n,) at these points, for a layer with factor 1.

    `plans`: how each layer learns, the first from step 0 on, the next ones where something changes; empty until known.
    """

    epochs: Doubles
    rates: Doubles
    plans: tuple[LayerPlan, ...] = ()


@dataclass(frozen=True, eq=False)
class Signal:
    """What the untrained network makes of the first `images` images of step 1, forward and back.

    `activations` at step 0 as the instrument of that name reports them; `gradients` (layers,) are L2 norms before
    clipping in the order of `layers`, NaN where a layer is frozen.
    """

    images: int
    activations: ActivationStats
    layers: tuple[str, ...]
    gradients: Floats

    @property
    def variance(self) -> Floats:
        """Of the values that each layer puts out, in the order of `activations.names`."""
        return self.activations.std**2


@dataclass(frozen=True, eq=False)
class Preview:
    """What is known of a run before it begins; parts not computed yet are None."""

    recipe: Recipe
    classes: tuple[str, ...]
    ordered: bool
    steps_per_epoch: int
    targets: Floats
    """(classes, classes): row k is what the loss compares with for class k, before images are mixed."""
    schedule: PlannedRates
    samples: SampleGrid | None = None
    """As the instrument `samples` will report them at step 1."""
    signal: Signal | None = None
    notes: tuple[Message, ...] = ()
    """What the user should know of the images."""
    skipped: str = ""
    """Why there is no signal, for people."""


def preview(recipe: Recipe, data: ImageData) -> Preview:
    """The whole preview. Raises InputError if recipe, data and machine do not fit together."""
    *_parts, whole = parts(recipe, data)
    return whole


def parts(recipe: Recipe, data: ImageData, stale: Callable[[], bool] = lambda: False) -> Iterator[Preview]:
    """Previews that know more and more; ends early once `stale`. Raises InputError as `preview` does."""
    check(recipe, data)
    device = pick_device(recipe.device)
    per_epoch = steps_per_epoch(recipe, len(data.training.labels))
    targets = targets_of(recipe, len(data.classes))
    known = Preview(recipe, data.classes, data.ordered, per_epoch, targets, _rates(recipe, per_epoch), notes=data.notes)
    yield known
    context = _first_context(recipe, data, device)
    (grid,) = Samples().after_step(context)
    assert isinstance(grid, SampleGrid)
    yield (known := replace(known, samples=grid))
    try:
        yield from _of_network(known, context, data, stale)
    except _StaleError:
        return


def targets_of(recipe: Recipe, classes: int) -> Floats:
    """(classes, classes): what the loss compares with for each class, before images are mixed."""
    matrix: Floats = softened(recipe, torch.eye(classes)).numpy()
    return matrix


def _rates(recipe: Recipe, per_epoch: int) -> PlannedRates:
    """Where a plan depends on losses, as on a plateau, it is made as if none had been measured."""
    total = recipe.epochs * per_epoch
    steps = np.unique(np.linspace(0, total - 1, min(POINTS, total), dtype=int)).tolist()
    moments = [Moment(step, per_epoch, recipe.epochs) for step in steps]
    rates = [learning_rate(recipe, moment) for moment in moments]
    return PlannedRates(np.array([step + 1 for step in steps]) / per_epoch, np.array(rates))


def _first_context(recipe: Recipe, data: ImageData, device: torch.device) -> StepContext:
    """What there is to see at step 1, but for the network."""
    indices = next(batches(recipe, data.training.labels, epoch=0))
    taken = take(recipe, data, data.training, indices, 0, device)
    return StepContext(nn.Identity(), 1, 0, taken, recipe, data.training, data.validation, {})


def _of_network(known: Preview, context: StepContext, data: ImageData, stale: Callable[[], bool]) -> Iterator[Preview]:
    """With what depends on the layers: how they learn, and the signal through them."""
    recipe = known.recipe
    pretrained = not recipe.network.blanks
    skipped = _("Before training, the signal is not shown for pretrained networks.") if pretrained else ""
    if skipped and not recipe.frozen and not _sets_layer_rates(recipe):
        yield replace(known, skipped=skipped)
        return
    if stale():
        return
    rng = stream(recipe.seed, "dropout", 0, device=context.raw.device)
    facts, standardize = data.spec, _standardize(data)
    model = _without_numbers(recipe, facts, standardize, rng)
    if not skipped and _parameters(model) > MOST_PARAMETERS:
        skipped = _("The network is too large for a look before training.")
    if not skipped:
        model = build(recipe, facts, standardize, rng)
    freezing.check_patterns(recipe.frozen, model)
    plans = tuple(_plans(recipe, model, known.steps_per_epoch, stale))
    known = replace(known, schedule=replace(known.schedule, plans=plans), skipped=skipped)
    if skipped:
        yield known
        return
    model.to(context.raw.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    freezing.apply(freezing.plan(recipe, model, epoch=0), model)
    try:
        teachers = Teachers(recipe, data, context.raw.device)
        yield replace(known, signal=_signal(replace(context, model=model), teachers, stale))
    except _SlowError:
        yield replace(known, skipped=_("The network takes too long for a look before training."))


def _without_numbers(recipe: Recipe, facts: DataSpec, standardize: Standardize, rng: torch.Generator) -> nn.Module:
    """The layers alone, to be named: ResNet-50 takes 0.05 s so, and 2 s with numbers."""
    try:
        with torch.device("meta"):
            return build(recipe, facts, standardize, rng, started=False)
    except NotImplementedError:  # RegNet computes its widths with tensors
        return build(recipe, facts, standardize, rng, started=False)


def _parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _sets_layer_rates(recipe: Recipe) -> bool:
    return any(technique.acts_in("layer_rate") for technique in recipe.techniques)


def _plans(recipe: Recipe, model: nn.Module, per_epoch: int, stale: Callable[[], bool]) -> Iterator[LayerPlan]:
    """One for epoch 0, and one for each epoch in which a layer freezes, thaws or changes its rate."""
    before = None
    for epoch in range(min(recipe.epochs, PLANNED_EPOCHS) if _sets_layer_rates(recipe) else 1):
        if stale():
            raise _StaleError
        layer_rates = freezing.plan(recipe, model, epoch)
        if layer_rates != before:
            yield layer_plan(layer_rates, epoch * per_epoch, epoch)
        before = layer_rates


def _signal(context: StepContext, teachers: Teachers, stale: Callable[[], bool]) -> Signal:
    """Raises _SlowError and _StaleError."""
    recipe, model = context.recipe, context.model
    n = min(len(context.labels), max(2, int(IMAGES * min(1.0, PARAMETERS_AT_FULL / _parameters(model)))))
    late = perf_counter() + SECONDS

    def guard(*_arguments: object) -> None:
        if stale():
            raise _StaleError
        if perf_counter() > late:
            raise _SlowError

    own = list(layers(model))
    hooks = [module.register_forward_pre_hook(guard) for _name, module, _own in own]
    instrument = Activations(every=1)
    instrument.before_forward(context)
    try:
        with torch.autocast(context.raw.device.type, torch.bfloat16, enabled=recipe.precision == "bf16"):
            logits: Tensor = model(context.batch.images[:n])
    finally:
        instrument.after_forward(context)
        for hook in hooks:
            hook.remove()
    guard()
    weights = None if context.batch.weights is None else context.batch.weights[:n]
    loss = soft_cross_entropy(logits, context.batch.targets[:n], weights)
    teachers.objective(loss, logits, context.batch.images[:n]).backward()  # type: ignore[no-untyped-call]
    (stats,) = instrument.after_step(replace(context, step=0))
    assert isinstance(stats, ActivationStats)
    gradients = np.array([_norm(parameters) for _name, _module, parameters in own], np.float32)
    return Signal(n, stats, tuple(name for name, _module, _own in own), gradients)


def _norm(parameters: list[nn.Parameter]) -> float:
    """L2 norm of the gradients, in double precision where there is one, as vanishing ones have tiny squares."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return math.nan
    precise = torch.float32 if gradients[0].device.type == "mps" else torch.float64
    return math.sqrt(sum(float(torch.linalg.vector_norm(gradient, dtype=precise)) ** 2 for gradient in gradients))


_standards: WeakKeyDictionary[ImageData, Standardize] = WeakKeyDictionary()


def _standardize(data: ImageData) -> Standardize:
    """The same for every recipe on these data; 20 ms for 6,000 small images."""
    if data not in _standards:
        _standards[data] = Standardize(*mean_and_std(data.training.images))
    return _standards[data]


class _StaleError(Exception):
    """Nobody waits for this preview any more."""


class _SlowError(Exception):
    """A part takes longer than a preview may."""
