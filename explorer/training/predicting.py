"""A trained network put to use: what it makes of pictures, and where it looked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from explorer.data.picture_file import UnreadablePicture, read_picture
from explorer.data.view import View
from explorer.events import Bytes, Floats
from explorer.i18n import NOTHING, Message
from explorer.training.grad_cam import grad_cam
from explorer.training.metrics import predict, to_float
from explorer.training.trained import Trained

AT_A_TIME = 64
"""Pictures that are read and answered together."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the network makes of one file."""

    path: Path
    picture: Bytes | None = None
    """uint8 (C, H, W), as the network sees it; None if the file cannot be read."""
    probabilities: Floats | None = None
    """(classes,), as sure as the network is; None if the file cannot be read."""
    reason: Message = NOTHING
    """Why it cannot be read."""


def probabilities(trained: Trained, pictures: Bytes) -> Floats:
    """(N, classes) of pictures uint8 (N, C, H, W) as the network takes them."""
    images = torch.from_numpy(np.ascontiguousarray(pictures))
    answers = predict(trained.model, images, bf16=trained.recipe.precision == "bf16")
    found: Floats = answers.softmax(dim=1).numpy()
    return found


def looked_at(trained: Trained, picture: Bytes, index: int) -> Floats:
    """(H, W) in [0, 1], the highest 1: where in `picture` (C, H, W) is what speaks for class `index`; 0 if nothing.

    Raises InputError where the network keeps no map.
    """
    images = to_float(torch.from_numpy(np.ascontiguousarray(picture))[None])
    heat = grad_cam(trained.model, images, torch.tensor([index]))[0]
    found: Floats = (heat / heat.max().clamp(min=1e-12)).numpy()
    return found


def predictions(trained: Trained, paths: Sequence[Path]) -> Iterator[Prediction]:
    """Of each file, in their order; files are read on all cores."""
    view = trained.view
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(paths), AT_A_TIME):
            found = list(pool.map(lambda path: _read(path, view), paths[start : start + AT_A_TIME]))
            read = [one.picture for one in found if one.picture is not None]
            answers = iter(probabilities(trained, np.stack(read))) if read else iter(())
            for one in found:
                yield one if one.picture is None else Prediction(one.path, one.picture, next(answers))


def _read(path: Path, view: View) -> Prediction:
    try:
        return Prediction(path, read_picture(path, view).image)
    except UnreadablePicture as error:
        return Prediction(path, reason=error.reason)
