"""Augmentation: another view of every image in every epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import field_validator

from explorer.declared import parameter
from explorer.i18n import N_, _
from explorer.techniques.base import Category, Technique
from explorer.techniques.image_ops.policies import OPERATIONS, apply_policy, describe_drawn
from explorer.techniques.slots import Batch

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["OPERATIONS", "Augmentation", "describe_drawn"]

CUSTOM: dict[str, tuple[str, ...]] = {"policy": ("custom",)}
RAND: dict[str, tuple[str, ...]] = {"policy": ("rand",)}

DRAWS = (
    "crop_x", "crop_y", "flip", "flip_vertical", "rotation", "translation_x", "translation_y", "scale",
    "brightness", "contrast", "saturation", "hue", "erase", "erase_area", "erase_ratio", "erase_x", "erase_y",
)  # fmt: skip
"""What every image draws in every batch, whatever is on: so nothing that is switched moves the rest."""


class Augmentation(Technique):
    """Shows the network a new view of every image in every epoch, with its label; each image draws its own.

    In this order: flip; crop (move by whole pixels, zeros enter); rotation, scale and translation in one
    bilinear warp; brightness, contrast, saturation, hue, noise; at last a rectangle is erased.
    custom: what you set below. trivial (TrivialAugment): one operation of 14 at a random magnitude, nothing
    to tune. rand (RandAugment): several operations, all at one magnitude. Either policy takes the place of
    rotation to noise; flip, crop and erasing act before and after it, as in the papers.

    It regularises: views that keep the label say what does not matter. A view that changes the label harms;
    do not flip digits. Too strong, and the network has no capacity for the images as they are.

    Use it nearly always, first crop and flip_horizontal; more with more epochs and a larger network.
    Look at: samples (what every image drew), loss (training loss rises, validation loss should fall).

    Papers: Müller, Hutter 2021, arXiv 2103.10158 (TrivialAugment); Cubuk et al. 2020, arXiv 1909.13719
    (RandAugment); Zhong et al. 2020, arXiv 1708.04896 (erasing); Shorten, Khoshgoftaar 2019, J. Big Data 6:60
    (survey).
    """

    name = "augmentation"
    title = N_("Augmentation")
    summary = N_("Shows another view of every image in every epoch.")
    group = Category.REGULARISE
    label = N_("augmentation {policy}")

    policy: Literal["custom", "trivial", "rand"] = parameter(
        "custom", N_("Your own choice, TrivialAugment, or RandAugment."), title=N_("Policy")
    )
    crop: float = parameter(
        0.04,
        N_(
            "Largest move by a random crop after padding with zeros: below 1 a share of the image's size, from 1 on "
            "whole pixels."
        ),
        title=N_("Crop"),
        ge=0,
        le=16,
    )
    flip_horizontal: float = parameter(
        0.5,
        N_("Probability of a mirror image; never where it would show another class (gauges, digits, letters)."),
        title=N_("Mirror"),
        ge=0,
        le=1,
    )
    flip_vertical: float = parameter(
        0.0,
        N_(
            "Probability of turning the image upside down; never where it would show another class (gauges, digits, "
            "letters)."
        ),
        title=N_("Upside down"),
        ge=0,
        le=1,
    )
    rotation: float = parameter(
        0.0, N_("Largest rotation, either way."), title=N_("Rotation"), unit="°", ge=0, le=180, when=CUSTOM
    )
    translation: float = parameter(
        0.0, N_("Largest move, as a share of the image's size."), title=N_("Translation"), ge=0, le=0.5, when=CUSTOM
    )
    scale: float = parameter(0.0, N_("Largest relative change of size."), title=N_("Scale"), ge=0, le=0.9, when=CUSTOM)
    brightness: float = parameter(
        0.0, N_("Largest relative change of brightness."), title=N_("Brightness"), ge=0, le=2, when=CUSTOM
    )
    contrast: float = parameter(
        0.0, N_("Largest relative change of contrast."), title=N_("Contrast"), ge=0, le=2, when=CUSTOM
    )
    saturation: float = parameter(
        0.0,
        N_("Largest relative change of saturation; does nothing to grey images."),
        title=N_("Saturation"),
        ge=0,
        le=2,
        when=CUSTOM,
    )
    hue: float = parameter(
        0.0,
        N_("Largest shift of hue, as a share of the colour circle; does nothing to grey images."),
        title=N_("Hue"),
        ge=0,
        le=0.5,
        when=CUSTOM,
    )
    noise: float = parameter(
        0.0,
        N_("Standard deviation of added Gaussian noise; black to white is 1."),
        title=N_("Noise"),
        ge=0,
        le=1,
        when=CUSTOM,
    )
    operations: int = parameter(
        2, N_("Operations each image passes through."), title=N_("Operations"), ge=1, le=8, when=RAND
    )
    magnitude: int = parameter(9, N_("Strength of all operations."), title=N_("Magnitude"), ge=0, le=30, when=RAND)
    erasing: float = parameter(0.0, N_("Probability that a rectangle is erased."), title=N_("Erasing"), ge=0, le=1)
    erasing_smallest: float = parameter(
        0.02, N_("Smallest erased share of the image."), title=N_("Erasing: smallest"), gt=0, le=1
    )
    erasing_largest: float = parameter(
        0.33, N_("Largest erased share of the image."), title=N_("Erasing: largest"), gt=0, le=1
    )
    erasing_fill: Literal["noise", "mean"] = parameter(
        "noise", N_("Fill with noise, or with the image's mean."), title=N_("Erasing: fill")
    )

    @field_validator("crop")
    @classmethod
    def _share_or_pixels(cls, crop: float) -> float:
        if crop > 1 and not crop.is_integer():
            text = _(
                "augmentation.crop is {crop:g}; from 1 on it counts whole pixels. Choose a share below 1, or {near}."
            )
            raise ValueError(text.format(crop=crop, near=round(crop)))
        return crop

    def margin(self, size: int) -> int:
        """Pixels by which a crop moves images along a side of `size` pixels at most."""
        return round(self.crop * size) if self.crop < 1 else int(self.crop)

    def augment(self, batch: Batch, rng: torch.Generator) -> Batch:
        from explorer.techniques.image_ops.imaging import like, uniforms

        drawn: dict[str, Tensor] = {}
        u = uniforms(rng, DRAWS, batch.images)
        # Colours are two times faster where each channel lies in one piece; the copy is cheap.
        images = self._crop_and_flip(batch.images.contiguous(), u, drawn, batch.mirrors)
        if self.policy == "custom":
            images = self._warp(images, u, drawn)
            images = self._colour(images, u, drawn)
            images = self._add_noise(images, rng, drawn)
        else:
            trivial = self.policy == "trivial"
            slots, magnitude = (1, None) if trivial else (self.operations, self.magnitude)
            images, operations = apply_policy(images, rng, slots=slots, magnitude=magnitude)
            drawn |= operations
        images = self._erase(images, u, rng, drawn)
        return batch.with_(like(images.clamp(0, 1), batch.images), **drawn)

    def _crop_and_flip(self, images: Tensor, u: dict[str, Tensor], drawn: dict[str, Tensor], mirrors: bool) -> Tensor:
        from explorer.techniques.image_ops.imaging import integers, shift_and_flip

        flip_horizontal, flip_vertical = (self.flip_horizontal, self.flip_vertical) if mirrors else (0.0, 0.0)
        if not (self.crop or flip_horizontal or flip_vertical):
            return images
        down, right = (self.margin(size) for size in images.shape[2:])
        x = integers(u["crop_x"], 2 * right + 1) - right
        y = integers(u["crop_y"], 2 * down + 1) - down
        mirror, over = u["flip"] < flip_horizontal, u["flip_vertical"] < flip_vertical
        if self.crop:
            drawn |= {"crop_x": x, "crop_y": y}
        if flip_horizontal:
            drawn["flip"] = mirror.float()
        if flip_vertical:
            drawn["flip_vertical"] = over.float()
        return shift_and_flip(images, x, y, mirror, over, margin=max(down, right))

    def _warp(self, images: Tensor, u: dict[str, Tensor], drawn: dict[str, Tensor]) -> Tensor:
        from explorer.techniques.image_ops.imaging import pose, symmetric, warp

        if not (self.rotation or self.translation or self.scale):
            return images
        degrees, scale = symmetric(u["rotation"], self.rotation), 1 + symmetric(u["scale"], self.scale)
        x = symmetric(u["translation_x"], self.translation * images.shape[3])
        y = symmetric(u["translation_y"], self.translation * images.shape[2])
        if self.rotation:
            drawn["rotation"] = degrees
        if self.scale:
            drawn["scale"] = scale
        if self.translation:
            drawn |= {"translation_x": x, "translation_y": y}
        return warp(images, pose(degrees, scale, x, y))

    def _colour(self, images: Tensor, u: dict[str, Tensor], drawn: dict[str, Tensor]) -> Tensor:
        from explorer.techniques.image_ops import imaging

        coloured = images.shape[1] == 3
        for change, limit, function in (
            ("brightness", self.brightness, imaging.brightness),
            ("contrast", self.contrast, imaging.contrast),
            ("saturation", self.saturation * coloured, imaging.saturation),
        ):
            if limit:
                low = max(0.0, 1 - limit)
                drawn[change] = low + (1 + limit - low) * u[change]
                images = function(images, drawn[change])
        if self.hue and coloured:
            shift = imaging.symmetric(u["hue"], self.hue)
            drawn["hue"] = 360 * shift
            images = imaging.hue(images, shift)
        return images

    def _add_noise(self, images: Tensor, rng: torch.Generator, drawn: dict[str, Tensor]) -> Tensor:
        import torch

        from explorer.techniques.image_ops.imaging import fork

        if not self.noise:
            return images
        drawn["noise"] = images.new_full((images.shape[0],), self.noise)
        stream = fork(rng, "noise", images.device)
        return images + self.noise * torch.randn(images.shape, generator=stream, device=images.device)

    def _erase(self, images: Tensor, u: dict[str, Tensor], rng: torch.Generator, drawn: dict[str, Tensor]) -> Tensor:
        import torch

        from explorer.techniques.image_ops.imaging import erase, fork, integers

        if not self.erasing:
            return images
        h, w = images.shape[2:]
        low, high = sorted((self.erasing_smallest, self.erasing_largest))
        share = low + (high - low) * u["erase_area"]
        # Height to width, log-uniform in [0.3, 3.3] as in torchvision, within what fits the image.
        ratio = (0.3 * 11 ** u["erase_ratio"]).clamp(min=share * h / w, max=h / w / share)
        hit = u["erase"] < self.erasing
        height = (share * h * w * ratio).sqrt().round().clamp(1, h) * hit
        width = (share * h * w / ratio).sqrt().round().clamp(1, w) * hit
        x, y = integers(u["erase_x"], w - width + 1), integers(u["erase_y"], h - height + 1)
        drawn["erased"] = height * width / (h * w)
        if self.erasing_fill == "mean":
            fill = images.mean((2, 3), keepdim=True)
        else:
            stream = fork(rng, "erasing", images.device)
            fill = torch.rand(images.shape, generator=stream, device=images.device)
        return erase(images, x, y, width, height, fill)
