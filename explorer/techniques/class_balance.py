"""Classes with few images count as much as those with many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class ClassBalance(Technique):
    """Gives classes with few images more weight, in the loss or by showing their images more often.

    inverse: w_k ∝ 1 / n_k, so that every class counts alike, where class k has n_k training images.
    effective: w_k ∝ (1 − β) / (1 − β^n_k). A further image of a class tells less than the one before, as if each
    covered a little of what there is to see; 1 / (1 − β) is how many it takes to see most. β = 0 leaves classes as
    they are, β → 1 is inverse. Weights are scaled to a mean of 1 over all training images, so that the learning rate
    keeps its meaning.

    loss: the loss of each image is multiplied by w of its class; of one that is mixed or softened, by the mean over
    its target. sampling: an epoch is as long as before, but takes each class in proportion to w_k · n_k; scarce images
    come several times, of the others some not at all. With augmentation they are never quite the same. With equal
    classes neither changes anything.

    Without it a network gains most by being right on the frequent classes, and may never answer with a rare one. With
    it rare classes are found more often, frequent ones a little less: macro F1 rises, accuracy on data with the same
    proportions often falls. Very rare classes are soon learned by heart: prefer effective, and augment.

    Use it where some classes have several times as many images as others. Look at: confusion (the rows of rare
    classes), metrics (F1 beside accuracy).

    Papers: Cui et al. 2019, arXiv 1901.05555 (effective number); Buda et al. 2018, arXiv 1710.05381 (sampling).
    """

    name = "class_balance"
    title = N_("Class balance")
    summary = N_("Lets classes with few images count as much as those with many.")
    group = Category.REGULARISE
    label = N_("class balance {by}")
    next_run = N_("Which images an epoch takes is settled when the run starts.")
    whole_run = True

    where: Literal["loss", "sampling"] = parameter(
        "loss",
        N_("Weigh the loss of each image, or take scarce images more often."),
        title=N_("Where"),
        next_run=next_run,
    )
    by: Literal["inverse", "effective"] = parameter(
        "inverse",
        N_("All classes alike, or by the effective number of their images."),
        title=N_("By"),
        next_run=next_run,
    )
    beta: float = parameter(
        0.99,
        N_("β; 1 / (1 − β) images of a class tell most about it."),
        title=N_("β"),
        ge=0,
        lt=1,
        when={"by": ("effective",)},
        next_run=next_run,
    )

    def weigh(self, counts: Tensor) -> Tensor | None:
        return self._weights(counts).float() if self.where == "loss" and _unequal(counts) else None

    def draw(self, order: Tensor, labels: Tensor, rng: torch.Generator) -> Tensor:
        import torch

        counts = torch.bincount(labels)
        if self.where == "loss" or not _unequal(counts):
            return order
        # Whole numbers that add up to the length of the epoch: by the largest remainder.
        wanted = self._weights(counts) * counts
        taken = wanted.floor().long()
        missing = len(order) - int(taken.sum())
        taken[(wanted - taken).argsort(descending=True, stable=True)[:missing]] += 1
        drawn = []
        for label, count in enumerate(taken.tolist()):
            members = order[labels[order] == label]  # in an order of their own in each epoch, so that all have a turn
            if count:
                drawn.append(members.repeat(-(-count // len(members)))[:count])
        indices = torch.cat(drawn)
        return indices[torch.randperm(len(indices), generator=rng)]

    def _weights(self, counts: Tensor) -> Tensor:
        """(classes,), in double precision, with mean 1 over all images; 0 for a class without any."""
        import torch

        n = counts.double()
        raw = 1 / n if self.by == "inverse" else (1 - self.beta) / (1 - self.beta**n)
        raw = torch.where(counts > 0, raw, 0.0)
        return raw * n.sum() / (raw * n).nan_to_num().sum()


def _unequal(counts: Tensor) -> bool:
    there = counts[counts > 0]
    return bool((there != there[0]).any())
