"""Grad-CAM against captum, on every kind of network; and that it finds the place that decides."""

from pathlib import Path

import pytest
import torch
from captum.attr import LayerGradCam
from torch import Tensor, nn
from torch.nn import functional

from explorer.data import DataSpec, ImageData, Split
from explorer.errors import InputError
from explorer.networks import MLP, Network, Pretrained, SmallCNN, ViT
from explorer.recipe import Recipe
from explorer.training.grad_cam import grad_cam
from explorer.training.loop import train
from explorer.training.model import Standardize, build
from explorer.training.trained import load_network


def built(network: Network, channels: int = 1, size: int = 28) -> nn.Module:
    recipe = Recipe(network=network)
    facts = DataSpec(3, False, channels, size)
    start = Standardize(torch.full((channels,), 0.5), torch.full((channels,), 0.25))
    return build(recipe, facts, start, torch.Generator()).eval()


def pictures(channels: int, size: int) -> Tensor:
    return torch.rand((2, channels, size, size), generator=torch.Generator().manual_seed(1))


CLASSES = torch.tensor([2, 0])


@pytest.mark.parametrize(
    ("network", "layer"),
    [
        (SmallCNN(width=4), "stage3"),
        (Pretrained(size=64), "body.features"),
        pytest.param(Pretrained(name="resnet18", size=64), "body.layer4", marks=pytest.mark.slow),
        (Pretrained(name="mobilenet_v3_small", size=64), "body.features"),
        pytest.param(Pretrained(name="densenet121", size=64), "body.features", marks=pytest.mark.slow),
        pytest.param(Pretrained(name="convnext_tiny", size=64), "body.features", marks=pytest.mark.slow),
        pytest.param(Pretrained(name="swin_t", size=64), "body.permute", marks=pytest.mark.slow),
        pytest.param(Pretrained(name="regnet_y_400mf", size=64), "body.trunk_output", marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_it_is_captums(network: Network, layer: str) -> None:
    model, images = built(network, 3, 40), pictures(3, 40)
    oracle = LayerGradCam(model, model.get_submodule(layer)).attribute(images, CLASSES, relu_attributions=True)
    wanted = functional.interpolate(oracle.detach(), (40, 40), mode="bilinear")[:, 0]
    found = grad_cam(model, images, CLASSES)
    assert found.shape == (2, 40, 40)
    assert found.max() > 0
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)


def test_of_a_transformer_tokens_are_the_places() -> None:
    model, images = built(ViT(width=16, depth=3, heads=2, patch=8), size=28), pictures(1, 28)
    tokens: list[Tensor] = []
    model.stage3.register_forward_hook(lambda _layer, _inputs, output: tokens.append(output))
    logits = model(images)
    (gradient,) = torch.autograd.grad(logits[0, 2] + logits[1, 0], tokens[0])
    naive = (tokens[0] * gradient.mean(1, keepdim=True)).sum(2).relu().view(2, 1, 4, 4)
    # Four patches of 8 pixels reach 4 pixels beyond the picture.
    wanted = functional.interpolate(naive, (32, 32), mode="bilinear")[:, 0, :28, :28]
    torch.testing.assert_close(grad_cam(model, images, CLASSES), wanted.detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_the_token_of_the_class_is_no_place() -> None:
    heat = grad_cam(built(Pretrained(name="vit_b_32", size=224), 3, 40), pictures(3, 40), CLASSES)
    assert heat.shape == (2, 40, 40)
    assert heat.max() > 0


@pytest.mark.parametrize(
    ("network", "said"), [(MLP(depth=1, width=8), "mixes all pixels"), (Pretrained(size=32), "single place")], ids=str
)
def test_without_a_map_it_says_so(network: Network, said: str) -> None:
    with pytest.raises(InputError, match=said):
        grad_cam(built(network, 3, 20), pictures(3, 20), CLASSES)


def test_it_looks_where_the_class_shows(tmp_path: Path) -> None:
    """A patch of stripes in one of four corners of a noisy picture; its direction is the class."""
    rng = torch.Generator().manual_seed(0)
    stripes = (torch.arange(12) // 2 % 2 * 255).to(torch.uint8).expand(12, 12)

    def split(n: int) -> tuple[Split, Tensor]:
        images = torch.randint(100, 156, (n, 1, 32, 32), generator=rng, dtype=torch.uint8)
        labels, corners = torch.arange(n) % 2, torch.randint(0, 2, (n, 2), generator=rng)
        for image, label, (down, right) in zip(images, labels.tolist(), (2 + 16 * corners).tolist(), strict=True):
            image[0, down : down + 12, right : right + 12] = stripes.T if label else stripes
        return Split(images, labels), corners

    (training, _where), (test, corners) = split(128), split(32)
    data = ImageData("stripes", ("upright", "level"), False, training, test, test)
    recipe = Recipe(network=SmallCNN(width=8), epochs=8, batch_size=16).without("augmentation")
    for _event in train(recipe, data=data, checkpoints=tmp_path, instruments="none"):
        pass
    heat = grad_cam(load_network(tmp_path), test.images.float() / 255, test.labels)
    halves = heat.unfold(1, 16, 16).unfold(2, 16, 16).sum((3, 4))  # (n, 2, 2)
    shares = halves[torch.arange(32), corners[:, 0], corners[:, 1]] / halves.sum((1, 2))
    assert shares.nanmean() > 0.6, shares  # by chance 0.25
