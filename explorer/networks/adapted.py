"""A pretrained network as the trainer meets it: takes the app's images as they are, and has a head of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.errors import InputError
from explorer.i18n import Message
from explorer.networks import compiled
from explorer.networks.catalogue import LITE0, Backbone, find
from explorer.networks.efficientnet_lite import EfficientNetLite0


class Adapt(nn.Module):
    """Images (B, 1 or 3, H, W) in [0, 1] of any size → (B, 3, size, size) as the weights expect them."""

    mean: Tensor
    std: Tensor

    def __init__(self, size: int, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.size = size
        # Not in checkpoints: they belong to the backbone's name, and averaging of weights must not touch them.
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def resize(self, x: Tensor) -> Tensor:
        """The images as the network will see them, still in [0, 1] and with the channels they have: for a preview."""
        if x.shape[-2:] == (self.size, self.size):
            return x
        shrinks = max(x.shape[-2:]) > self.size
        return functional.interpolate(x, (self.size, self.size), mode="bilinear", antialias=shrinks)

    def forward(self, x: Tensor) -> Tensor:
        return (self.resize(x) - self.mean) / self.std  # grey is repeated by the three channels of mean and std


class Adapted(nn.Module):
    """Images (B, 1 or 3, H, W) in [0, 1] → logits (B, classes): `input`, then `body`, then `head`.

    `stages` are groups of layer-name prefixes from the input to the head; each parameter is under exactly one of them.
    """

    head_layers = ("head",)

    def __init__(self, backbone: Backbone, body: nn.Module, width: int, classes: int, size: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.input = Adapt(size, backbone.mean, backbone.std)
        self.body = body
        self.head = nn.Linear(width, classes)
        self.stages = (*(tuple(f"body.{name}" for name in stage) for stage in _stages(body)), ("head",))

    @property
    def map_layer(self) -> tuple[nn.Module, int]:
        """What puts out the last map of the image, and how many tokens of that lead and are no places."""
        match type(self.body).__name__:
            case "ResNet":
                return self.body.get_submodule("layer4"), 0
            case "RegNet":
                return self.body.get_submodule("trunk_output"), 0
            case "VisionTransformer":  # in the last block only the token of the class is used further on
                return self.body.get_submodule("encoder.layers")[-2], 1  # type: ignore[index]
            case "SwinTransformer":
                return self.body.get_submodule("permute"), 0
            case _:
                return self.body.get_submodule("features"), 0

    def features(self, x: Tensor) -> Tensor:
        """(B, D): what the head decides by, and what is cached while the body is frozen."""
        features: Tensor = self.body(self.input(x))
        return features

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(x))
        return logits


def build(name: str, classes: int, size: int = 0) -> Adapted:
    """The network `name` for `classes` classes and images of `size` pixels (0: its own), not yet with its weights.

    The random start is the same each time (0.03 to 0.5 s, 0.8 s for ViT) and leaves torch's global stream as it was.
    Dropout and stochastic depth are off in the body: they would draw from that global stream, and make features differ
    from one pass to the next; the techniques do that instead. Raises InputError for an unknown name or a size it
    cannot take.
    """
    backbone = find(name)
    if refusal := backbone.refuse(size):
        raise InputError(refusal)
    if classes < 1:
        raise InputError(Message("A network needs at least one class."))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)  # torch.manual_seed would reach the streams of GPUs, too
        body, width = _body(backbone)
        for module in body.modules():
            if type(module).__name__ in ("Dropout", "StochasticDepth"):
                module.p = 0.0  # type: ignore[assignment]
        return Adapted(backbone, body, width, classes, size or backbone.size)


def _body(backbone: Backbone) -> tuple[nn.Module, int]:
    """The network without its last linear layer, and how many features it gives."""
    if backbone is LITE0:
        body: nn.Module = EfficientNetLite0()
        return body, 1280
    body = compiled.models().get_model(backbone.name, weights=None)
    last = body.get_submodule(backbone.classifier)
    body.set_submodule(backbone.classifier, nn.Identity())
    return body, int(last.in_features)  # type: ignore[arg-type]


def _stages(body: nn.Module) -> list[tuple[str, ...]]:
    """Groups of prefixes of the names in `body`, from the input on."""
    stages: list[tuple[str, ...]]
    match type(body).__name__:
        case "ResNet":
            return [("conv1", "bn1"), *((f"layer{k}",) for k in range(1, 5))]
        case "RegNet":
            return [("stem",), *((f"trunk_output.block{k}",) for k in range(1, 5))]
        case "DenseNet":
            dense = [(f"features.denseblock{k}", f"features.transition{k}") for k in range(1, 4)]
            return [("features.conv0", "features.norm0"), *dense, ("features.denseblock4", "features.norm5")]
        case "VisionTransformer":
            count = len(list(body.get_submodule("encoder.layers").children()))
            layers = [(f"encoder.layers.encoder_layer_{k}",) for k in range(count)]
            return [("conv_proj", "class_token", "encoder.pos_embedding"), *layers, ("encoder.ln",)]
        case "ConvNeXt" | "SwinTransformer":  # stem, stage, then three times a downsampling and its stage
            norm = "classifier.0" if type(body).__name__ == "ConvNeXt" else "norm"
            pairs = [(f"features.{k}", f"features.{k + 1}") for k in (2, 4)]
            return [("features.0",), ("features.1",), *pairs, ("features.6", "features.7", norm)]
        case _:  # MobileNet, EfficientNet
            stages = [(f"features.{k}",) for k, _layer in body.get_submodule("features").named_children()]
            inner = any(name.startswith("classifier.0.") for name, _p in body.named_parameters())
            return [*stages, ("classifier.0",)] if inner else stages
