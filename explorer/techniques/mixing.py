"""MixUp and CutMix: images that are two at once, with both labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from explorer.declared import parameter
from explorer.i18n import N_
from explorer.techniques.base import Category, Technique
from explorer.techniques.slots import Batch

if TYPE_CHECKING:
    import torch

DRAWS = ("mixed", "cut", "x", "y", "partner")


class Mixing(Technique):
    """Mixes each image with another one of the batch, and their targets in the same proportion.

    y = λ · y₁ + (1 − λ) · y₂,  λ ~ Beta(α, α)

    mixup: x = λ · x₁ + (1 − λ) · x₂. cutmix: a rectangle with a share 1 − λ of x₁'s area is replaced by the
    same place of x₂; where it reaches over the edge, λ becomes the share of x₁ that is left. both: one or the
    other. Each image draws its own λ and place. A small α leaves most images nearly alone, with α = 1 every λ
    is equally likely. The partner is always another image; a batch of one stays as it is.

    It regularises: between two images the prediction has to change gradually, so the network is less sure of
    itself and better calibrated; CutMix also makes it look at more than the most telling part of an object.

    Use it with many epochs and a network that overfits; a small one in few epochs gets worse. With ordered
    classes a mixed target has two peaks. Training accuracy against mixed targets says little.
    Look at: samples (mix, partner), loss and metrics (the gap between training and validation).

    Papers: Zhang et al. 2018, arXiv 1710.09412 (MixUp); Yun et al. 2019, arXiv 1905.04899 (CutMix).
    """

    name = "mixing"
    title = N_("Mixing images")
    summary = N_("Mixes each image and its target with another one of the batch.")
    group = Category.REGULARISE
    label = N_("mixing {kind} {alpha:g}")

    kind: Literal["mixup", "cutmix", "both"] = parameter(
        "mixup", N_("Blend whole images, replace a rectangle, or draw one of the two for each image."), title=N_("Kind")
    )
    alpha: float = parameter(
        0.4,
        N_("α of the Beta distribution of λ; larger mixes more."),
        title=N_("α"),
        ge=0.05,
        le=10,
        by={"kind": {"cutmix": 1.0}},
    )
    probability: float = parameter(
        1.0, N_("Probability that an image is mixed at all."), title=N_("Probability"), ge=0, le=1
    )

    def augment(self, batch: Batch, rng: torch.Generator) -> Batch:
        import torch

        from explorer.techniques.image_ops.imaging import erase, fork, integers, like, uniforms

        images = batch.images
        b, h, w = images.shape[0], images.shape[2], images.shape[3]
        u = uniforms(rng, DRAWS, images)
        # Two gamma draws make a Beta draw. They take more or fewer numbers depending on α, so from a stream
        # of their own; in double precision, where a small α does not give 0/0; on the CPU, since not every
        # device has them.
        shape = torch.full((2, b), self.alpha, dtype=torch.float64)
        gamma = torch._standard_gamma(shape, generator=fork(rng, "mixing", "cpu"))
        mix = (gamma[0] / gamma.sum(0)).float().to(images.device)
        mix = torch.where((u["mixed"] < self.probability) & (b > 1), mix, 1.0)
        # In a random circle of all images each takes its neighbour: never itself.
        circle = u["partner"].argsort()
        partner = torch.empty_like(circle).scatter_(0, circle, circle.roll(-1))

        if self.kind == "mixup":
            cut = torch.zeros_like(mix, dtype=torch.bool)
        elif self.kind == "cutmix":
            cut = torch.ones_like(mix, dtype=torch.bool)
        else:
            cut = u["cut"] < 0.5
        mixed = images
        if self.kind != "cutmix":
            share = torch.where(cut, 1.0, mix).view(-1, 1, 1, 1)
            mixed = torch.lerp(images[partner], images, share)
        if self.kind != "mixup":
            side = torch.where(cut, (1 - mix).sqrt(), 0.0)
            height, width = (side * h).round(), (side * w).round()
            # The centre is drawn evenly over the image, and the rectangle cut off at the edge, as in the
            # paper.
            top, left = integers(u["y"], h) - height // 2, integers(u["x"], w) - width // 2
            bottom, right = (top + height).clamp(max=h), (left + width).clamp(max=w)
            top, left = top.clamp(min=0), left.clamp(min=0)
            mixed = erase(mixed, left, top, right - left, bottom - top, images[partner])
            mix = torch.where(cut, 1 - (bottom - top) * (right - left) / (h * w), mix)

        targets = torch.lerp(batch.targets[partner], batch.targets, mix[:, None])
        return batch.with_(like(mixed.clamp(0, 1), images), targets, mix=mix, partner=partner.float())
