"""How fields, choices and units are called in the window, where the name in the recipe does not say it well enough."""

from __future__ import annotations

from explorer.i18n import N_, _

FIELDS = {
    "affine": N_("Learn γ and β"),
    "alpha": N_("α"),
    "batch_size": N_("Batch size"),
    "brightness": N_("Brightness"),
    "contrast": N_("Contrast"),
    "crop": N_("Crop"),
    "data": N_("Images"),
    "decay": N_("Decay"),
    "depth": N_("Depth"),
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
    "gamma": N_("γ"),
    "groups": N_("Groups"),
    "growth": N_("Cycle growth"),
    "hue": N_("Hue"),
    "kind": N_("Kind"),
    "lr": N_("Learning rate"),
    "magnitude": N_("Magnitude"),
    "milestones": N_("Milestones"),
    "min_delta": N_("Least fall"),
    "momentum": N_("Momentum"),
    "nesterov": N_("Nesterov"),
    "noise": N_("Noise"),
    "operations": N_("Operations"),
    "optimizer": N_("Optimizer"),
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
    "threshold": N_("Threshold"),
    "track_running_stats": N_("Running statistics"),
    "translation": N_("Translation"),
    "warmup": N_("Warm-up"),
    "weight_decay": N_("Weight decay"),
    "width": N_("Width"),
    "zero_start": N_("Start as identity"),
}

CHOICES = {
    "adamw": "AdamW",
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
    "torch": N_("PyTorch's default"),
    "trivial": "TrivialAugment",
    "value": N_("each value"),
    "xavier_normal": N_("Xavier, normal"),
    "xavier_uniform": N_("Xavier, uniform"),
    "zeros": N_("zeros"),
}


def field_label(name: str) -> str:
    """The label of the field `name`, translated; a name we do not know is made readable."""
    return _(FIELDS[name]) if name in FIELDS else name.replace("_", " ").capitalize()


def choice_label(value: object) -> str:
    """The text for one value of a choice, translated."""
    name = str(value)
    return _(CHOICES[name]) if name in CHOICES else name.replace("_", " ")


def rich(text: str) -> str:
    """`text` as a tool tip that wraps: Qt breaks lines in rich text alone."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<p>{escaped.replace(chr(10), '<br>')}</p>" if text else ""
