"""A live change of the layers builds as little as possible anew, and finds out whether it is another network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from explorer.training.metrics import predict

IMAGES = 8
"""So many images tell whether two networks answer alike: with the same weights, bit for bit or not at all."""


def refitted(model: nn.Module, wanted: nn.Module) -> bool:
    """Put the layers of `wanted` into `model`, around the weights that are there; False, and nothing is touched, if
    they do not have the same weights and the same places.

    So a dropout of another p, or the first one, leaves the network, its weights and whoever holds them as they are.
    """
    if _shapes(model) != _shapes(wanted):
        return False
    places = {name for name, _layer in wanted.named_modules()}
    inner = {name.rpartition(".")[0] for name in places if name}
    if places != {name for name, _layer in model.named_modules()}:
        return False
    for name in places - inner - {""}:
        old, new = model.get_submodule(name), wanted.get_submodule(name)
        for key in old._parameters:
            new._parameters[key] = old._parameters[key]
        for key in old._buffers:
            new._buffers[key] = old._buffers[key]
        new.train(old.training)
        model.set_submodule(name, new)
    return True


def answers(model: nn.Module, images: Tensor, bf16: bool) -> Tensor:
    """What `model` makes of the first of uint8 `images` (N, C, H, W), as evaluation does: (n, classes)."""
    return predict(model, images[:IMAGES], bf16=bf16)


def _shapes(model: nn.Module) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in model.state_dict().items()}
