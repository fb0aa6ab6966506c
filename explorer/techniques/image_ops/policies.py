"""The operations of TrivialAugment and RandAugment, and the words for what an image drew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from explorer.i18n import N_, _

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LEVELS = 31
"""Magnitudes 0 … 30, as in both papers and in torchvision."""


class Operation(NamedTuple):
    """One operation: its parameter runs linearly from `start` at magnitude 0 to start ± span at 30."""

    name: str
    text: str
    """With the parameter an image drew, a format string."""
    start: float = 0.0
    trivial: float = 0.0
    """Span in TrivialAugment."""
    rand: float = 0.0
    """Span in RandAugment."""
    signed: bool = False
    """Whether each image draws the sign of the span."""


# Spans of torchvision 0.28's TrivialAugmentWide and RandAugment (autoaugment.py, _augmentation_space).
# Those of translations are shares of the size. TrivialAugmentWide has 32 px, which would push 28 × 28 out
# of the frame; ours has 32 px, but at most RandAugment's 150/331 of the size (_spans).
OPERATIONS: tuple[Operation, ...] = (
    Operation(N_("identity"), N_("identity")),
    Operation(N_("shear x"), N_("shear x {:+z.2f}"), 0, 0.99, 0.3, True),
    Operation(N_("shear y"), N_("shear y {:+z.2f}"), 0, 0.99, 0.3, True),
    Operation(N_("translate x"), N_("translate x {:+z.0f} px"), 0, 150 / 331, 150 / 331, True),
    Operation(N_("translate y"), N_("translate y {:+z.0f} px"), 0, 150 / 331, 150 / 331, True),
    Operation(N_("rotate"), N_("rotate {:z.0f}°"), 0, 135, 30, True),
    Operation(N_("brightness"), N_("brightness × {:.2f}"), 1, 0.99, 0.9, True),
    Operation(N_("colour"), N_("colour × {:.2f}"), 1, 0.99, 0.9, True),
    Operation(N_("contrast"), N_("contrast × {:.2f}"), 1, 0.99, 0.9, True),
    Operation(N_("sharpness"), N_("sharpness × {:.2f}"), 1, 0.99, 0.9, True),
    Operation(N_("posterize"), N_("posterize to {:.0f} bits"), 8, -6, -4),
    Operation(N_("solarize"), N_("solarize above {:.2f}"), 1, -1, -1),
    Operation(N_("autocontrast"), N_("autocontrast")),
    Operation(N_("equalize"), N_("equalize")),
)
SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y, ROTATE = range(1, 6)
BRIGHTNESS, COLOUR, CONTRAST, SHARPNESS, POSTERIZE, SOLARIZE, AUTOCONTRAST, EQUALIZE = range(6, 14)

TEXTS: dict[str, tuple[float, str]] = {
    "flip": (0, N_("flip")),
    "flip_vertical": (0, N_("upside down")),
    "crop_x": (0, N_("crop x {:+z.0f} px")),
    "crop_y": (0, N_("crop y {:+z.0f} px")),
    "rotation": (0, N_("rotation {:z.0f}°")),
    "translation_x": (0, N_("translation x {:+z.1f} px")),
    "translation_y": (0, N_("translation y {:+z.1f} px")),
    "scale": (1, N_("scale {:.2f}")),
    "brightness": (1, N_("brightness {:.2f}")),
    "contrast": (1, N_("contrast {:.2f}")),
    "saturation": (1, N_("saturation {:.2f}")),
    "hue": (0, N_("hue {:+z.0f}°")),
    "noise": (0, N_("noise {:.2f}")),
    "erased": (0, N_("erased {:.0%}")),
    "mix": (1, N_("mix {:.2f}")),
}
"""For what an image can draw: the value that changes nothing, and how to say it."""


def apply_policy(
    images: Tensor, rng: torch.Generator, *, slots: int, magnitude: int | None
) -> tuple[Tensor, dict[str, Tensor]]:
    """Pass each image through `slots` operations of its own, at `magnitude` or (None) at one of its own.

    Returns the images and, for each slot from 1, "operation_1" (index in OPERATIONS) and "magnitude_1" (the
    operation's parameter: degrees, pixels, factor, bits, threshold), (B,). `rng` stays where it is.
    """
    import torch

    from explorer.techniques.image_ops.imaging import fork

    # Drawn in host memory: the host then knows the groups without waiting for the device.
    stream, b, drawn = fork(rng, "policy", "cpu"), images.shape[0], {}
    spans = _spans(images.shape[2], images.shape[3], trivial=magnitude is None)
    starts, signed = torch.tensor([o.start for o in OPERATIONS]), torch.tensor([o.signed for o in OPERATIONS])
    for slot in range(1, slots + 1):
        operation = torch.randint(len(OPERATIONS), (b,), generator=stream)
        level = torch.randint(LEVELS, (b,), generator=stream)
        sign = 1 - 2 * torch.randint(2, (b,), generator=stream) * signed[operation]
        if magnitude is not None:
            level = torch.full_like(level, magnitude)
        amount = starts[operation] + sign * torch.tensor(spans)[operation] * level / (LEVELS - 1)
        whole_pixels = (operation == TRANSLATE_X) | (operation == TRANSLATE_Y)
        amount = torch.where(whole_pixels, amount.trunc(), amount)
        amount = torch.where(operation == POSTERIZE, amount.round(), amount)
        images = apply_operations(images, operation, amount)
        drawn[f"operation_{slot}"] = operation.float().to(images.device)
        drawn[f"magnitude_{slot}"] = amount.to(images.device)
    return images, drawn


def _spans(height: int, width: int, *, trivial: bool) -> list[float]:
    spans = [o.trivial if trivial else o.rand for o in OPERATIONS]
    for index, size in ((TRANSLATE_X, width), (TRANSLATE_Y, height)):
        spans[index] = min(spans[index] * size, 32.0) if trivial else spans[index] * size
    return spans


def apply_operations(images: Tensor, operation: Tensor, amount: Tensor) -> Tensor:
    """Each image through one operation. `operation`: indices in OPERATIONS, `amount`: parameters, (B,) on the
    CPU."""
    import torch

    from explorer.techniques.image_ops import imaging

    # Sorted, the images of one operation lie side by side, so that each works on a slice.
    order = operation.argsort(stable=True)
    sizes = torch.bincount(operation, minlength=len(OPERATIONS)).tolist()
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    device = images.device
    batch, kinds, amounts = images[order.to(device)], operation[order].to(device), amount[order].to(device)

    def group(first: int, last: int) -> slice:
        return slice(ends[first] - sizes[first], ends[last])

    moved = group(SHEAR_X, ROTATE)
    if moved.start < moved.stop:
        batch[moved] = imaging.warp(batch[moved], _matrices(kinds[moved], amounts[moved], *images.shape[2:]))
    for index, function in (
        (BRIGHTNESS, imaging.brightness),
        (COLOUR, imaging.saturation),
        (CONTRAST, imaging.contrast),
        (SHARPNESS, imaging.sharpness),
        (POSTERIZE, imaging.posterize),
        (SOLARIZE, imaging.solarize),
    ):
        if sizes[index]:
            part = group(index, index)
            batch[part] = function(batch[part], amounts[part])
    for index, plain in ((AUTOCONTRAST, imaging.autocontrast), (EQUALIZE, imaging.equalize)):
        if sizes[index]:
            part = group(index, index)
            batch[part] = plain(batch[part])
    return batch[order.argsort().to(device)]


def _matrices(kind: Tensor, amount: Tensor, height: int, width: int) -> Tensor:
    """For `warp`. Shears leave the upper left corner where it is, as in both papers; rotations the centre."""
    import torch

    from explorer.techniques.image_ops.imaging import pose

    def where(index: int) -> Tensor:
        return torch.where(kind == index, amount, 0.0)

    matrix = pose(where(ROTATE), torch.ones_like(amount), where(TRANSLATE_X), where(TRANSLATE_Y))
    shear_x, shear_y = where(SHEAR_X), where(SHEAR_Y)
    matrix[:, 0, 1] += shear_x
    matrix[:, 0, 2] += shear_x * height / 2
    matrix[:, 1, 0] += shear_y
    matrix[:, 1, 2] += shear_y * width / 2
    return matrix


def describe_drawn(drawn: Mapping[str, float]) -> str:
    """What one image drew, for people: "flip · rotation 12° · brightness 1.20". Empty if nothing could be
    drawn."""
    parts = []
    for key, (neutral, text) in TEXTS.items():
        said = _(text).format(drawn.get(key, neutral))
        if key in drawn and (drawn[key] != neutral if "{" not in text else said != _(text).format(neutral)):
            parts.append(said)
    slot = 1
    while f"operation_{slot}" in drawn:
        parts.append(_(OPERATIONS[int(drawn[f"operation_{slot}"])].text).format(drawn[f"magnitude_{slot}"]))
        slot += 1
    return " · ".join(parts) or (_("unchanged") if drawn else "")
