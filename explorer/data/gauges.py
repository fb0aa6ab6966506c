"""Drawn pictures of gauges with 21 ordered classes: for losses that know how far apart classes are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explorer.data.base import Arrays, ImageData, Source, assemble
from explorer.data.choice import DataChoice
from explorer.data.gauge_picture import SIZE, draw_gauges
from explorer.errors import InputError
from explorer.i18n import N_, Message

NAME = "gauges"
CLASSES = tuple(str(percent) for percent in range(0, 101, 5))
SHAPE = (3, SIZE, SIZE)

TRAINING_PER_CLASS = 100
VALIDATION_PER_CLASS = 50
TEST_PER_CLASS = 100
MAX_PER_CLASS = 2_000
"""42,000 images: 130 MB and about 10 s of drawing."""

OFF_BY_ONE = 0.20
OFF_BY_TWO = 0.05
"""Shares of training and validation labels that are wrong by so many classes, as a person's readings are.
Test labels are exact: the test tells how well a network reads the dial, not how well it copies errors."""

_BLOCK = 5 * len(CLASSES)  # drawn together from one random stream; small enough for the processor's cache
_TRAINING, _VALIDATION, _TEST = range(3)


def source() -> Source:
    """Always available: drawn by the app itself."""
    return Source(
        name=NAME,
        title=N_("Gauges"),
        description=N_(
            "Drawn 32×32 colour pictures of a round dial; the class is the needle's position from 0 to 100 "
            "in steps of 5. As with a person's readings, 20% of the labels for training and validation are "
            "off by one class and 5% by two; test labels are exact."
        ),
        ordered=True,
        available=True,
        remedy="",
        classes=CLASSES,
        shape=SHAPE,
        training=(MAX_PER_CLASS,) * len(CLASSES),
    )


def load(choice: DataChoice, seed: int) -> ImageData:
    """Draw 100 training images per class or as many as `choice` asks for, 50 to validate, 100 for the test.

    `seed` decides the training images. Those for validation and test are the same for every seed, as in a set
    of photographs. "Per class" counts dials at each value; since some labels are off, label counts differ a
    little; where only some classes are chosen, images go by their labels. Raises InputError for more than
    MAX_PER_CLASS training images per class, and for classes that are not there.
    """
    per_class = choice.per_class or max(1, round(choice.fraction * TRAINING_PER_CLASS))
    if per_class > MAX_PER_CLASS:
        raise InputError(
            Message(
                "{asked} training images per class were asked for, but “{data}” draws at most {count}. "
                "Ask for at most {count}.",
                asked=per_class,
                data=NAME,
                count=MAX_PER_CLASS,
            )
        )
    return assemble(
        choice,
        CLASSES,
        draw_split(seed, _TRAINING, per_class),
        draw_split(0, _VALIDATION, VALIDATION_PER_CLASS),
        draw_split(0, _TEST, TEST_PER_CLASS, exact=True),
        ordered=True,
        mirrors=False,
    )


def draw_split(seed: int, split: int, per_class: int, *, exact: bool = False) -> Arrays:
    """`per_class` images at each class's value, classes taking turns; labels `exact` or as a person reads.

    Image i depends on (seed, split, i) alone, so a larger set begins with the smaller one.
    """
    count = per_class * len(CLASSES)
    images, labels = np.empty((count, *SHAPE), np.uint8), np.empty(count, np.int64)
    truth = np.arange(_BLOCK, dtype=np.int64) % len(CLASSES)
    last = len(CLASSES) - 1
    for start in range(0, count, _BLOCK):
        rng = np.random.default_rng((seed, split, start // _BLOCK))
        # Within a class the needle is anywhere nearer to its mark than to the next; mirrored back at both
        # ends.
        value = 1 - np.abs(1 - np.abs((truth + rng.uniform(-0.5, 0.5, _BLOCK)) / last))
        read = truth if exact else misread(truth, rng)
        stop = min(start + _BLOCK, count)
        labels[start:stop] = read[: stop - start]
        images[start:stop] = draw_gauges(value, rng)[: stop - start]
    return Arrays(images, labels)


def misread(truth: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """`truth` with the errors of a person's reading: OFF_BY_ONE and OFF_BY_TWO of it, up or down alike."""
    luck = rng.random(len(truth))
    steps = np.where(luck < OFF_BY_TWO, 2, np.where(luck < OFF_BY_TWO + OFF_BY_ONE, 1, 0))
    read = truth + np.where(rng.random(len(truth)) < 0.5, -steps, steps)
    # There is no reading beyond the ends: there, the same error goes inwards.
    outside = (read < 0) | (read >= len(CLASSES))
    return np.where(outside, 2 * truth - read, read)
