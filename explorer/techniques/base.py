"""What a technique is, and the closed list of places (slots) where one can act.

A technique is a frozen declaration: its fields carry default, bounds, unit and description, its docstring is its
manual. "Off" means absent from the recipe. Card, flags, JSON schema, README table and contract tests follow from it.
torch is imported inside the slots, so that the window can show every card before torch is loaded.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from explorer.data import DataSpec
from explorer.i18n import N_, NOTHING, Message, _
from explorer.networks import BLANKS, BranchPlace, Network
from explorer.titles import choice_label

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from explorer.events import WeightsLoaded


class Category(StrEnum):
    """Under which heading a card stands."""

    REGULARISE = N_("Regularise")
    STABILISE = N_("Stabilise")
    SCHEDULE = N_("Schedule")
    TRANSFER = N_("Transfer")


class Aspect(StrEnum):
    """What of a run a slot decides, so that whoever shows it can ask whether it has changed; see Recipe.signature."""

    RATE = "rate"
    """How fast each layer learns in each step."""
    TARGETS = "targets"
    """What the answers are compared with."""
    IMAGES = "images"
    """What the network sees."""
    LAYERS = "layers"
    """Of what it is built."""
    SIGNAL = "signal"
    """What goes through it and back before it has learned anything; all of the above but the rate has a say in it."""


ASPECTS: dict[str, Aspect | None] = {
    **dict.fromkeys(("norm", "activation", "drop", "shortcut", "branch", "convolution"), Aspect.LAYERS),
    **dict.fromkeys(("initialise", "load", "backward", "weigh"), Aspect.SIGNAL),
    **dict.fromkeys(("soften", "objective"), Aspect.TARGETS),
    **dict.fromkeys(("augment", "draw"), Aspect.IMAGES),
    **dict.fromkeys(("lr_scale", "layer_rate"), Aspect.RATE),
    **dict.fromkeys(("on_gradients", "average", "stop"), None),
}
"""Of each slot; None where it acts on what a run has become, which nothing shows ahead."""


@dataclass(frozen=True)
class Batch:
    """Images float32 (B, C, H, W) in [0, 1], targets float32 (B, classes) whose rows sum to 1, and what each drew."""

    images: Tensor
    targets: Tensor
    drawn: dict[str, Tensor] = field(default_factory=dict)
    mirrors: bool = True
    """Whether a mirror image shows the same class; on a gauge it shows another value."""
    weights: Tensor | None = None
    """(B,), how much each image counts in the loss; None: all alike."""

    def with_(self, images: Tensor, targets: Tensor | None = None, **drawn: Tensor) -> Batch:
        """This batch with other images, perhaps other targets, and `drawn`, each (B,), added."""
        return replace(
            self,
            images=images,
            targets=self.targets if targets is None else targets,
            drawn={**self.drawn, **drawn},
        )


@dataclass(frozen=True)
class Moment:
    """Where a run stands: `step` steps done of `epochs` × `steps_per_epoch`; `losses` on validation, one per epoch."""

    step: int
    steps_per_epoch: int
    epochs: int
    losses: Sequence[float] = ()
    rebuilt: Sequence[int] = ()
    """How many epochs were done whenever a live change made it another network."""

    @property
    def steps(self) -> int:
        """Steps in the whole run."""
        return self.epochs * self.steps_per_epoch

    @property
    def epoch(self) -> float:
        """Epochs done, with the fraction of the current one."""
        return self.step / self.steps_per_epoch

    @property
    def losses_by_network(self) -> list[Sequence[float]]:
        """`losses`, those of each network that the run had by themselves; the last are those of the present one."""
        cuts = [0, *self.rebuilt, len(self.losses)]
        return [self.losses[start:end] for start, end in pairwise(cuts)]


class Compute(Protocol):
    """The forward pass of one step. Called again for the same images, it meets the same dropout, leaves running
    statistics as they are, and no instrument looks.
    """

    @property
    def images(self) -> int:
        """In the batch."""

    def __call__(self, part: int = 0, parts: int = 1) -> Tensor:
        """Loss (a scalar in nats) of the `part`-th of `parts` pieces of the batch, times the piece's share of it: the
        sum over the pieces is the loss of the batch.
        """


@dataclass(frozen=True)
class LayerPlace:
    """A layer as a technique sees it. `stage` counts from 0 at the images to `stages` − 1, the head."""

    name: str
    stage: int
    stages: int

    @property
    def from_head(self) -> int:
        """0 for the head, 1 for the stage below it."""
        return self.stages - 1 - self.stage


@dataclass(frozen=True)
class FrozenNorm:
    """What batch normalization in a frozen layer does. The defaults keep every byte of it as it is."""

    affine_trains: bool = False
    """γ and β go on learning."""
    statistics_update: bool = False
    """Running mean and variance go on following the batches."""
    uses_running: bool = True
    """The training pass normalises with the running statistics, as evaluation does; else with those of the batch."""


@dataclass(frozen=True)
class LayerRate:
    """How fast a layer learns: `factor` on the learning rate, or not at all."""

    factor: float = 1.0
    frozen: bool = False
    norm: FrozenNorm = FrozenNorm()
    """Of a frozen layer."""


class Switches(Protocol):
    """A recipe, as far as a technique knows it."""

    def switched(self, technique: Any) -> Self:
        """With `technique` on."""

    def without(self, name: str) -> Self:
        """With the technique `name` off."""


R = TypeVar("R", bound=Switches)


def parameter(
    default: Any,
    description: str,
    *,
    title: str,
    unit: str = "",
    when: dict[str, tuple[str, ...]] | None = None,
    by: dict[str, dict[str, Any]] | None = None,
    next_run: str = "",
    **bounds: Any,
) -> Any:
    """A field of a technique: default, title, description, bounds (ge, gt, le, lt), unit.

    `when` maps another field to the values under which this one matters; forms grey it out otherwise. `by` maps another
    field to the defaults that go with its values, where they differ from `default`. `next_run`: why a change cannot act
    in a run that goes on.
    """
    extra: dict[str, Any] = {}
    if unit:
        extra["unit"] = unit
    if when:
        extra["when"] = {name: list(values) for name, values in when.items()}
    if by:
        extra["by"] = by
    if next_run:
        extra["next_run"] = next_run
    return Field(default, title=title, description=description, json_schema_extra=extra or None, **bounds)


class Technique(BaseModel):
    """Base of all techniques. Override the slots where yours acts; leave the rest as they are."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: ClassVar[str]
    """Key in a recipe and flag on the command line."""
    title: ClassVar[str]
    summary: ClassVar[str]
    """One line: what it does."""
    group: ClassVar[Category]
    label: ClassVar[str]
    """Legend text, translatable, a format string over the fields, e.g. "dropout {p:g}"."""
    next_run: ClassVar[str] = ""
    """Why a change cannot act in a running network; empty if it can."""
    whole_run: ClassVar[bool] = False
    """Whether it can be switched on and off between runs only."""
    takes: ClassVar[tuple[str, ...]] = ()
    """Slots that it fills for itself, whatever others put there: two that take the same one exclude each other."""

    def __str__(self) -> str:
        return self.label.format(**dict(self))

    @property
    def said(self) -> str:
        """Its legend text in the language now in use."""
        return _(self.label).format(**{name: _readable(value) for name, value in self})

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: Any) -> Any:
        return {**cls.defaults(values), **values} if isinstance(values, Mapping) else values

    @classmethod
    def defaults(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """The defaults of the fields whose default depends on another one, where that one is as in `values`."""
        found = {}
        for name, info in cls.model_fields.items():
            extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
            by: Any = extra.get("by", {})
            for other, table in by.items():
                chosen = values.get(other, cls.model_fields[other].default)
                found[name] = table.get(chosen, info.default) if isinstance(chosen, str) else info.default
        return found

    @classmethod
    def changed(cls, before: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
        """The values `before` with some of them changed; what stood at its default stands at the one that goes with
        the change.
        """
        after = {**before, **change}
        was, now = cls.defaults(before), cls.defaults(after)
        return {**after, **{name: now[name] for name in now if name not in change and before.get(name) == was[name]}}

    @classmethod
    def manual(cls) -> str:
        """The docstring: what it does, formula, paper, when to use it, which panel shows its effect."""
        return inspect.cleandoc(cls.__doc__ or "")

    @classmethod
    def acts_in(cls, slot: str) -> bool:
        """Whether this technique overrides the method `slot`."""
        return getattr(cls, slot) is not getattr(Technique, slot)

    def refuse(self, facts: DataSpec) -> Message:
        """Why it cannot act on such data, with the remedy; NOTHING if it can."""
        return NOTHING

    def lacks(self, on: Collection[Technique]) -> Message:
        """Why it cannot act beside the techniques that are `on`, with the remedy; NOTHING if it can."""
        return NOTHING

    def refuse_network(self, network: Network) -> Message:
        """Why it cannot act in `network` although that has a place for it, with the remedy; NOTHING if it can."""
        return NOTHING

    @property
    def norm_limit(self) -> float:
        """The largest norm of the whole gradient that it lets through to the optimizer; infinite if it limits none."""
        return math.inf

    @property
    def starts_learned(self) -> bool:
        """Whether the network starts from weights that were learned, and not from scratch."""
        return False

    def comparison(self, recipe: R) -> tuple[tuple[str, R], ...]:
        """Runs that show what it does, as (label, translated; recipe): by default `recipe` without it and with it."""
        return (without(type(self)), recipe.without(self.name)), (self.said, recipe.switched(self))

    def fetch(self, network: Network) -> Iterator[tuple[int, int]]:
        """Bring what it needs and this machine lacks, before `network` is built: (bytes done, bytes in all)."""
        return iter(())

    # Slots of the network: asked for each blank when it is built, one technique after the other. `made` is what those
    # before put there, None if nothing; the answer takes its place.

    def norm(self, channels: int, made: nn.Module | None = None) -> nn.Module | None:
        """Layer (B, channels, H, W) → the same shape, after each convolution."""
        return made

    def activation(self, made: nn.Module | None = None) -> nn.Module | None:
        """Elementwise nonlinearity."""
        return made

    def drop(self, place: str, rng: torch.Generator, made: nn.Module | None = None) -> nn.Module | None:
        """Layer after the blocks of `place` ("stage1" …), or before the "classifier"; draws from `rng` alone."""
        return made

    def shortcut(self, c_in: int, c_out: int, stride: int, made: nn.Module | None = None) -> nn.Module | None:
        """Layer (B, c_in, H, W) → (B, c_out, H/stride, W/stride), added to the output of a block."""
        return made

    def branch(self, place: BranchPlace, module: nn.Module, rng: torch.Generator) -> nn.Module:
        """Wraps `module`, (B, C, H, W) → the same shape, through which a residual branch goes before it is added to its
        shortcut; draws from `rng` alone.
        """
        return module

    def convolution(self, made: nn.Conv2d) -> nn.Conv2d:
        """Takes the place of a convolution, with its parameters under the same names."""
        return made

    def initialise(self, model: nn.Module, rng: Callable[[str], torch.Generator]) -> None:
        """Set start weights in place; `rng(layer name)` gives each layer a stream of its own."""

    def load(self, network: Network, model: nn.Module) -> WeightsLoaded | None:
        """Put learned weights in place of the start weights of `model`, which `network` built; what was loaded."""
        return None

    # Slots of a step: pure functions, so that previews can draw them before any training.

    def weigh(self, counts: Tensor) -> Tensor | None:
        """How much each class counts in the loss, (classes,), when it has so many training images, `counts` (classes,)
        with at least one each; None: all alike.
        """
        return None

    def soften(self, targets: Tensor) -> Tensor:
        """Targets (B, classes), rows sum to 1 → the same shape."""
        return targets

    def augment(self, batch: Batch, rng: torch.Generator) -> Batch:
        """Another view of `batch`; every image draws its own parameters from `rng`, and reports them in `drawn`."""
        return batch

    @property
    def asks(self) -> str:
        """The run folder or checkpoint whose network answers to each batch, for `objective`; empty: none is named."""
        return ""

    def objective(self, loss: Tensor, logits: Tensor, answers: Tensor) -> Tensor:
        """What is optimised where the techniques before say `loss`, a scalar; `answers` to the same images are the
        logits of the network that it `asks`, like `logits` (B, classes).
        """
        return loss

    def backward(self, compute: Compute, parameters: Sequence[nn.Parameter]) -> Tensor:
        """Leaves in `grad` of `parameters`, None before, what the optimizer is to see, and returns the loss to report.

        It may call `compute` as often as it likes, and must leave the weights as they were. Who acts here, takes it.
        """
        loss = compute()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    def smallest_pass(self, images: int) -> int:
        """How many images the smallest forward pass of a step sees, of a batch of so many `images`."""
        return images

    def on_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Change gradients in place between backward and the optimizer's step."""

    def lr_scale(self, moment: Moment) -> float:
        """Factor on the recipe's learning rate for the step that follows `moment`."""
        return 1.0

    def average(self, shadow: list[Tensor], weights: list[Tensor], step: int) -> None:
        """After each step, move `shadow` (what is evaluated) towards `weights` (what is trained), in place."""

    # Slots of an epoch.

    def draw(self, order: Tensor, labels: Tensor, rng: torch.Generator) -> Tensor:
        """Which images an epoch takes: indices (N,) in place of those of `order`, a permutation; `labels` (N,)."""
        return order

    def layer_rate(self, place: LayerPlace, epoch: int, so_far: LayerRate) -> LayerRate:
        """How the layer at `place` learns in `epoch`, counted from 0; `so_far` by what the techniques before say."""
        return so_far

    def stop(self, moment: Moment) -> bool:
        """Whether to end the run after the epoch that just ended, and take the best weights."""
        return False


def without(kind: type[Technique]) -> str:
    """That this technique is off, in the language now in use."""
    return _("without {technique}").format(technique=in_mid_sentence(_(kind.title)))


def in_mid_sentence(title: str) -> str:
    """With a small letter, unless it is an abbreviation."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def _readable(value: object) -> object:
    return choice_label(value) if isinstance(value, str) else value


def building(techniques: Iterable[Technique], network: Network) -> tuple[Technique, ...]:
    """Those that decide which layers `network` has: as long as they are the same, so is it."""
    return tuple(t for t in techniques if any(t.acts_in(blank) for blank in network.blanks))


def clash(technique: Technique, on: Collection[Technique], network: Network) -> Message:
    """Why `technique` cannot act in `network` beside those that are `on`, with the remedy; NOTHING if it can."""
    return without_place(technique, network) or conflict(technique, on, network)


def without_place(technique: Technique, network: Network) -> Message:
    """Why it is without effect in `network`; nothing breaks if it is on all the same."""
    blanks = {blank for blank in BLANKS if technique.acts_in(blank)}
    if blanks and not blanks & set(network.blanks):
        return Message(
            "{network} is built of its own layers, so this has no place in it. Choose another network.",
            network=network.proper_name,
        )
    return NOTHING


def conflict(technique: Technique, on: Collection[Technique], network: Network) -> Message:
    """Why it must not be on together with those that are, with the remedy; a run refuses to start like this."""
    if without_place(technique, network):
        return NOTHING
    if reason := technique.refuse_network(network):
        return reason
    for other in on:
        if other.name != technique.name and set(other.takes) & set(technique.takes):
            title = Message(other.title)
            if "backward" in technique.takes:
                return Message(
                    "{other} already decides how the gradient is computed. Switch it off first.", other=title
                )
            return Message("{other} already takes this place in the network. Switch it off first.", other=title)
    return technique.lacks(on)
