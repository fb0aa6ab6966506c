"""What a technique is, and the closed list of places (slots) where one can act.

A technique is a frozen declaration: its fields carry default, bounds, unit and description, its docstring is its
manual. "Off" means absent from the recipe. Card, flags, JSON schema, README table and contract tests follow from it.
torch is imported inside the slots, so that the window can show every card before torch is loaded.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from explorer.data import DataSpec
from explorer.i18n import N_, _

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class Category(StrEnum):
    """Under which heading a card stands."""

    REGULARISE = N_("Regularise")
    STABILISE = N_("Stabilise")
    SCHEDULE = N_("Schedule")
    TRANSFER = N_("Transfer")


@dataclass(frozen=True)
class Batch:
    """Images float32 (B, C, H, W) in [0, 1], targets float32 (B, classes) whose rows sum to 1, and what each drew."""

    images: Tensor
    targets: Tensor
    drawn: dict[str, Tensor] = field(default_factory=dict)
    mirrors: bool = True
    """Whether a mirror image shows the same class; on a gauge it shows another value."""

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

    @property
    def steps(self) -> int:
        """Steps in the whole run."""
        return self.epochs * self.steps_per_epoch

    @property
    def epoch(self) -> float:
        """Epochs done, with the fraction of the current one."""
        return self.step / self.steps_per_epoch


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
    unit: str = "",
    when: dict[str, tuple[str, ...]] | None = None,
    next_run: str = "",
    **bounds: Any,
) -> Any:
    """A field of a technique: default, description, bounds (ge, gt, le, lt), unit.

    `when` maps another field to the values under which this one matters; forms grey it out otherwise. `next_run`: why
    a change cannot act in a run that goes on.
    """
    extra: dict[str, Any] = {}
    if unit:
        extra["unit"] = unit
    if when:
        extra["when"] = {name: list(values) for name, values in when.items()}
    if next_run:
        extra["next_run"] = next_run
    return Field(default, description=description, json_schema_extra=extra or None, **bounds)


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
    """Legend text, a format string over the fields, e.g. "dropout {p:g}"."""
    next_run: ClassVar[str] = ""
    """Why a change cannot act in a running network; empty if it can."""
    whole_run: ClassVar[bool] = False
    """Whether it can be switched on and off between runs only."""

    def __str__(self) -> str:
        return self.label.format(**dict(self))

    @classmethod
    def manual(cls) -> str:
        """The docstring: what it does, formula, paper, when to use it, which panel shows its effect."""
        return inspect.cleandoc(cls.__doc__ or "")

    @classmethod
    def acts_in(cls, slot: str) -> bool:
        """Whether this technique overrides the method `slot`."""
        return getattr(cls, slot) is not getattr(Technique, slot)

    def refuse(self, facts: DataSpec) -> str:
        """Why it cannot act on such data, with the remedy; empty if it can."""
        return ""

    def comparison(self, recipe: R) -> tuple[tuple[str, R], ...]:
        """Runs that show what it does, as (label, translated; recipe): by default `recipe` without it and with it."""
        without = _("without {technique}").format(technique=_(self.title))
        return (without, recipe.without(self.name)), (str(self), recipe.switched(self))

    @property
    def network_title(self) -> str:
        """Name of the network that `network` puts in place of the small CNN; empty if it leaves that one."""
        return ""

    def fetch(self) -> Iterator[tuple[int, int]]:
        """Bring what it needs and this machine lacks, before the network is built: (bytes done, bytes in all)."""
        return iter(())

    # Slots of the network: asked once for each blank when it is built. None means: leave the blank empty.

    def norm(self, channels: int) -> nn.Module | None:
        """Layer (B, channels, H, W) → the same shape, after each convolution."""
        return None

    def activation(self) -> nn.Module | None:
        """Elementwise nonlinearity."""
        return None

    def drop(self, place: str, rng: torch.Generator) -> nn.Module | None:
        """Layer after the blocks of `place` ("stage1" …), or before the "classifier"; draws from `rng` alone."""
        return None

    def shortcut(self, c_in: int, c_out: int, stride: int) -> nn.Module | None:
        """Layer (B, c_in, H, W) → (B, c_out, H/stride, W/stride), added to the output of a block."""
        return None

    def network(self, facts: DataSpec) -> nn.Module | None:
        """A whole network in place of the small CNN, images (B, C, H, W) in [0, 1] → logits (B, classes)."""
        return None

    def initialise(self, model: nn.Module, rng: Callable[[str], torch.Generator]) -> None:
        """Set start weights in place; `rng(layer name)` gives each layer a stream of its own."""

    # Slots of a step: pure functions, so that previews can draw them before any training.

    def soften(self, targets: Tensor) -> Tensor:
        """Targets (B, classes), rows sum to 1 → the same shape."""
        return targets

    def augment(self, batch: Batch, rng: torch.Generator) -> Batch:
        """Another view of `batch`; every image draws its own parameters from `rng`, and reports them in `drawn`."""
        return batch

    def on_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Change gradients in place between backward and the optimizer's step."""

    def lr_scale(self, moment: Moment) -> float:
        """Factor on the recipe's learning rate for the step that follows `moment`."""
        return 1.0

    def average(self, shadow: list[Tensor], weights: list[Tensor], step: int) -> None:
        """After each step, move `shadow` (what is evaluated) towards `weights` (what is trained), in place."""

    # Slots of an epoch.

    def layer_rate(self, place: LayerPlace, epoch: int) -> LayerRate:
        """How the layer at `place` learns in `epoch`, counted from 0."""
        return LayerRate()

    def stop(self, moment: Moment) -> bool:
        """Whether to end the run after the epoch that just ended, and take the best weights."""
        return False


BLANKS = ("norm", "activation", "drop", "shortcut")
BUILD_SLOTS = (*BLANKS, "network")


def clash(technique: Technique, on: Iterable[Technique]) -> str:
    """Why `technique` has no place in the network beside those that are `on`, with the remedy; empty if it has."""
    blanks = [slot for slot in BLANKS if technique.acts_in(slot)]
    for other in on:
        if other.name == technique.name:
            continue
        if blanks and other.network_title:
            text = _("{network} is built of its own layers, so this has no place in it. It acts in the small CNN.")
            return text.format(network=other.network_title)
        if any(other.acts_in(slot) for slot in blanks):
            text = _("{other} already takes this place in the network. Switch it off first.")
            return text.format(other=_(other.title))
    return ""
