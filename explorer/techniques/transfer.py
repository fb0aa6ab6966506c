"""Transfer learning: start from weights learned elsewhere, freeze, thaw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.events import WeightsLoaded
from explorer.i18n import N_, NOTHING, Message
from explorer.networks import Network
from explorer.techniques.base import Category, R, Technique
from explorer.techniques.slots import LayerPlace, LayerRate

if TYPE_CHECKING:
    from torch import nn

OFFICIAL, NONE = "official", "none"
NEW_WEIGHTS = N_("A run starts from these weights.")


class Transfer(Technique):
    """Starts from weights that were learned on other images, and decides which layers go on learning.

    A network is a body that turns an image x into features, and a head, one linear layer, that turns features into
    classes: logits = W · φ(x) + b. On a large set of photographs the body learns edges and textures first and whole
    objects last; the first stages serve almost any task, the last ones less so. The head is new, for the classes are
    other ones.

    head (feature extraction): φ stands still, only W and b learn. Quick, and hard to overfit. top: the first n stages
    stand still. all (fine-tuning): everything learns, from a good start; needs a lower rate than a start from scratch,
    or the first steps undo what was learned. Thawing opens one stage after the other, from the head down. A stage that
    lies s stages below the head learns at rate · factorˢ.

    The weights are those of the network that the recipe names: official ones of a pretrained network or of the small
    CNN, or any file whose tensors fit. Layers for which there are none start afresh, and learn, wherever they stand.

    What is frozen gets no gradient, no optimizer state and no weight decay, and backward stops above it. Batch
    normalization in it stands still as well, with its running statistics; "Frozen normalization" changes
    that. While the whole body is frozen and nothing changes the images, the features are computed once and kept.

    Use it whenever you have few images, with a learning rate near 0.01 for SGD, as it is if you leave the rate open.
    With many, a start from scratch catches up if it trains long enough: for finding objects in photographs with 10,000
    images and more, not with 1,000 (He et al.).
    Look at: loss and metrics (against a run from scratch), schedule (when each layer learns, and how fast), layers
    (bytes changed).

    Papers: Yosinski et al. 2014, arXiv 1411.1792 (which layers transfer); Howard, Ruder 2018, arXiv 1801.06146 (gradual
    unfreezing, a rate for each depth); He, Girshick, Dollár 2019, arXiv 1811.08883 (what a start from scratch reaches).
    """

    name = "transfer"
    title = N_("Transfer learning")
    summary = N_("Starts from weights learned on other images, and freezes what need not learn.")
    group = Category.TRANSFER
    label = N_("transfer {train}")
    next_run = NEW_WEIGHTS
    whole_run = True

    weights: str = parameter(
        OFFICIAL,
        N_("official, none (from scratch), or the path of a checkpoint, a state dict or a safetensors file."),
        title=N_("Weights"),
        min_length=1,
        max_length=4096,
        next_run=NEW_WEIGHTS,
    )
    train: Literal["head", "top", "all"] = parameter(
        "head",
        N_("What learns: the head alone (feature extraction), all but the first stages, or all (fine-tuning)."),
        title=N_("What learns"),
    )
    frozen_stages: int = parameter(
        3,
        N_("How many stages, from the images on, stand still."),
        title=N_("Frozen stages"),
        unit=N_("stages"),
        ge=1,
        le=20,
        when={"train": ("top",)},
    )
    thaw_every: int = parameter(
        0,
        N_("So often the next frozen stage thaws, from the head down; 0: never."),
        title=N_("Thaw every"),
        unit=N_("epochs"),
        ge=0,
        le=1000,
        when={"train": ("head", "top")},
    )
    depth_factor: float = parameter(
        1.0,
        N_("On the learning rate, for each stage further from the head; 1: all learn at the same rate."),
        title=N_("Rate per stage"),
        ge=0.1,
        le=1,
    )

    def refuse_network(self, network: Network) -> Message:
        if self.weights == OFFICIAL and not network.has_weights:
            return Message(
                "There are no official weights for {network}. Name a file of weights, or choose another network.",
                network=network.proper_name,
            )
        return NOTHING

    @property
    def starts_learned(self) -> bool:
        return self.weights != NONE

    def comparison(self, recipe: R) -> tuple[tuple[Message, R], ...]:
        """From scratch, feature extraction, and fine-tuning."""
        weights = OFFICIAL if self.weights == NONE else self.weights
        arms = (
            (Message("from scratch"), {"weights": NONE, "train": "all", "depth_factor": 1.0}),
            (Message("feature extraction"), {"weights": weights, "train": "head", "thaw_every": 0}),
            (Message("fine-tuning"), {"weights": weights, "train": "all"}),
        )
        return tuple((label, recipe.switched(self.model_copy(update=fields))) for label, fields in arms)

    def fetch(self, network: Network) -> Iterator[tuple[int, int]]:
        if self.weights == OFFICIAL:
            yield from network.fetch()

    def load(self, network: Network, model: nn.Module) -> WeightsLoaded | None:
        if self.weights == NONE:
            return None
        from explorer.networks.weights import fit, learned

        source, state = learned(network, self.weights, OFFICIAL)
        fitted = fit(model, state)
        return WeightsLoaded(source=fitted.said(source), kept=fitted.kept, fresh=fitted.fresh, unused=fitted.unused)

    def layer_rate(self, place: LayerPlace, epoch: int, so_far: LayerRate) -> LayerRate:
        frozen = {"head": place.stages, "top": self.frozen_stages, "all": 0}[self.train]
        thawed = epoch // self.thaw_every if self.thaw_every else 0
        return replace(
            so_far,
            factor=so_far.factor * self.depth_factor**place.from_head,
            frozen=so_far.frozen or place.stage < min(frozen, place.stages - 1) - thawed,  # the head always learns
        )
