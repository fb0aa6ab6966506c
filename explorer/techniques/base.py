"""What a technique is, and the closed list of places (slots) where one can act.

A technique is a frozen declaration: its fields carry default, bounds, unit and description, its docstring is its
manual. "Off" means absent from the recipe. Card, flags, JSON schema, README table and contract tests follow from it.
torch is imported inside the slots, so that the window can show every card before torch is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from string import Formatter
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

from pydantic import model_validator

from explorer.data import DataSpec
from explorer.declared import Declared
from explorer.i18n import N_, NOTHING, Message
from explorer.networks import BranchPlace, Network
from explorer.titles import choice_message, without

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from explorer.events import WeightsLoaded
    from explorer.techniques.slots import Batch, Compute, LayerPlace, LayerRate, Moment


class Category(StrEnum):
    """Under which heading a card stands."""

    REGULARISE = N_("Regularise")
    STABILISE = N_("Stabilise")
    SCHEDULE = N_("Schedule")
    TRANSFER = N_("Transfer")


class Switches(Protocol):
    """A recipe, as far as a technique knows it."""

    def switched(self, technique: Any) -> Self:
        """With `technique` on."""

    def without(self, name: str) -> Self:
        """With the technique `name` off."""


R = TypeVar("R", bound=Switches)


class Technique(Declared):
    """Base of all techniques. Override the slots where yours acts; leave the rest as they are."""

    name: ClassVar[str]
    """Key in a recipe and flag on the command line."""
    group: ClassVar[Category]
    next_run: ClassVar[str] = ""
    """Why a change cannot act in a running network; empty if it can."""
    whole_run: ClassVar[bool] = False
    """Whether it can be switched on and off between runs only."""
    takes: ClassVar[tuple[str, ...]] = ()
    """Slots that it fills for itself, whatever others put there: two that take the same one exclude each other."""

    @property
    def said(self) -> str:
        """Its legend text in the language now in use."""
        return str(self.words)

    @property
    def words(self) -> Message:
        """Its legend text, to be translated where it is shown."""
        told = {name for _text, name, _form, _conversion in Formatter().parse(self.label) if name}
        return Message(self.label, **{name: _readable(value) for name, value in self if name in told})

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
    def key(cls) -> str:
        return cls.name

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

    def refuse_length(self, epochs: int) -> Message:
        """Why it cannot act in a run of so many `epochs`, with the remedy; NOTHING if it can."""
        return NOTHING

    @property
    def counts_epochs(self) -> bool:
        """Whether it waits for the validation loss to fall, and so begins to count when it is switched on."""
        return False

    @property
    def norm_limit(self) -> float:
        """The largest norm of the whole gradient that it lets through to the optimizer; infinite if it limits none."""
        return math.inf

    @property
    def starts_learned(self) -> bool:
        """Whether the network starts from weights that were learned, and not from scratch."""
        return False

    def comparison(self, recipe: R) -> tuple[tuple[Message, R], ...]:
        """Runs that show what it does, as (label, recipe): by default `recipe` without it and with it."""
        return (without(self.title), recipe.without(self.name)), (self.words, recipe.switched(self))

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


def _readable(value: object) -> object:
    return choice_message(value) if isinstance(value, str) else value
