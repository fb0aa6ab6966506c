"""The numbers by which a network standardizes its input."""

from __future__ import annotations

import pytest
import torch

from explorer.training.pixels import SAMPLE, mean_and_std


def test_of_few_images_all_are_taken() -> None:
    images = torch.randint(0, 256, (SAMPLE, 3, 2, 2), dtype=torch.uint8)
    pixels = images.float() / 255
    mean, std = mean_and_std(images)
    assert torch.equal(mean, pixels.mean((0, 2, 3)))
    assert torch.equal(std, pixels.std((0, 2, 3)))


def test_classes_that_lie_one_after_the_other_all_count() -> None:
    """As in a folder whose classes differ in brightness: the first 10,000 are as dark as the first class."""
    brightness = torch.linspace(20, 240, 12).repeat_interleave(1_000).to(torch.uint8)
    images = brightness.view(-1, 1, 1, 1).expand(-1, 1, 2, 2).contiguous()
    mean, std = mean_and_std(images)
    assert mean.item() == pytest.approx(130 / 255, abs=0.01)
    assert std.item() == pytest.approx(images.float().std().item() / 255, abs=0.01)
    assert torch.equal(mean, mean_and_std(images)[0])  # the same sample in every run
