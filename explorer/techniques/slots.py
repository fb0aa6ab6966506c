"""What the slots of a technique take and give, and of which aspect of a run each decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


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
    since: Mapping[str, int] = field(default_factory=dict)
    """How many epochs were done when a technique began to count them, by its name; from the first on without."""

    @property
    def steps(self) -> int:
        """Steps in the whole run."""
        return self.epochs * self.steps_per_epoch

    @property
    def epoch(self) -> float:
        """Epochs done, with the fraction of the current one."""
        return self.step / self.steps_per_epoch

    def losses_by_network(self, technique: str, after: int = 0) -> list[Sequence[float]]:
        """`losses` since `technique` counts them, and `after` so many epochs, those of each network that the run had
        by themselves; the last are those of the present one.
        """
        start = min(max(self.since.get(technique, 0), after), len(self.losses))
        cuts = [start, *(cut for cut in self.rebuilt if cut > start), len(self.losses)]
        return [self.losses[one:next_] for one, next_ in pairwise(cuts)]


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
