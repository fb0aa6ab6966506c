"""How fields, choices and metrics are called by people: a field by its title, the others by their words here."""

from __future__ import annotations

from pydantic.fields import FieldInfo

from explorer.i18n import N_, Message, _
from explorer.networks import BACKBONES

CHOICES = {
    "adamw": "AdamW",
    "all": N_("everything"),
    "auto": N_("automatic"),
    "batch": N_("batch"),
    "bf16": "bfloat16",
    "both": N_("both"),
    "centre": N_("centre"),
    "channel": N_("whole channels"),
    "classifier": N_("before the classifier"),
    "cosine": N_("cosine"),
    "cosine_restarts": N_("cosine with restarts"),
    "cpu": "CPU",
    "cuda": "CUDA",
    "custom": N_("own choice"),
    "cutmix": "CutMix",
    "cyclic": N_("cyclic (triangles)"),
    "divide": N_("divide"),
    "effective": N_("effective"),
    "element": N_("single elements"),
    "elu": "ELU",
    "exponential": N_("exponential"),
    "fan_in": N_("inputs (fan in)"),
    "fan_out": N_("outputs (fan out)"),
    "followed": N_("running, following the batches"),
    "fp32": "float32",
    "gelu": "GELU",
    "group": N_("group"),
    "he_normal": N_("He, normal"),
    "he_uniform": N_("He, uniform"),
    "head": N_("the head"),
    "identity": N_("identity"),
    "instance": N_("instance"),
    "inverse": N_("inverse"),
    "kept": N_("running, as they were"),
    "large": N_("too large"),
    "layer": N_("layer"),
    "leaky_relu": "Leaky ReLU",
    "loss": N_("loss"),
    "mean": N_("mean"),
    "mixup": "MixUp",
    "mps": "MPS",
    "multi_step": N_("steps at milestones"),
    "noise": N_("noise"),
    "norm": N_("norm"),
    "one_cycle": N_("one cycle"),
    "orthogonal": N_("orthogonal"),
    "plateau": N_("on a plateau"),
    "polynomial": N_("polynomial"),
    "prelu": "PReLU",
    "projection": N_("projection"),
    "rand": "RandAugment",
    "relu": "ReLU",
    "row": N_("row"),
    "sampling": N_("sampling"),
    "sgd": "SGD",
    "sigmoid": N_("sigmoid"),
    "silu": "SiLU",
    "small": N_("too small"),
    "stage1": N_("after stage 1"),
    "stage2": N_("after stage 2"),
    "stage3": N_("after stage 3"),
    "step": N_("steps"),
    "tanh": "tanh",
    "top": N_("all but the first stages"),
    "torch": N_("PyTorch's default"),
    "training": N_("as in training"),
    "trivial": "TrivialAugment",
    "value": N_("each value"),
    "xavier_normal": N_("Xavier, normal"),
    "xavier_uniform": N_("Xavier, uniform"),
    "zeros": N_("zeros"),
} | {backbone.name: backbone.title for backbone in BACKBONES}


METRICS = {
    "loss": N_("loss"),
    "accuracy": N_("accuracy"),
    "f1": N_("macro F1"),
    "ece": N_("calibration error (ECE)"),
    "confidence": N_("mean confidence"),
    "mae": N_("mean absolute error"),
}
"""What is measured of a set of images; see training.metrics."""


def field_label(name: str, field: FieldInfo) -> str:
    """The title of `field`, translated; its name, if it has none."""
    return _(field.title or name)


def choice_label(value: object) -> str:
    """The text for one value of a choice, translated."""
    return str(choice_message(value))


def choice_message(value: object) -> Message:
    """The same, to be translated where it is shown."""
    name = str(value)
    return Message(CHOICES[name] if name in CHOICES else name.replace("_", " "))


def without(title: str) -> Message:
    """That the technique of this title is off."""
    return Message("without {technique}", technique=Message(title).in_mid_sentence())


def duration(seconds: float) -> str:
    """`seconds` as people say it, coarser the longer."""
    whole = max(0, round(seconds))
    if whole < 60:
        return _("{s} s").format(s=whole)
    if whole < 3600:
        return _("{m} min {s:02} s").format(m=whole // 60, s=whole % 60)
    return _("{h} h {m:02} min").format(h=whole // 3600, m=whole % 3600 // 60)
