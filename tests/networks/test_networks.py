"""What every network owes the program, and what our own ones compute."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import annotated_types
import pytest
import torch
from torch import nn

from explorer.data import DataSpec
from explorer.networks import MLP, NETWORKS, Network, SmallCNN, ViT
from explorer.networks.blocks import PatchEmbedding, in_stages, places
from explorer.optimizers import OPTIMIZERS
from explorer.recipe import Recipe
from explorer.techniques import Activation, Dropout, Initialization, Normalization, Skip, Technique
from explorer.training.freezing import places as places_of
from explorer.training.model import build, layers

OURS = (SmallCNN(width=4), SmallCNN(depth=14, width=4), MLP(depth=1, width=8), MLP(depth=4, width=8), ViT(width=16))
each = pytest.mark.parametrize("network", OURS, ids=lambda network: f"{network.kind}-{network.depth}")
ALL: tuple[Technique, ...] = (Normalization(kind="layer"), Initialization(), Activation(kind="gelu"), Skip(), Dropout())


def built(network: Network, *techniques: Technique, channels: int = 1, size: int = 28, classes: int = 3) -> nn.Module:
    recipe = Recipe(network=network, techniques=techniques)
    return build(recipe, DataSpec(classes, False, channels, size), nn.Identity(), torch.Generator())


@pytest.mark.parametrize("kind", [*NETWORKS, *OPTIMIZERS], ids=lambda kind: kind.key())
def test_declares_what_form_and_manual_need(kind: Any) -> None:
    assert kind.summary.endswith(".")
    manual = kind.manual()
    assert "Paper" in manual or "Source" in manual
    assert "Look at" in manual
    assert "{" not in str(kind())
    for name, field in kind.model_fields.items():
        if name == "kind":
            continue
        assert field.title, name
        assert field.description.endswith("."), name
        if field.annotation in (int, float):
            sides = {type(limit) for limit in field.metadata}
            assert sides & {annotated_types.Ge, annotated_types.Gt}
            assert sides & {annotated_types.Le, annotated_types.Lt}


def test_declarations_need_no_torch() -> None:
    code = "import sys, explorer.networks, explorer.optimizers; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@each
@pytest.mark.parametrize(("channels", "size"), [(1, 28), (3, 31)])
@pytest.mark.parametrize("techniques", [(), ALL], ids=["bare", "all"])
def test_images_become_logits_by_way_of_features(
    network: Network, channels: int, size: int, techniques: tuple[Technique, ...]
) -> None:
    model = built(network, *techniques, channels=channels, size=size).eval()
    images = torch.rand(2, channels, size, size).to(memory_format=torch.channels_last)
    features = model.features(images)  # type: ignore[operator]
    assert features.ndim == 2
    assert torch.equal(model.head(features), model(images))  # type: ignore[operator]
    assert model(images).shape == (2, 3)
    torch.testing.assert_close(model(images), model(images.contiguous()))
    assert model(torch.rand(1, channels, size, size)).isfinite().all()


@each
@pytest.mark.parametrize("techniques", [(), ALL], ids=["bare", "all"])
def test_each_layer_stands_in_one_stage_from_the_images_to_the_head(
    network: Network, techniques: tuple[Technique, ...]
) -> None:
    model = built(network, *techniques)
    stages: Any = model.stages
    assert stages[-1] == ("classifier",)
    for name, _layer, _own in layers(model):
        assert sum(name == part or name.startswith(part + ".") for stage in stages for part in stage) == 1, name
    order = [place.stage for place in places_of(model)]
    assert order == sorted(order)
    assert set(order) == set(range(len(stages)))
    assert model.head_layers == ("drop", "classifier")


def test_layers_of_the_small_cnn_are_called_as_ever() -> None:
    names = [name for name, _module, _own in layers(built(SmallCNN(depth=14, width=4), Normalization(), Skip()))]
    assert names[:6] == ["conv", "norm", "stage1.0.conv1", "stage1.0.norm1", "stage1.0.conv2", "stage1.0.norm2"]
    assert "stage2.0.shortcut" in names
    assert names[-1] == "classifier"


@each
def test_skip_connections_start_as_the_identity_where_asked(network: Network) -> None:
    model = built(network, Skip(kind="identity", zero_start=True), Activation(kind="relu"), Initialization())
    blocks = [module for module in model.modules() if hasattr(module, "ends")]
    ends = [end for block in blocks for end in block.ends]  # type: ignore[union-attr]
    assert all(not parameter.any() for end in ends for parameter in end.parameters())
    assert bool(ends) is (network != MLP(depth=1, width=8))
    x = {"mlp": torch.rand(2, 8), "vit": torch.rand(2, 5, 16), "small_cnn": torch.rand(2, 4, 6, 6)}[network.kind]
    if ends:
        block = next(block for block in blocks if block.ends)
        torch.testing.assert_close(block(x), x)


def test_an_mlp_does_not_know_which_pixels_are_neighbours() -> None:
    model, order = built(MLP(width=8), size=6), torch.randperm(36)
    images = torch.rand(4, 1, 6, 6)
    before = model(images)
    model.get_submodule("stage1.0.linear").weight.data = model.get_submodule("stage1.0.linear").weight[:, order]
    torch.testing.assert_close(model(images.flatten(1)[:, order].view(4, 1, 6, 6)), before)


def test_normalization_of_vectors_is_that_of_each_token() -> None:
    model = built(ViT(width=16, depth=1), Normalization(kind="layer"), Skip(), size=8).eval()
    tokens = torch.rand(3, 4, 16)
    pool: Any = model.pool
    expected = nn.functional.layer_norm(tokens, (16,), eps=1e-5).mean(1)
    torch.testing.assert_close(pool(tokens), expected)


def test_patches_are_those_of_a_strided_convolution() -> None:
    layer, images = PatchEmbedding(3, 16, 4), torch.rand(2, 3, 10, 6)
    padded = nn.functional.pad(images, (0, 2, 0, 2))
    convolved = nn.functional.conv2d(padded, layer.linear.weight.view(16, 3, 4, 4), layer.linear.bias, 4)
    expected = convolved.flatten(2).transpose(1, 2) + places(3, 2, 16, images)
    torch.testing.assert_close(layer(images), expected)


def test_every_place_has_an_address_of_its_own() -> None:
    addresses = places(7, 9, 16, torch.zeros(1))
    assert addresses.shape == (63, 16)
    assert torch.cdist(addresses, addresses).fill_diagonal_(9).min() > 0.1
    torch.testing.assert_close(places(7, 9, 16, torch.zeros(1))[:9, :8], addresses[9:18, :8])  # columns first


def test_attention_is_the_one_of_the_formula() -> None:
    from explorer.networks.blocks import Attention

    layer, x = Attention(8, 1), torch.rand(2, 5, 8)
    scores = (layer.query(x) @ layer.key(x).transpose(1, 2) / 8**0.5).softmax(2)
    torch.testing.assert_close(layer(x), layer.project(scores @ layer.value(x)))


def test_blocks_are_dealt_out_to_three_stages() -> None:
    assert in_stages(1) == [[0], [], []]
    assert in_stages(2) == [[0], [1], []]
    assert in_stages(4) == [[0, 1], [2], [3]]
    assert [len(stage) for stage in in_stages(12)] == [4, 4, 4]


def test_too_many_patches_are_refused() -> None:
    facts = DataSpec(3, False, 3, 96)
    assert "2304 patches" in str(ViT(patch=2).refuse(facts))
    assert not ViT(patch=4).refuse(facts)
