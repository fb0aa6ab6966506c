"""The claims, as data. Everything that a claim does not speak of is the same in all its arms."""

from __future__ import annotations

import math
import statistics
from typing import Any

from explorer.data import DataChoice
from explorer.networks import Pretrained
from explorer.recipe import Recipe
from explorer.techniques import (
    SAM,
    Accumulation,
    Activation,
    Augmentation,
    ClassBalance,
    Clipping,
    Distillation,
    Dropout,
    EarlyStopping,
    Initialization,
    LabelDistribution,
    LabelSmoothing,
    Mixing,
    Normalization,
    Schedule,
    Skip,
    StochasticDepth,
    Technique,
    Transfer,
    WeightAveraging,
    WeightStandardization,
)

from .runner import Arm, Claim, History, Measure, Predicate, Values

LITTLE = DataChoice(name="fashion-mini", per_class=100)


def recipe(*techniques: Technique, **fields: Any) -> Recipe:
    """Fashion-mini, 8 layers, 8 channels, SGD, constant rate; on a CPU, so that results repeat."""
    values = {"depth": 8, "width": 8, "epochs": 8, "lr": 0.1, "device": "cpu", "techniques": techniques}
    return Recipe(**{**values, **fields})


def arms_of(transfer: Transfer, start: Recipe) -> dict[str, Recipe]:
    """The runs that its card compares, by label."""
    return {str(label): recipe for label, recipe in transfer.comparison(start)}


FEW_SHOES = recipe(
    Normalization(), Initialization(), Skip(), Schedule(),
    width=16, epochs=15, lr=0.02, batch_size=8,
    data=DataChoice(name="fashion-mini", classes=("Sandal", "Sneaker", "Bag", "Ankle boot"), per_class=10),
)  # fmt: skip
SHOES = arms_of(Transfer(), FEW_SHOES)
FEW_CLOTHES = FEW_SHOES.with_(epochs=10, lr=0.01, batch_size=20, data=DataChoice(name="fashion-mini", per_class=15))
CLOTHES = arms_of(Transfer(), FEW_CLOTHES.with_(network=Pretrained(size=96)))


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
    """log₁₀ of the gradient's root mean square per weight in the first convolution over that in the last, at step 1."""
    norms = history.norms[0]
    rms = dict(zip(norms.names, norms.before / norms.sizes**0.5, strict=True))
    last = [name for name in rms if name.endswith("conv2")][-1]
    return math.log10(rms["conv"] / rms[last])


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
FORWARD = Initialization(fan="fan_in")
"""Without normalization: fan_out lets the signal shrink where the number of channels grows, and the start is slow."""
OVERFITS = recipe(BATCH, HE, data=LITTLE, width=16, batch_size=32, epochs=30, lr=0.05)
"""100 images per class and nothing against overfitting. Batches of 32, or there would be too few steps."""
SETTLED = OVERFITS.switched(Schedule())
"""The same, and the rate falls: at a constant one, accuracy jumps by 0.02 from epoch to epoch and hides the gap."""
CONSTANT = recipe(BATCH, HE, epochs=10, lr=0.2)
DEEP_SIGMOID = recipe(Activation(kind="sigmoid"), depth=26, epochs=4, lr=0.02)
AT_THE_START = DEEP_SIGMOID.with_(epochs=1, data=DataChoice(name="fashion-mini", fraction=0.1))
"""Only the gradients of its first step count."""


QUICK = SETTLED.with_(width=8, epochs=15)
"""Half as wide and half as long, for what costs more in each step."""
DEEP_ON_LITTLE = QUICK.with_(
    depth=26, epochs=12, batch_size=16, data=DataChoice(name="fashion-mini", per_class=50)
).switched(Skip())
GROUP = Normalization(kind="group")
IN_PIECES = recipe(GROUP, HE, Skip(), data=LITTLE, epochs=15, lr=0.05)
SMALL_BATCHES = recipe(GROUP, HE, Schedule(), data=LITTLE, batch_size=8, epochs=10, lr=0.02)
UNEQUAL = (100,) * 5 + (10,) * 5
"""T-shirts, trousers, pullovers, dresses and coats are frequent; sandals, shirts, sneakers, bags and boots are rare."""


def regularised(name: str, text: str, label: str, technique: Technique, start: Recipe = SETTLED) -> Claim:
    """Closes the gap on little data, and not by making training worse."""
    with_it = start.switched(technique)
    return Claim(
        name=name,
        text=text,
        quantity="accuracy on training minus validation, and validation loss; "
        f"{start.data.per_class} images per class, {start.epochs} epochs",
        arms={
            "gap, nothing": Arm(start, gap),
            f"gap, {label}": Arm(with_it, gap),
            "loss, nothing": Arm(start, validation("loss")),
            f"loss, {label}": Arm(with_it, validation("loss")),
        },
        holds=both(lower(f"gap, {label}", "gap, nothing", 0.005), lower(f"loss, {label}", "loss, nothing", 0.05)),
        rule="the gap is smaller by 0.005 and validation loss by 0.05 or more, in every seed",
    )


def gauges(*techniques: Technique) -> Recipe:
    """Ordered classes, whose training labels are at times off by one or two."""
    return recipe(BATCH, HE, Schedule(), *techniques, data=DataChoice(name="gauges"), epochs=12)


def deep(*techniques: Technique) -> Recipe:
    """Twenty layers without normalization."""
    return recipe(*techniques, depth=20, epochs=4, lr=0.01)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        name="overfitting",
        text="On little data training loss keeps falling, while validation loss falls and then rises",
        quantity="loss, 100 images per class, 30 epochs",
        arms={
            "validation, first epoch": Arm(OVERFITS, first("validation", "loss")),
            "validation, best epoch": Arm(OVERFITS, best("validation", "loss")),
            "validation, last epoch": Arm(OVERFITS, validation("loss")),
            "training, best epoch": Arm(OVERFITS, best("train", "loss")),
            "training, last epoch": Arm(OVERFITS, training("loss")),
        },
        holds=both(
            lower("validation, best epoch", ("validation, first epoch", "validation, last epoch"), 0.1),
            lower("training, last epoch", "training, best epoch", 0.1),
        ),
        rule="validation is higher at both ends by 0.1 or more; training falls on by 0.1 or more; in every seed",
    ),
    Claim(
        name="early-stopping",
        text="Early stopping on little data ends with a lower loss than training to the end",
        quantity="test loss of the weights at the end, 100 images per class",
        arms={
            "30 epochs": Arm(OVERFITS, test("loss")),
            "early stopping": Arm(OVERFITS.switched(EarlyStopping(patience=7)), test("loss")),
        },
        holds=lower("early stopping", "30 epochs", 0.05),
        rule="lower by 0.05 or more, in every seed",
    ),
    Claim(
        name="early-stopping-epoch",
        text="Early stopping ends near the best epoch",
        quantity="epoch of the lowest validation loss, 100 images per class",
        arms={
            "in all 30 epochs": Arm(OVERFITS, best_epoch),
            "until it stopped": Arm(OVERFITS.switched(EarlyStopping(patience=7)), best_epoch),
        },
        holds=lambda values: all(abs(a - b) <= 8 for a, b in zip(*values.values(), strict=True)),
        rule="at most 8 epochs (its patience) apart, in every seed",
    ),
    regularised("dropout", "Dropout closes the gap on little data", "dropout 0.3", Dropout()),
    regularised("augmentation", "Augmentation closes the gap on little data", "augmentation", Augmentation()),
    regularised("label-smoothing", "Label smoothing generalizes better on little data", "smoothing", LabelSmoothing()),
    regularised("mixing", "Mixing images closes the gap on little data", "MixUp", Mixing(alpha=1.0)),
    regularised("sam", "SAM generalizes better on little data", "SAM", SAM(rho=0.1), QUICK),
    regularised(
        "stochastic-depth",
        "Stochastic depth closes the gap of a deep network on little data",
        "stochastic depth",
        StochasticDepth(p=0.5),
        DEEP_ON_LITTLE,
    ),
    Claim(
        name="accumulation",
        text="A batch in four pieces trains as the batch at once",
        quantity="training loss without batch normalization, 100 images per class in batches of 128, 15 epochs",
        arms={
            "at once": Arm(IN_PIECES, training("loss")),
            "in four pieces": Arm(IN_PIECES.switched(Accumulation(pieces=4)), training("loss")),
        },
        holds=lambda values: all(abs(a - b) <= 0.02 for a, b in zip(*values.values(), strict=True)),
        rule="at most 0.02 apart, in every seed",
    ),
    Claim(
        name="class-balance",
        text="With unequal classes, class balance answers better over all classes",
        quantity="macro F1 on test images, of which every class has as many; "
        "trained on 5 classes × 100 and 5 × 10 images, 15 epochs",
        arms={
            "each image alike": Arm(QUICK, test("f1"), per_class=UNEQUAL),
            "class balance": Arm(QUICK.switched(ClassBalance()), test("f1"), per_class=UNEQUAL),
        },
        holds=higher("class balance", "each image alike", 0.02),
        rule="higher by 0.02 or more, in every seed",
    ),
    Claim(
        name="weight-standardization",
        text="In small batches, group normalization trains better with weight standardization",
        quantity="training loss, 100 images per class in batches of 8, 10 epochs",
        arms={
            "group norm": Arm(SMALL_BATCHES, training("loss")),
            "group norm and weight standardization": Arm(
                SMALL_BATCHES.switched(WeightStandardization()), training("loss")
            ),
        },
        holds=lower("group norm and weight standardization", "group norm", 0.02),
        rule="lower by 0.02 or more, in every seed",
    ),
    Claim(
        name="label-smoothing-confidence",
        text="Label smoothing works against over-confidence",
        quantity="calibration error (ECE) on validation, 100 images per class, 30 epochs",
        arms={
            "hard targets": Arm(SETTLED, validation("ece")),
            "smoothed": Arm(SETTLED.switched(LabelSmoothing()), validation("ece")),
        },
        holds=lower("smoothed", "hard targets", 0.02),
        rule="lower by 0.02 or more, in every seed",
    ),
    Claim(
        name="label-distribution",
        text="With ordered classes, learning a distribution of labels lowers the error",
        quantity="mean absolute error in classes on exact test labels of the gauges, 12 epochs",
        arms={
            "one right class": Arm(gauges(), test("mae")),
            "label distribution": Arm(gauges(LabelDistribution()), test("mae")),
        },
        holds=lower("label distribution", "one right class", 0.1),
        rule="lower by 0.1 classes or more, in every seed",
    ),
    Claim(
        name="batch-norm-rate",
        text="With batch normalization a network trains at a rate at which the plain one fails",
        quantity="validation accuracy, 8 layers, 5 epochs",
        arms={
            "plain, rate 0.02": Arm(recipe(HE, epochs=5, lr=0.02), accuracy),
            "plain, rate 0.5": Arm(recipe(HE, epochs=5, lr=0.5), accuracy),
            "batch norm, rate 0.5": Arm(recipe(HE, BATCH, epochs=5, lr=0.5), accuracy),
        },
        holds=higher(("plain, rate 0.02", "batch norm, rate 0.5"), "plain, rate 0.5", 0.3),
        rule="better by 0.3 or more, as is the plain network at a low rate, in every seed",
    ),
    Claim(
        name="vanishing-gradient",
        text="In a deep sigmoid network the gradient vanishes; each remedy alone makes it larger",
        quantity="log₁₀ of the gradient per weight in the first over the last convolution, 26 layers, first step",
        arms={
            "sigmoid": Arm(AT_THE_START, first_to_last),
            "Xavier alone": Arm(AT_THE_START.switched(Initialization(kind="xavier_normal")), first_to_last),
            "He alone": Arm(AT_THE_START.switched(HE), first_to_last),
            "ReLU alone": Arm(AT_THE_START.without("activation"), first_to_last),
            "skip alone": Arm(AT_THE_START.switched(Skip()), first_to_last),
            "batch norm alone": Arm(AT_THE_START.switched(BATCH), first_to_last),
            "ReLU + He + skip": Arm(AT_THE_START.without("activation").switched(HE).switched(Skip()), first_to_last),
        },
        holds=both(
            lower(
                "sigmoid",
                (
                    "Xavier alone",
                    "He alone",
                    "ReLU alone",
                    "skip alone",
                    "batch norm alone",
                    "ReLU + He + skip",
                ),
                1,
            ),
            lambda values: all(abs(value) < 1.5 for value in values["ReLU + He + skip"]),
        ),
        rule="each raises it tenfold or more; ReLU, He and skip together bring it within a factor of 30 of 1",
    ),
    Claim(
        name="deep-network-trains",
        text="ReLU, He and skip connections together train a depth at which a sigmoid network learns nothing",
        quantity="validation accuracy, 26 layers without normalization, 4 epochs",
        arms={
            "sigmoid": Arm(DEEP_SIGMOID, accuracy),
            "ReLU + He + skip": Arm(
                DEEP_SIGMOID.without("activation").switched(HE).switched(Skip(zero_start=True)), accuracy
            ),
        },
        holds=higher("ReLU + He + skip", "sigmoid", 0.2),
        rule="better by 0.2 or more, in every seed",
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
    Claim(
        name="skip",
        text="A deep network trains better with skip connections than without",
        quantity="training loss, 38 layers with batch norm, 4 epochs",
        arms={
            "plain": Arm(recipe(BATCH, HE, Schedule(), depth=38, epochs=4), training("loss")),
            "skip": Arm(recipe(BATCH, HE, Schedule(), Skip(), depth=38, epochs=4), training("loss")),
        },
        holds=lower("skip", "plain", 0.1),
        rule="lower by 0.1 or more, in every seed",
    ),
    Claim(
        name="initialization",
        text="Without normalization, the start weights decide whether a deep network trains",
        quantity="training loss, 20 layers, 4 epochs",
        arms={
            "He": Arm(deep(FORWARD), training("loss")),
            "torch's default": Arm(deep(), training("loss")),
            "too small": Arm(deep(Initialization(kind="small")), training("loss")),
            "zeros": Arm(deep(Initialization(kind="zeros")), training("loss")),
        },
        holds=lower("He", ("torch's default", "too small", "zeros"), 0.5),
        rule="He is lower than the others by 0.5 or more, in every seed",
    ),
    Claim(
        name="schedule",
        text="A learning rate that falls ends lower than a constant one",
        quantity="validation loss, 10 epochs",
        arms={
            "constant 0.2": Arm(CONSTANT, validation("loss")),
            "constant 0.02": Arm(CONSTANT.with_(lr=0.02), validation("loss")),
            "one-cycle to 0.2": Arm(CONSTANT.switched(Schedule()), validation("loss")),
            "cosine from 0.2": Arm(CONSTANT.switched(Schedule(kind="cosine")), validation("loss")),
        },
        holds=lower(("one-cycle to 0.2", "cosine from 0.2"), ("constant 0.2", "constant 0.02"), 0.02),
        rule="both schedules are lower than both constant rates by 0.02 or more, in every seed",
    ),
    Claim(
        name="weight-averaging",
        text="At a constant rate, averaged weights have a lower loss",
        quantity="validation loss, 10 epochs",
        arms={
            "last weights": Arm(CONSTANT, validation("loss")),
            "average (EMA)": Arm(CONSTANT.switched(WeightAveraging()), validation("loss")),
        },
        holds=lower("average (EMA)", "last weights", 0.02),
        rule="lower by 0.02 or more, in every seed",
    ),
    Claim(
        name="transfer-classes",
        text="Few images: weights learned on six classes beat a start from scratch on the other four",
        quantity="test accuracy, 4 classes × 10 images, 15 epochs, the small CNN",
        arms={
            "from scratch": Arm(SHOES["from scratch"], test("accuracy")),
            "from scratch at 0.1": Arm(SHOES["from scratch"].with_(lr=0.1), test("accuracy")),
            "feature extraction": Arm(SHOES["feature extraction"], test("accuracy")),
            "fine-tuning": Arm(SHOES["fine-tuning"], test("accuracy")),
        },
        holds=higher("fine-tuning", ("from scratch", "from scratch at 0.1"), 0.05),
        rule="fine-tuning is higher than both starts from scratch by 0.05 or more, in every seed",
    ),
    Claim(
        name="transfer-imagenet",
        text="Few images: weights learned on photographs beat a start from scratch on pictures of clothes",
        quantity="test accuracy, 10 classes × 15 images, 10 epochs, EfficientNet-Lite0 at 96 pixels",
        arms={
            "from scratch": Arm(CLOTHES["from scratch"], test("accuracy")),
            "from scratch, small CNN at 0.1": Arm(FEW_CLOTHES.with_(lr=0.1), test("accuracy")),
            "feature extraction": Arm(CLOTHES["feature extraction"], test("accuracy")),
            "fine-tuning": Arm(CLOTHES["fine-tuning"], test("accuracy")),
        },
        holds=higher("fine-tuning", ("from scratch", "from scratch, small CNN at 0.1"), 0.05),
        rule="fine-tuning is higher than both starts from scratch by 0.05 or more, in every seed",
    ),
    Claim(
        name="batchnorm-trap",
        text="Frozen layers left in training mode spoil what the head learns",
        quantity="test accuracy of feature extraction, 10 classes × 15 images, 10 epochs, EfficientNet-Lite0",
        arms={
            "nothing frozen moves": Arm(CLOTHES["feature extraction"], test("accuracy")),
            "normalised by the batch, statistics follow it": Arm(CLOTHES["BatchNorm trap"], test("accuracy")),
        },
        holds=higher("nothing frozen moves", "normalised by the batch, statistics follow it", 0.05),
        rule="the safe policy is higher by 0.05 or more, in every seed",
    ),
    Claim(
        name="distillation",
        text="With few images a network learns more from one that has seen many than from the labels alone",
        quantity="test accuracy, 100 images per class, 15 epochs; the teacher has seen all",
        arms={
            "labels alone": Arm(QUICK, test("accuracy")),
            "labels and teacher": Arm(
                QUICK.switched(Distillation()), test("accuracy"), recipe(BATCH, HE, Schedule(), lr=0.2)
            ),
        },
        holds=higher("labels and teacher", "labels alone", 0.005),
        rule="higher by 0.005 or more, in every seed",
    ),
)
