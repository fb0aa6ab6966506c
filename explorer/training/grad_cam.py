"""Grad-CAM: where in a picture the network found what speaks for a class."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.errors import InputError
from explorer.i18n import N_, Message

MIXED = N_("This network mixes all pixels in its first layer: it keeps no map of the picture to show where it looked.")
SINGLE = N_(
    "The last map of this network is a single place at {size} × {size} pixels: it cannot show where it looked. Train "
    "with larger images."
)


def grad_cam(model: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    """(B, H, W) ≥ 0 of images (B, C, H, W) in [0, 1]: how much each place speaks for the class of `classes` (B,).

    ReLU(Σ_k α_k · A_k), where A_k is channel k of the last feature map and α_k the mean over its places of the gradient
    of the class's logit; enlarged to the image. Of transformers, tokens are the places. Selvaraju et al. 2017, arXiv
    1610.02391. `model` is in evaluation mode. Raises InputError where there is no map, or one of a single place.
    """
    features, gradients, patch = _at_map(model, images, classes)
    if features.shape[-1] * features.shape[-2] < 2:
        raise InputError(Message(SINGLE, size=images.shape[-1]))
    weights = gradients.mean(dim=(2, 3), keepdim=True)
    coarse = (weights * features).sum(dim=1, keepdim=True).relu()
    height, width = images.shape[-2:]
    if patch:  # the patches at the lower and right edge may reach beyond the image
        fine = functional.interpolate(coarse, scale_factor=patch, mode="bilinear")
    else:
        fine = functional.interpolate(coarse, (height, width), mode="bilinear")
    return fine[:, 0, :height, :width]


def _at_map(model: nn.Module, images: Tensor, classes: Tensor) -> tuple[Tensor, Tensor, int]:
    """The last feature map (B, K, h, w), the gradient of the classes' logits by it, and the side of a patch or 0."""
    layer, front = model.map_layer  # type: ignore[misc]
    kept: list[Tensor] = []

    def keep(_layer: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        kept.append(output.detach().requires_grad_())
        return kept[-1].clone()  # what follows may write into it

    hook = layer.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            logits: Tensor = model(images)
    finally:
        hook.remove()
    (features,) = kept
    if features.ndim < 3:
        raise InputError(Message(MIXED))
    (gradients,) = torch.autograd.grad(logits.gather(1, classes[:, None]).sum(), features)
    features = features.detach()
    if features.ndim == 4:
        return features, gradients, 0
    patch = getattr(getattr(model, "patches", None), "patch", 0)
    return _as_map(features[:, front:]), _as_map(gradients[:, front:]), patch


def _as_map(tokens: Tensor) -> Tensor:
    """(B, n², K) → (B, K, n, n)."""
    side = math.isqrt(tokens.shape[1])
    return tokens.transpose(1, 2).reshape(len(tokens), -1, side, side)
