"""Learning from what another network answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique

if TYPE_CHECKING:
    from torch import Tensor


class Distillation(Technique):
    """Learns from the targets and from what a teacher, the network of an earlier run, answers to the same images:

    loss = (1 − w) · CE(targets, z) + w · T² · KL(softmax(v / T) ‖ softmax(z / T))

    z are the logits of the network that learns, v those of the teacher, which sees the batch as it was augmented, in
    evaluation mode, and does not learn. A temperature T above 1 makes both distributions flatter, so that it shows
    which wrong classes the teacher takes for nearly right: that a shirt looks like a coat. The gradient of the second
    part shrinks as 1/T², therefore the factor.

    Use it to give a small network what a large one has learned, or a network with few images what one with many has.
    T between 2 and 5 and w near 0.9; a teacher that is no better than the pupil gives little. It costs the teacher's
    forward pass in each step. A teacher trained with label smoothing tells less about wrong classes (Müller et al.).
    Look at: loss and metrics (accuracy against a run without it), calibration.

    Papers: Hinton et al. 2015, arXiv 1503.02531; Müller et al. 2019, arXiv 1906.02629 (teachers and label smoothing).
    """

    name = "distillation"
    title = N_("Knowledge distillation")
    summary = N_("Learns also from what the network of an earlier run answers.")
    group = Category.TRANSFER
    label = N_("distillation T={temperature:g}")

    teacher: str = parameter(
        "",
        N_("The folder of an earlier run on the same classes, or a checkpoint of it."),
        title=N_("Teacher"),
        max_length=4096,
    )
    temperature: float = parameter(
        4.0, N_("T: the larger, the more the teacher's second choices count."), title=N_("Temperature"), ge=0.5, le=20
    )
    weight: float = parameter(
        0.9,
        N_("w, the share of the teacher in the loss; the rest is that of the targets."),
        title=N_("Teacher's share"),
        ge=0,
        le=1,
    )

    @property
    def asks(self) -> str:
        return self.teacher

    def objective(self, loss: Tensor, logits: Tensor, answers: Tensor) -> Tensor:
        from torch.nn import functional

        pupil, teacher = ((values.float() / self.temperature).log_softmax(dim=1) for values in (logits, answers))
        apart = functional.kl_div(pupil, teacher, log_target=True, reduction="batchmean")
        return (1 - self.weight) * loss + self.weight * self.temperature**2 * apart
