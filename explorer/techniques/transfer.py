"""Transfer learning: start from weights learned elsewhere, freeze, thaw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.events import WeightsLoaded
from explorer.i18n import N_, NOTHING, Message
from explorer.networks import Network
from explorer.techniques.base import Category, R, Technique
from explorer.techniques.slots import FrozenNorm, LayerPlace, LayerRate

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

    What is frozen gets no gradient, no optimizer state and no weight decay, and backward stops above it. While the
    whole body is frozen and no augmentation changes the images, the features are computed once and kept.

    The trap: batch normalization has two kinds of numbers that are not learned by gradient, the running mean and
    variance. A "frozen" layer left in training mode goes on updating them, and normalises by the batch at hand:

    y = (x − mean) / √(variance + ε) · γ + β,  of the batch in training, of the running statistics in evaluation

    So the head learns from features that evaluation never gives it, the more so the smaller the batch. The switches
    here keep γ, β and the statistics as they are, and normalise with them; turn each one over to see what it does.

    Use it whenever you have few images, with a learning rate near 0.01 for SGD, as it is if you leave the rate open.
    With many, a start from scratch catches up if it trains long enough: for finding objects in photographs with 10,000
    images and more, not with 1,000 (He et al.).
    Look at: loss and metrics (against a run from scratch), schedule (when each layer learns, and how fast),
    normalization (training against evaluation mode), layers (bytes changed).

    Papers: Yosinski et al. 2014, arXiv 1411.1792 (which layers transfer); Howard, Ruder 2018, arXiv 1801.06146 (gradual
    unfreezing, a rate for each depth); He, Girshick, Dollár 2019, arXiv 1811.08883 (what a start from scratch reaches).
    The trap: keras issue 9522; PyTorch documentation, BatchNorm2d, track_running_stats.
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
    norm_affine_trains: bool = parameter(
        False, N_("γ and β of batch normalization in frozen layers go on learning."), title=N_("BN: learn γ, β")
    )
    norm_statistics_update: bool = parameter(
        False, N_("Running mean and variance in frozen layers go on following the batches."), title=N_("BN: statistics")
    )
    norm_uses_running: bool = parameter(
        True,
        N_("Frozen layers normalise with the running statistics, in training as in evaluation; else by the batch."),
        title=N_("BN: running"),
    )
    cache_features: bool = parameter(
        True,
        N_("Compute features once, where the whole body is frozen and nothing changes the images."),
        title=N_("Cache features"),
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
        """From scratch, feature extraction, fine-tuning, and feature extraction with the BatchNorm trap."""
        safe = {"norm_affine_trains": False, "norm_statistics_update": False, "norm_uses_running": True}
        trap = {"norm_affine_trains": False, "norm_statistics_update": True, "norm_uses_running": False}
        weights = OFFICIAL if self.weights == NONE else self.weights
        arms = (
            (Message("from scratch"), {"weights": NONE, "train": "all", "depth_factor": 1.0, **safe}),
            (Message("feature extraction"), {"weights": weights, "train": "head", "thaw_every": 0, **safe}),
            (Message("fine-tuning"), {"weights": weights, "train": "all", **safe}),
            (Message("BatchNorm trap"), {"weights": weights, "train": "head", "thaw_every": 0, **trap}),
        )
        return tuple((label, recipe.switched(self.model_copy(update=fields))) for label, fields in arms)

    def fetch(self, network: Network) -> Iterator[tuple[int, int]]:
        if self.weights == OFFICIAL:
            yield from network.fetch()

    def load(self, network: Network, model: nn.Module) -> WeightsLoaded | None:
        if self.weights == NONE:
            return None
        from explorer.networks.weights import fit, weights_file

        own = self.weights != OFFICIAL
        source, state = (Message(self.weights), weights_file(self.weights)) if own else network.official()
        fitted = fit(model, state)
        if fitted.prefixes:
            source = Message("{file} (names without {prefixes})", file=source, prefixes=", ".join(fitted.prefixes))
        return WeightsLoaded(source=source, kept=fitted.kept, fresh=fitted.fresh, unused=fitted.unused)

    def layer_rate(self, place: LayerPlace, epoch: int, so_far: LayerRate) -> LayerRate:
        frozen = {"head": place.stages, "top": self.frozen_stages, "all": 0}[self.train]
        thawed = epoch // self.thaw_every if self.thaw_every else 0
        return LayerRate(
            factor=so_far.factor * self.depth_factor**place.from_head,
            frozen=so_far.frozen or place.stage < min(frozen, place.stages - 1) - thawed,  # the head always learns
            norm=FrozenNorm(self.norm_affine_trains, self.norm_statistics_update, self.norm_uses_running),
        )
