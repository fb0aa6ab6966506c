"""How fields, choices and units are called in the window, where the name in the recipe does not say it well enough."""

from __future__ import annotations

from pydantic.fields import FieldInfo

from explorer.i18n import N_, _, ngettext
from explorer.networks import BACKBONES

FIELDS = {
    "affine": N_("Learn γ and β"),
    "alpha": N_("α"),
    "batch_size": N_("Batch size"),
    "drop_last": N_("Drop last batch"),
    "brightness": N_("Brightness"),
    "cache_features": N_("Cache features"),
    "contrast": N_("Contrast"),
    "crop": N_("Crop"),
    "decay": N_("Decay"),
    "depth_factor": N_("Rate per stage"),
    "device": N_("Device"),
    "div": N_("Start divisor"),
    "epochs": N_("Epochs"),
    "eps": N_("ε"),
    "epsilon": N_("ε"),
    "erasing": N_("Erasing"),
    "erasing_fill": N_("Erasing: fill"),
    "erasing_largest": N_("Erasing: largest"),
    "erasing_smallest": N_("Erasing: smallest"),
    "every": N_("Every"),
    "fan": N_("Fan"),
    "flip_horizontal": N_("Mirror"),
    "flip_vertical": N_("Upside down"),
    "frozen_stages": N_("Frozen stages"),
    "gamma": N_("γ"),
    "groups": N_("Groups"),
    "growth": N_("Cycle growth"),
    "hue": N_("Hue"),
    "kind": N_("Kind"),
    "magnitude": N_("Magnitude"),
    "milestones": N_("Milestones"),
    "min_delta": N_("Least fall"),
    "momentum": N_("Momentum"),
    "noise": N_("Noise"),
    "norm_affine_trains": N_("BN: learn γ, β"),
    "norm_statistics_update": N_("BN: statistics"),
    "norm_uses_running": N_("BN: running"),
    "operations": N_("Operations"),
    "p": N_("Probability p"),
    "patience": N_("Patience"),
    "places": N_("Places"),
    "policy": N_("Policy"),
    "power": N_("Power"),
    "precision": N_("Precision"),
    "probability": N_("Probability"),
    "rise": N_("Rising share"),
    "rotation": N_("Rotation"),
    "saturation": N_("Saturation"),
    "scale": N_("Scale"),
    "seed": N_("Seed"),
    "sigma": N_("σ"),
    "slope": N_("Slope"),
    "thaw_every": N_("Thaw every"),
    "teacher": N_("Teacher"),
    "temperature": N_("Temperature"),
    "threshold": N_("Threshold"),
    "weight": N_("Teacher's share"),
    "track_running_stats": N_("Running statistics"),
    "train": N_("What learns"),
    "threads": N_("Threads"),
    "translation": N_("Translation"),
    "warmup": N_("Warm-up"),
    "weight_decay": N_("Weight decay"),
    "weights": N_("Weights"),
    "zero_start": N_("Start as identity"),
}

CHOICES = {
    "adamw": "AdamW",
    "all": N_("everything"),
    "auto": N_("automatic"),
    "batch": N_("batch"),
    "bf16": "bfloat16",
    "both": N_("both"),
    "channel": N_("whole channels"),
    "classifier": N_("before the classifier"),
    "cosine": N_("cosine"),
    "cosine_restarts": N_("cosine with restarts"),
    "cpu": "CPU",
    "cuda": "CUDA",
    "custom": N_("own choice"),
    "cutmix": "CutMix",
    "cyclic": N_("cyclic (triangles)"),
    "element": N_("single elements"),
    "elu": "ELU",
    "exponential": N_("exponential"),
    "fan_in": N_("inputs (fan in)"),
    "fan_out": N_("outputs (fan out)"),
    "fp32": "float32",
    "gelu": "GELU",
    "group": N_("group"),
    "head": N_("the head"),
    "he_normal": N_("He, normal"),
    "he_uniform": N_("He, uniform"),
    "identity": N_("identity"),
    "instance": N_("instance"),
    "large": N_("too large"),
    "layer": N_("layer"),
    "leaky_relu": "Leaky ReLU",
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
    "trivial": "TrivialAugment",
    "value": N_("each value"),
    "xavier_normal": N_("Xavier, normal"),
    "xavier_uniform": N_("Xavier, uniform"),
    "zeros": N_("zeros"),
} | {backbone.name: backbone.title for backbone in BACKBONES}


def field_label(name: str, field: FieldInfo | None = None) -> str:
    """The label of the field `name`, translated: its own title, if it has one; else its name is made readable."""
    if field is not None and field.title:
        return _(field.title)
    return _(FIELDS[name]) if name in FIELDS else name.replace("_", " ").capitalize()


def choice_label(value: object) -> str:
    """The text for one value of a choice, translated."""
    name = str(value)
    return _(CHOICES[name]) if name in CHOICES else name.replace("_", " ")


def suffix(unit: str, n: float) -> str:
    """What stands behind the number `n` of `unit`, with its space: " epoch", " epochs"; empty if there is no unit.

    Languages bend a unit in their own ways: 1 эпоха, 2 эпохи, 5 эпох, and 0.5 эпохи as 2.
    """
    whole = int(n) if float(n).is_integer() else 2
    match unit:
        case "":
            return ""
        case "epochs":
            text = ngettext("{n} epoch", "{n} epochs", whole)
        case "images":
            text = ngettext("{n} image", "{n} images", whole)
        case "layers":
            text = ngettext("{n} layer", "{n} layers", whole)
        case "channels":
            text = ngettext("{n} channel", "{n} channels", whole)
        case "classes":
            text = ngettext("{n} class", "{n} classes", whole)
        case "stages":
            text = ngettext("{n} stage", "{n} stages", whole)
        case "pixels":
            text = ngettext("{n} pixel", "{n} pixels", whole)
        case "features":
            text = ngettext("{n} feature", "{n} features", whole)
        case "blocks":
            text = ngettext("{n} block", "{n} blocks", whole)
        case "heads":
            text = ngettext("{n} head", "{n} heads", whole)
        case "°":
            return unit
        case _:
            return f" {_(unit)}"
    return text.partition("{n}")[2]


def rich(text: str) -> str:
    """`text` as a tool tip that wraps: Qt breaks lines in rich text alone."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p>{escaped.replace(chr(10), '<br>')}</p>" if text else ""
