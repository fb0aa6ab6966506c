"""Each operation against Pillow or a naive version for one image; then what every one has to keep."""

from __future__ import annotations

import colorsys
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from explorer.techniques.augmentation import OPERATIONS, Augmentation, describe_drawn
from explorer.techniques.image_ops import imaging, policies
from explorer.techniques.slots import Batch

OFF: dict[str, Any] = {"crop": 0, "flip_horizontal": 0.0}
LEVEL = 1 / 255


def random_images(count: int = 5, channels: int = 3, size: int = 28, width: int = 0, seed: int = 0) -> torch.Tensor:
    """Images of whole 8-bit levels, smooth enough to have histograms of every shape."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand((count, channels, 5, 5), generator=rng)
    images = torch.nn.functional.interpolate(coarse, (size, width or size), mode="bilinear")
    gamma = torch.linspace(0.5, 3, count).view(-1, 1, 1, 1)
    return ((images**gamma) * 255).round() / 255


def batch(images: torch.Tensor) -> Batch:
    return Batch(images, torch.eye(10)[torch.arange(len(images)) % 10])


def augmented(images: torch.Tensor, seed: int = 1, **fields: Any) -> Batch:
    return Augmentation(**fields).augment(batch(images), torch.Generator().manual_seed(seed))


def to_pillow(image: torch.Tensor) -> Image.Image:
    pixels = (image * 255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def from_pillow(image: Image.Image) -> torch.Tensor:
    pixels = torch.from_numpy(np.array(image)).float() / 255
    return pixels.permute(2, 0, 1) if pixels.ndim == 3 else pixels[None]


def assert_like_pillow(ours: torch.Tensor, theirs: list[Image.Image], levels: float) -> None:
    expected = torch.stack([from_pillow(image) for image in theirs])
    assert (ours - expected).abs().max() <= levels * LEVEL + 1e-6


# Against Pillow. It rounds to 8 bits on the way (the smoothed image, the mean), hence the tolerances.


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("ours", "theirs", "levels"),
    [
        (imaging.brightness, ImageEnhance.Brightness, 1),
        (imaging.contrast, ImageEnhance.Contrast, 1.5),
        (imaging.saturation, ImageEnhance.Color, 1.5),
        (imaging.sharpness, ImageEnhance.Sharpness, 1.5),
    ],
)
def test_enhancement(ours: Any, theirs: Any, levels: float, channels: int) -> None:
    images, factor = random_images(channels=channels), torch.tensor([0.0, 0.4, 1.0, 1.5, 1.99])
    expected = [theirs(to_pillow(i)).enhance(float(f)) for i, f in zip(images, factor, strict=True)]
    assert_like_pillow(ours(images, factor), expected, levels)


@pytest.mark.parametrize("channels", [1, 3])
def test_posterize_solarize_autocontrast_equalize(channels: int) -> None:
    images = random_images(channels=channels)
    images[4] = 0.4  # one value only: nothing to stretch
    pictures = [to_pillow(image) for image in images]
    bits, threshold = torch.tensor([2.0, 4, 6, 7, 8]), torch.tensor([0, 40, 128, 200, 255]) / 255
    posterized = [ImageOps.posterize(p, int(b)) for p, b in zip(pictures, bits, strict=True)]
    solarized = [ImageOps.solarize(p, round(float(t) * 255)) for p, t in zip(pictures, threshold, strict=True)]
    assert_like_pillow(imaging.posterize(images, bits), posterized, 0)
    assert_like_pillow(imaging.solarize(images, threshold), solarized, 0)
    assert_like_pillow(imaging.autocontrast(images), [ImageOps.autocontrast(p) for p in pictures], 1)
    assert_like_pillow(imaging.equalize(images), [ImageOps.equalize(p) for p in pictures], 0)


def test_hue() -> None:
    images, shift = random_images(size=6), torch.tensor([-0.5, -0.2, 0.0, 0.1, 0.5])
    ours = imaging.hue(images, shift)
    for image, turned, by in zip(images, ours, shift, strict=True):
        for pixel, result in zip(image.flatten(1).T.tolist(), turned.flatten(1).T.tolist(), strict=True):
            h, s, v = colorsys.rgb_to_hsv(*pixel)
            assert result == pytest.approx(colorsys.hsv_to_rgb((h + float(by)) % 1, s, v), abs=1e-5)
    grey = torch.full((1, 3, 4, 4), 0.3)
    assert torch.equal(imaging.hue(grey, torch.tensor([0.3])), grey)


def naive_warp(image: np.ndarray, source: Any) -> np.ndarray:
    """`source`: where the result's (x, y) comes from. Bilinear, zeros outside, pixel centres at + ½."""
    h, w = image.shape[1:]
    result = np.zeros_like(image)
    for row in range(h):
        for column in range(w):
            x, y = source(column + 0.5, row + 0.5)
            left, top = int(np.floor(x - 0.5)), int(np.floor(y - 0.5))
            for r in (top, top + 1):
                for c in (left, left + 1):
                    if 0 <= r < h and 0 <= c < w:
                        weight = (1 - abs(x - 0.5 - c)) * (1 - abs(y - 0.5 - r))
                        result[:, row, column] += weight * image[:, r, c]
    return result


@pytest.mark.parametrize("width", [16, 11])
def test_warp_undoes_scale_turn_and_move(width: int) -> None:
    images = random_images(4, 1, 16, width)
    degrees, scale = torch.tensor([0.0, 30, -75, 10]), torch.tensor([1.0, 1.3, 0.7, 1.0])
    x, y = torch.tensor([2.0, 0, -1.5, 0]), torch.tensor([-3.0, 1, 0, 0.25])
    ours = imaging.warp(images, imaging.pose(degrees, scale, x, y))
    for i in range(4):
        turn, cx, cy = np.deg2rad(float(degrees[i])), width / 2, 8.0

        def source(px: float, py: float, i: int = i, turn: float = turn, cx: float = cx, cy: float = cy) -> Any:
            dx, dy = (px - cx - float(x[i])) / float(scale[i]), (py - cy - float(y[i])) / float(scale[i])
            return cx + np.cos(turn) * dx - np.sin(turn) * dy, cy + np.sin(turn) * dx + np.cos(turn) * dy

        np.testing.assert_allclose(ours[i].numpy(), naive_warp(images[i].numpy(), source), atol=2e-4)


def test_a_positive_rotation_is_counter_clockwise() -> None:
    images = random_images(1)
    one, none = torch.ones(1), torch.zeros(1)
    turned = imaging.warp(images, imaging.pose(90 * one, one, none, none))
    torch.testing.assert_close(turned, torch.rot90(images, 1, (2, 3)), atol=1e-4, rtol=0)
    assert_like_pillow(turned, [to_pillow(images[0]).rotate(90)], 0.1)


def test_shift_and_flip() -> None:
    images = random_images(4, 3, 9, 7)
    x, y = torch.tensor([0.0, 2, -3, 1]), torch.tensor([1.0, 0, -2, 3])
    mirror, over = torch.tensor([True, False, True, False]), torch.tensor([False, False, True, True])
    ours = imaging.shift_and_flip(images, x, y, mirror, over, margin=3)
    for i in range(4):
        image = images[i].flip(2) if mirror[i] else images[i]
        image = image.flip(1) if over[i] else image
        expected = torch.zeros_like(image)
        for row in range(9):
            for column in range(7):
                r, c = row - int(y[i]), column - int(x[i])
                if 0 <= r < 9 and 0 <= c < 7:
                    expected[:, row, column] = image[:, r, c]
        assert torch.equal(ours[i], expected)


def affine(*inverse: float) -> Any:
    return lambda p: p.transform(p.size, Image.Transform.AFFINE, inverse, Image.Resampling.BILINEAR)


@pytest.mark.parametrize(
    ("operation", "amount", "theirs"),
    [
        (policies.SHEAR_X, 0.3, affine(1, 0.3, 0, 0, 1, 0)),
        (policies.SHEAR_Y, -0.5, affine(1, 0, 0, -0.5, 1, 0)),
        (policies.TRANSLATE_X, 5.0, affine(1, 0, -5, 0, 1, 0)),
        (policies.TRANSLATE_Y, -7.0, affine(1, 0, 0, 0, 1, 7)),
        (policies.ROTATE, 25.0, lambda p: p.rotate(25, Image.Resampling.BILINEAR)),
        (policies.BRIGHTNESS, 1.4, lambda p: ImageEnhance.Brightness(p).enhance(1.4)),
        (policies.COLOUR, 0.4, lambda p: ImageEnhance.Color(p).enhance(0.4)),
        (policies.CONTRAST, 0.6, lambda p: ImageEnhance.Contrast(p).enhance(0.6)),
        (policies.SHARPNESS, 1.5, lambda p: ImageEnhance.Sharpness(p).enhance(1.5)),
        (policies.POSTERIZE, 3.0, lambda p: ImageOps.posterize(p, 3)),
        (policies.SOLARIZE, 0.5, lambda p: ImageOps.solarize(p, 128)),
        (policies.AUTOCONTRAST, 0.0, ImageOps.autocontrast),
        (policies.EQUALIZE, 0.0, ImageOps.equalize),
        (0, 0.0, lambda p: p),
    ],
)
def test_policy_operation(operation: int, amount: float, theirs: Any) -> None:
    """In a batch in which the neighbours pass through other operations."""
    images = random_images(3, 3, 32)
    kinds = torch.tensor([policies.EQUALIZE, operation, policies.ROTATE])
    ours = policies.apply_operations(images, kinds, torch.tensor([0.0, amount, 40.0]))[1]
    expected = from_pillow(theirs(to_pillow(images[1])))
    # Where a moved image ends, Pillow repeats its last pixel, and we fade to 0 as torch's grid_sample does.
    wrong = ((ours - expected).abs() > 1.6 * LEVEL).any(0).sum()
    assert wrong <= (70 if operation in (policies.SHEAR_X, policies.SHEAR_Y, policies.ROTATE) else 0)


# What every augmentation keeps.

CHOICES: list[dict[str, Any]] = [{}, {"policy": "trivial"}, {"policy": "rand"}]
for _name, _field in Augmentation.model_fields.items():
    for _bound in _field.metadata:
        _value = 1e-6 if hasattr(_bound, "gt") else getattr(_bound, "ge", getattr(_bound, "le", None))
        _policy = "rand" if _name in ("operations", "magnitude") else "custom"
        CHOICES.append({"policy": _policy, "erasing": 1.0, _name: _value})
CHOICES.append({"erasing": 1.0, "erasing_fill": "mean"})
EVERYTHING: dict[str, Any] = {
    "flip_vertical": 0.5, "rotation": 30, "translation": 0.2, "scale": 0.3, "brightness": 0.4,
    "contrast": 0.4, "saturation": 0.4, "hue": 0.2, "noise": 0.1, "erasing": 0.5,
}  # fmt: skip
CHOICES.append(EVERYTHING)


@pytest.mark.parametrize("fields", CHOICES, ids=lambda f: " ".join(f"{k}={v}" for k, v in f.items())[:40])
@pytest.mark.parametrize(("channels", "size", "count"), [(1, 28, 7), (3, 32, 1), (3, 64, 3)])
def test_contract(fields: dict[str, Any], channels: int, size: int, count: int) -> None:
    images = random_images(count, channels, size)
    before, global_state = images.clone(), torch.get_rng_state()
    first, again, other = (augmented(images, seed, **fields) for seed in (1, 1, 2))
    assert first.images.shape == images.shape
    assert first.images.dtype == torch.float32
    assert first.images.is_contiguous()
    assert first.images.min() >= 0
    assert first.images.max() <= 1
    assert torch.equal(images, before)
    assert torch.equal(torch.get_rng_state(), global_state)
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.targets, batch(images).targets)
    assert set(first.drawn) == set(other.drawn)
    for key, drawn in first.drawn.items():
        assert drawn.shape == (count,)
        assert drawn.dtype == torch.float32
        assert torch.equal(drawn, again.drawn[key])
    for i in range(count):
        assert describe_drawn({key: float(value[i]) for key, value in first.drawn.items()})


def test_all_off_is_the_identity() -> None:
    result = augmented(random_images(), **OFF)
    assert torch.equal(result.images, random_images())
    assert not result.drawn


@pytest.mark.parametrize("policy", ["custom", "trivial", "rand"])
def test_channels_last(policy: str) -> None:
    images = random_images(9)
    fields = EVERYTHING | {"policy": policy}
    last = augmented(images.contiguous(memory_format=torch.channels_last), **fields).images
    assert last.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(last, augmented(images, **fields).images)


@pytest.mark.parametrize("policy", ["custom", "trivial", "rand"])
def test_each_image_draws_its_own(policy: str) -> None:
    same = random_images(1).expand(64, -1, -1, -1).contiguous()
    result = augmented(same, **(EVERYTHING | {"policy": policy}))
    for key, drawn in result.drawn.items():
        assert key == "noise" or len(drawn.unique()) > 1
    assert len(result.images.flatten(1).unique(dim=0)) > 60


@pytest.mark.parametrize("added", [*EVERYTHING, "policy", "operations"])
def test_one_more_parameter_moves_no_other_draw(added: str) -> None:
    """In this batch, and in the next one of the same stream."""
    base: dict[str, Any] = {"policy": "rand"} if added == "operations" else {"rotation": 10.0, "erasing": 0.5}
    more = base | {added: {"policy": "trivial", "operations": 4}.get(added, EVERYTHING.get(added))}
    streams = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    for _ in range(2):
        plain, changed = (
            Augmentation(**fields).augment(batch(random_images()), rng).drawn
            for fields, rng in zip((base, more), streams, strict=True)
        )
        common = (set(plain) & set(changed)) - {added}
        assert {"crop_x", "crop_y", "flip"} <= common
        for key in common - ({"erased"} if added == "erasing" else set()):
            assert torch.equal(plain[key], changed[key])


def test_draws_fill_their_range_in_units_people_read() -> None:
    drawn = augmented(torch.zeros(4000, 3, 8, 8), crop=2, **EVERYTHING).drawn
    for key, low, high in [
        ("crop_x", -2, 2), ("crop_y", -2, 2), ("rotation", -30, 30), ("translation_x", -1.6, 1.6),
        ("scale", 0.7, 1.3), ("brightness", 0.6, 1.4), ("hue", -72, 72), ("flip", 0, 1),
    ]:  # fmt: skip
        assert drawn[key].min() == pytest.approx(low, abs=0.01 * (high - low))
        assert drawn[key].max() == pytest.approx(high, abs=0.01 * (high - low))
        assert drawn[key].mean() == pytest.approx((low + high) / 2, abs=0.03 * (high - low))
    assert drawn["crop_x"].unique().tolist() == [-2, -1, 0, 1, 2]


def test_erasing() -> None:
    images = torch.zeros(500, 1, 28, 28)
    result = augmented(images, **OFF, erasing=0.5)
    hit = result.drawn["erased"] > 0
    assert 0.4 < hit.float().mean() < 0.6
    assert (result.images.flatten(1).amax(1) > 0).equal(hit)
    torch.testing.assert_close((result.images > 0).float().mean((1, 2, 3)), result.drawn["erased"], atol=0.01, rtol=0)
    assert result.drawn["erased"][hit].min() < 0.04
    assert 0.3 < result.drawn["erased"].max() < 0.37


def test_noise_has_its_deviation() -> None:
    assert (augmented(torch.full((50, 1, 28, 28), 0.5), **OFF, noise=0.1).images - 0.5).std() == pytest.approx(
        0.1, abs=2e-3
    )


def test_magnitudes_of_the_policies() -> None:
    """The spans of torchvision's TrivialAugmentWide and RandAugment at magnitudes 0 and 30."""
    drawn = augmented(torch.zeros(6000, 1, 28, 28), policy="trivial").drawn
    kinds, amounts = drawn["operation_1"], drawn["magnitude_1"]
    assert sorted(kinds.unique().tolist()) == list(range(len(OPERATIONS)))
    for index, low, high in [
        (policies.SHEAR_X, -0.99, 0.99), (policies.TRANSLATE_Y, -12, 12), (policies.ROTATE, -135, 135),
        (policies.CONTRAST, 0.01, 1.99), (policies.POSTERIZE, 2, 8), (policies.SOLARIZE, 0, 1),
    ]:  # fmt: skip
        mine = amounts[kinds == index]
        assert (mine.min().item(), mine.max().item()) == pytest.approx((low, high), abs=1e-5)
    drawn = augmented(torch.zeros(900, 1, 28, 28), policy="rand", magnitude=30, operations=3).drawn
    assert {f"{word}_{slot}" for word in ("operation", "magnitude") for slot in (1, 2, 3)} <= set(drawn)
    for index, values in [
        (policies.SHEAR_Y, {-0.3, 0.3}), (policies.ROTATE, {-30, 30}), (policies.BRIGHTNESS, {0.1, 1.9}),
        (policies.POSTERIZE, {4}), (policies.SOLARIZE, {0}),
    ]:  # fmt: skip
        mine = drawn["magnitude_3"][drawn["operation_3"] == index]
        assert {round(value, 5) for value in mine.tolist()} == values


def test_words_for_people() -> None:
    assert describe_drawn({"flip": 1.0, "rotation": 12.2, "brightness": 1.2, "crop_x": 0.0, "scale": 1.001}) == (
        "flip · rotation 12° · brightness 1.20"
    )
    assert describe_drawn({"operation_1": float(policies.ROTATE), "magnitude_1": 12.0}) == "rotate 12°"
    assert describe_drawn({"flip": 0.0, "translation_x": -0.01}) == "unchanged"
    assert describe_drawn({}) == ""


def test_the_card_needs_no_torch() -> None:
    code = """
import sys
from explorer.techniques.augmentation import Augmentation, describe_drawn
from explorer.techniques.mixing import Mixing
print(Augmentation(), Mixing(), describe_drawn({"flip": 1.0}))
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("crop", "size", "pixels"), [(0, 28, 0), (1, 224, 1), (4.0, 32, 4), (0.125, 32, 4), (0.125, 224, 28)]
)
def test_crop_is_a_share_of_the_size_or_whole_pixels(crop: float, size: int, pixels: int) -> None:
    assert Augmentation(crop=crop).margin(size) == pixels
    drawn = augmented(torch.zeros(4000, 1, 8, size), crop=crop, flip_horizontal=0).drawn
    if pixels:
        assert drawn["crop_x"].unique().tolist() == list(range(-pixels, pixels + 1))
        assert drawn["crop_y"].abs().max() == Augmentation(crop=crop).margin(8)


def test_a_crop_between_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"augmentation\.crop is 1\.5"):
        Augmentation(crop=1.5)
