"""Images for tests: few, small, made up. torch is imported inside, so that tests without it stay quick."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from explorer.data import ImageData, Split
from explorer.resources import CACHE_VARIABLE

# Runs are compared bit for bit: what else the machine does must not choose their number of threads. One: a worker of
# pytest-xdist has a core to itself, and threads that wait for each other made tests/training take 205 s instead of 42.
os.environ.setdefault("OMP_NUM_THREADS", "1")
MakeImages = Callable[..., ImageData]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nobody's cache of pictures is read or filled."""
    os.environ[CACHE_VARIABLE] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def tiny() -> MakeImages:
    """tiny(count=64, classes=4, channels=1, size=16, ordered=False, noise=1.0): random uint8 images.

    With `noise` 1 the labels say nothing about the images, so a network can only learn them by heart; with less, each
    class has a pattern of its own.
    """
    import torch

    def make(
        count: int = 64,
        classes: int = 4,
        channels: int = 1,
        size: int = 16,
        ordered: bool = False,
        noise: float = 1.0,
        seed: int = 0,
    ) -> ImageData:
        rng = torch.Generator().manual_seed(seed)
        pattern = torch.rand((classes, channels, size, size), generator=rng)

        def split(n: int) -> Split:
            labels = torch.arange(n) % classes
            random = torch.rand((n, channels, size, size), generator=rng)
            images = noise * random + (1 - noise) * pattern[labels]
            return Split((images * 255).round().to(torch.uint8), labels)

        return ImageData(
            name="tiny",
            classes=tuple(f"class {k}" for k in range(classes)),
            ordered=ordered,
            training=split(count),
            validation=split(max(16, count // 2)),
            test=split(max(16, count // 2)),
        )

    return make
