"""Networks trained by others, to start from. Listing and fetching spare torch; the rest is imported when asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.networks.catalogue import BACKBONES, SMALL_CNN, Backbone, find
from explorer.networks.download import fetch, weights_path

if TYPE_CHECKING:
    from explorer.networks.pretrained import Adapt, Pretrained, build
    from explorer.networks.weights import Fitted, fit, official, small_cnn_weights, weights_file

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
        from explorer.networks import pretrained

        return getattr(pretrained, name)
    if name in __all__:
        from explorer.networks import weights

        return getattr(weights, name)
    raise AttributeError(name)
