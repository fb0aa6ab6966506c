"""The claims, as data. Everything that a claim does not speak of is the same in all its arms."""

from __future__ import annotations

import math
import statistics
from typing import Any

from explorer.data import DataChoice
from explorer.recipe import Recipe
from explorer.techniques import (
    Activation,
    Augmentation,
    Clipping,
    Dropout,
    EarlyStopping,
    Initialization,
    LabelDistribution,
    LabelSmoothing,
    Mixing,
    Normalization,
    Schedule,
    Skip,
    Technique,
    WeightAveraging,
)

from .runner import Arm, Claim, History, Measure, Predicate, Values

LITTLE = DataChoice(name="fashion-mini", per_class=100)


def recipe(*techniques: Technique, **fields: Any) -> Recipe:
    """Fashion-mini, 8 layers, 8 channels, SGD, constant rate; on a CPU, so that results repeat."""
    values = {"depth": 8, "width": 8, "epochs": 8, "lr": 0.1, "device": "cpu", "techniques": techniques}
    return Recipe(**{**values, **fields})


# What is read off a training.


def accuracy(history: History) -> float:
    """On validation, after the last epoch; of a diverged network, that of guessing."""
    if history.end.outcome == "diverged":
        return 1 / 10
    return history.epochs[-1].validation["accuracy"]


def gap(history: History) -> float:
    """Accuracy on training images (without augmentation) minus that on validation images, last epoch."""
    last = history.epochs[-1]
    return last.train["accuracy"] - last.validation["accuracy"]


def validation(metric: str) -> Measure:
    """A metric on validation after the last epoch; of a diverged network, infinite."""
    return lambda history: _finite(history, lambda: history.epochs[-1].validation[metric])


def training(metric: str) -> Measure:
    """A metric on training images after the last epoch; of a diverged network, infinite."""
    return lambda history: _finite(history, lambda: history.epochs[-1].train[metric])


def test(metric: str) -> Measure:
    """A metric on the test images at the end, after early stopping has put the best weights back."""
    return lambda history: _finite(history, lambda: history.end.test[metric])


def best(split: str, metric: str) -> Measure:
    """A metric at the epoch of the lowest validation loss."""
    return lambda history: getattr(min(history.epochs, key=lambda e: e.validation["loss"]), split)[metric]


def first(split: str, metric: str) -> Measure:
    """A metric after the first epoch."""
    return lambda history: getattr(history.epochs[0], split)[metric]


def best_epoch(history: History) -> float:
    """The epoch of the lowest validation loss."""
    return history.end.best_epoch


def first_to_last(history: History) -> float:
    """log₁₀ of the gradient's root mean square per weight in the first layer over that in the last convolution.

    The median over the looks of the first epoch, before any clipping.
    """
    ratios = []
    for norms in history.norms:
        rms = dict(zip(norms.names, norms.before / norms.sizes**0.5, strict=True))
        last = max(name for name in rms if name.endswith("conv2"))
        ratios.append(math.log10(max(rms["conv"], 1e-45) / max(rms[last], 1e-45)))
    return statistics.median(ratios)


def _finite(history: History, value: Any) -> float:
    return math.inf if history.end.outcome == "diverged" else value()


# When a claim counts as shown: the means differ by so much, and every seed agrees.


def higher(arms: str | tuple[str, ...], than: str | tuple[str, ...], by: float) -> Predicate:
    """Each of `arms` lies above each of `than`."""

    def holds(values: Values) -> bool:
        return all(
            statistics.fmean(values[one]) >= statistics.fmean(values[other]) + by
            and all(a > b for a, b in zip(values[one], values[other], strict=True))
            for one in _several(arms)
            for other in _several(than)
        )

    return holds


def lower(arms: str | tuple[str, ...], than: str | tuple[str, ...], by: float) -> Predicate:
    """Each of `arms` lies below each of `than`."""
    return higher(than, arms, by)


def both(*predicates: Predicate) -> Predicate:
    """All of them."""
    return lambda values: all(predicate(values) for predicate in predicates)


def _several(arms: str | tuple[str, ...]) -> tuple[str, ...]:
    return (arms,) if isinstance(arms, str) else arms


# Recipes that several claims share.

BATCH, HE = Normalization(), Initialization()
DEEP_SIGMOID = recipe(Activation(kind="sigmoid"), depth=26, epochs=1, lr=0.05)
OVERFITS = recipe(BATCH, HE, data=LITTLE, width=16, epochs=60)
"""100 images per class and nothing against overfitting."""
CONSTANT = recipe(BATCH, HE, epochs=12, lr=0.2)


def regularised(name: str, text: str, label: str, by: float, *techniques: Technique) -> Claim:
    """Closes the gap on little data."""
    with_it = OVERFITS
    for technique in techniques:
        with_it = with_it.switched(technique)
    return Claim(
        name=name,
        text=text,
        quantity="training minus validation accuracy, 100 images per class, 60 epochs",
        arms={"nothing": Arm(OVERFITS, gap), label: Arm(with_it, gap)},
        holds=lower(label, "nothing", by),
        rule=f"the gap is smaller by {by:g} or more, in every seed",
    )


CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="batch-norm-rate",
        text="With batch normalization a network trains at a rate at which the plain one fails",
        quantity="validation accuracy, 20 layers, 5 epochs",
        arms={
            "plain, rate 0.02": Arm(recipe(HE, depth=20, epochs=5, lr=0.02), accuracy),
            "plain, rate 0.5": Arm(recipe(HE, depth=20, epochs=5, lr=0.5), accuracy),
            "batch norm, rate 0.5": Arm(recipe(HE, BATCH, depth=20, epochs=5, lr=0.5), accuracy),
        },
        holds=both(
            higher("batch norm, rate 0.5", "plain, rate 0.5", 0.3), higher("plain, rate 0.02", "plain, rate 0.5", 0.2)
        ),
        rule="at 0.5 it is better by 0.3 or more; the plain network trains at 0.02; in every seed",
    ),
    Claim(
        name="vanishing-gradient",
        text="In a deep sigmoid network the gradient vanishes; ReLU, He, skip, batch norm each help, together they cure",
        quantity="log₁₀ of the gradient per weight, first over last convolution, 26 layers, first epoch",
        arms={
            "sigmoid": Arm(DEEP_SIGMOID, first_to_last),
            "ReLU alone": Arm(DEEP_SIGMOID.without("activation"), first_to_last),
            "He alone": Arm(DEEP_SIGMOID.switched(HE), first_to_last),
            "skip alone": Arm(DEEP_SIGMOID.switched(Skip()), first_to_last),
            "batch norm alone": Arm(DEEP_SIGMOID.switched(BATCH), first_to_last),
            "ReLU + He + skip": Arm(
                DEEP_SIGMOID.without("activation").switched(HE).switched(Skip()), first_to_last
            ),
        },
        holds=both(
            lower("sigmoid", ("ReLU alone", "He alone", "skip alone", "batch norm alone", "ReLU + He + skip"), 1),
            lambda values: all(abs(value) < 1 for value in values["ReLU + He + skip"]),
        ),
        rule="each remedy raises it tenfold or more; all three together bring it within a factor of 10 of 1",
    ),
    Claim(
        name="clipping",
        text="Clipping rescues a rate at which gradients explode",
        quantity="validation accuracy without normalization, 14 layers, rate 0.3, 5 epochs",
        arms={
            "no clipping": Arm(recipe(HE, depth=14, epochs=5, lr=0.3), accuracy),
            "clipped to norm 0.5": Arm(recipe(HE, Clipping(threshold=0.5), depth=14, epochs=5, lr=0.3), accuracy),
        },
        holds=higher("clipped to norm 0.5", "no clipping", 0.3),
        rule="better by 0.3 or more, in every seed",
    ),
    regularised("dropout", "Dropout closes the gap on little data", "dropout", 0.01, Dropout(p=0.5)),
    regularised("augmentation", "Augmentation closes the gap on little data", "augmentation", 0.02, Augmentation()),
    regularised(
        "label-smoothing-gap", "Label smoothing closes the gap on little data", "smoothing", 0.01, LabelSmoothing()
    ),
    regularised("mixing", "Mixing images closes the gap on little data", "MixUp", 0.01, Mixing(alpha=1.0)),
    Claim(
        name="label-smoothing-confidence",
        text="Label smoothing works against over-confidence",
        quantity="calibration error (ECE) on validation, 100 images per class, 60 epochs",
        arms={
            "hard targets": Arm(OVERFITS, validation("ece")),
            "smoothed": Arm(OVERFITS.switched(LabelSmoothing()), validation("ece")),
        },
        holds=lower("smoothed", "hard targets", 0.02),
        rule="lower by 0.02 or more, in every seed",
    ),
    Claim(
        name="label-distribution",
        text="With ordered classes, learning a distribution of labels lowers the error",
        quantity="mean absolute error in classes on exact test labels of the gauges",
        arms={
            "one right class": Arm(
                recipe(BATCH, HE, Schedule(), data=DataChoice(name="gauges"), epochs=12), test("mae")
            ),
            "label distribution": Arm(
                recipe(BATCH, HE, Schedule(), LabelDistribution(), data=DataChoice(name="gauges"), epochs=12),
                test("mae"),
            ),
        },
        holds=lower("label distribution", "one right class", 0.05),
        rule="lower by 0.05 classes or more, in every seed",
    ),
    Claim(
        name="schedule",
        text="A learning rate that falls ends lower than a constant one",
        quantity="validation loss, 12 epochs",
        arms={
            "constant 0.2": Arm(CONSTANT, validation("loss")),
            "constant 0.02": Arm(CONSTANT.with_(lr=0.02), validation("loss")),
            "one-cycle to 0.2": Arm(CONSTANT.switched(Schedule()), validation("loss")),
            "cosine from 0.2": Arm(CONSTANT.switched(Schedule(kind="cosine")), validation("loss")),
        },
        holds=lower(("one-cycle to 0.2", "cosine from 0.2"), ("constant 0.2", "constant 0.02"), 0.01),
        rule="both schedules are lower than both constant rates by 0.01 or more, in every seed",
    ),
    Claim(
        name="skip",
        text="A deep network trains better with skip connections than without",
        quantity="training loss, 38 layers with batch norm, 4 epochs",
        arms={
            "plain": Arm(recipe(BATCH, HE, depth=38, epochs=4), training("loss")),
            "skip": Arm(recipe(BATCH, HE, Skip(), depth=38, epochs=4), training("loss")),
        },
        holds=lower("skip", "plain", 0.1),
        rule="lower by 0.1 or more, in every seed",
    ),
    Claim(
        name="initialization",
        text="Without normalization, the start weights decide whether a deep network trains",
        quantity="training loss, 20 layers, rate 0.02, 5 epochs",
        arms={
            "He": Arm(recipe(HE, depth=20, epochs=5, lr=0.02), training("loss")),
            "torch's default": Arm(recipe(depth=20, epochs=5, lr=0.02), training("loss")),
            "too small": Arm(recipe(Initialization(kind="small"), depth=20, epochs=5, lr=0.02), training("loss")),
            "zeros": Arm(recipe(Initialization(kind="zeros"), depth=20, epochs=5, lr=0.02), training("loss")),
        },
        holds=lower("He", ("too small", "zeros"), 0.5),
        rule="He is lower than too small and zeros by 0.5 or more, in every seed",
    ),
    Claim(
        name="overfitting",
        text="On little data training loss keeps falling, while validation loss falls and then rises",
        quantity="loss (t: training, v: validation), 100 images per class, 60 epochs",
        arms={
            "v, first epoch": Arm(OVERFITS, first("validation", "loss")),
            "v, best epoch": Arm(OVERFITS, best("validation", "loss")),
            "v, last epoch": Arm(OVERFITS, validation("loss")),
            "t, best epoch": Arm(OVERFITS, best("train", "loss")),
            "t, last epoch": Arm(OVERFITS, training("loss")),
        },
        holds=both(
            lower("v, best epoch", ("v, first epoch", "v, last epoch"), 0.05),
            lower("t, last epoch", "t, best epoch", 0.05),
        ),
        rule="validation is higher at both ends than at the best epoch by 0.05; training falls on by 0.05; every seed",
    ),
    Claim(
        name="early-stopping",
        text="Early stopping on little data ends with a lower loss than training to the end",
        quantity="test loss of the weights at the end, 100 images per class",
        arms={
            "60 epochs": Arm(OVERFITS, test("loss")),
            "early stopping": Arm(OVERFITS.switched(EarlyStopping(patience=10)), test("loss")),
        },
        holds=lower("early stopping", "60 epochs", 0.03),
        rule="lower by 0.03 or more, in every seed",
    ),
    Claim(
        name="early-stopping-epoch",
        text="Early stopping ends near the best epoch",
        quantity="epoch of the lowest validation loss, 100 images per class",
        arms={
            "in all 60 epochs": Arm(OVERFITS, best_epoch),
            "until it stopped": Arm(OVERFITS.switched(EarlyStopping(patience=10)), best_epoch),
        },
        holds=lambda values: all(abs(a - b) <= 10 for a, b in zip(*values.values(), strict=True)),
        rule="at most 10 epochs (its patience) apart, in every seed",
    ),
    Claim(
        name="weight-averaging",
        text="At a constant rate, averaged weights have a lower loss",
        quantity="validation loss, 12 epochs",
        arms={
            "last weights": Arm(CONSTANT, validation("loss")),
            "average (EMA)": Arm(CONSTANT.switched(WeightAveraging()), validation("loss")),
        },
        holds=lower("average (EMA)", "last weights", 0.02),
        rule="lower by 0.02 or more, in every seed",
    ),
)
