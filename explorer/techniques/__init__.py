"""Every technique, in the order in which chained slots run. Adding one: its file, and its line here."""

from __future__ import annotations

from explorer.data import DataSpec
from explorer.networks import BranchPlace
from explorer.techniques.accumulation import Accumulation
from explorer.techniques.activation import Activation
from explorer.techniques.augmentation import Augmentation
from explorer.techniques.base import Category, Technique
from explorer.techniques.class_balance import ClassBalance
from explorer.techniques.clipping import Clipping
from explorer.techniques.distillation import Distillation
from explorer.techniques.dropout import Dropout
from explorer.techniques.early_stopping import EarlyStopping
from explorer.techniques.frozen_norm import FrozenNormalization
from explorer.techniques.initialization import Initialization
from explorer.techniques.label_distribution import LabelDistribution
from explorer.techniques.label_smoothing import LabelSmoothing
from explorer.techniques.mixing import Mixing
from explorer.techniques.normalization import Normalization
from explorer.techniques.sam import SAM
from explorer.techniques.schedule import Schedule
from explorer.techniques.skip import Skip
from explorer.techniques.slots import ASPECTS, Aspect, Batch, Compute, FrozenNorm, LayerPlace, LayerRate, Moment
from explorer.techniques.stochastic_depth import StochasticDepth
from explorer.techniques.together import building, clash, conflict, counted, without_place
from explorer.techniques.transfer import Transfer
from explorer.techniques.weight_averaging import WeightAveraging
from explorer.techniques.weight_standardization import WeightStandardization

TECHNIQUES: tuple[type[Technique], ...] = (
    Augmentation,
    LabelDistribution,
    LabelSmoothing,
    Mixing,
    ClassBalance,
    Dropout,
    StochasticDepth,
    SAM,
    EarlyStopping,
    Normalization,
    WeightStandardization,
    Initialization,
    Activation,
    Skip,
    Clipping,
    Accumulation,
    Schedule,
    WeightAveraging,
    Transfer,
    FrozenNormalization,
    Distillation,
)

__all__ = [
    "ASPECTS",
    "SAM",
    "TECHNIQUES",
    "Accumulation",
    "Activation",
    "Aspect",
    "Augmentation",
    "Batch",
    "BranchPlace",
    "Category",
    "ClassBalance",
    "Clipping",
    "Compute",
    "DataSpec",
    "Distillation",
    "Dropout",
    "EarlyStopping",
    "FrozenNorm",
    "FrozenNormalization",
    "Initialization",
    "LabelDistribution",
    "LabelSmoothing",
    "LayerPlace",
    "LayerRate",
    "Mixing",
    "Moment",
    "Normalization",
    "Schedule",
    "Skip",
    "StochasticDepth",
    "Technique",
    "Transfer",
    "WeightAveraging",
    "WeightStandardization",
    "building",
    "clash",
    "conflict",
    "counted",
    "without_place",
]
