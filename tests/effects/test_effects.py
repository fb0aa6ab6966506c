"""Each claim of the course as a test, with three seeds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.data import ImageData

from .claims import CLAIMS
from .runner import Claim, markdown, run, unequal


@pytest.mark.slow
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_claim(claim: Claim) -> None:
    result = run(claim)
    assert result.holds, f"{claim.rule}\n{markdown([result])}"


def test_unequal_classes_keep_so_many_training_images_each(tiny: Callable[..., ImageData]) -> None:
    data = tiny(count=48, classes=3)
    less = unequal(data, (4, 2, 1))
    assert less.training.labels.bincount().tolist() == [4, 2, 1]
    for image, label in zip(*less.training, strict=True):
        same = (data.training.images == image).flatten(1).all(dim=1)
        assert label in data.training.labels[same]
    assert less.test is data.test
