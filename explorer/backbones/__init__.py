"""Networks trained by others, to start from. Listing and fetching spare torch; the rest is imported when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.backbones.catalogue import BACKBONES, SMALL_CNN, Backbone, find
from explorer.backbones.download import fetch, weights_path

if TYPE_CHECKING:
    from explorer.backbones.network import Adapt, Pretrained, build
    from explorer.backbones.weights import Fitted, fit, official, small_cnn_weights, weights_file

__all__ = [
    "BACKBONES",
    "SMALL_CNN",
    "Adapt",
    "Backbone",
    "Fitted",
    "Pretrained",
    "build",
    "fetch",
    "find",
    "fit",
    "official",
    "small_cnn_weights",
    "weights_file",
    "weights_path",
]


def __getattr__(name: str) -> Any:
    if name in ("Adapt", "Pretrained", "build"):
        from explorer.backbones import network

        return getattr(network, name)
    if name in __all__:
        from explorer.backbones import weights

        return getattr(weights, name)
    raise AttributeError(name)
