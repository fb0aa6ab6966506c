"""Networks, each declared once in a file of its own, and weights that others have learned. torch is imported late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.networks.base import BLANKS, WITH_WEIGHTS, Blanks, BranchPlace, Network
from explorer.networks.catalogue import BACKBONES, SMALL_CNN, Backbone, find
from explorer.networks.download import fetch, weights_path
from explorer.networks.mlp import MLP
from explorer.networks.pretrained import Pretrained
from explorer.networks.small_cnn import SmallCNN
from explorer.networks.vit import ViT

NETWORKS: tuple[type[Network], ...] = (SmallCNN, MLP, ViT, Pretrained)

if TYPE_CHECKING:
    from explorer.networks.adapted import Adapt, Adapted, build
    from explorer.networks.weights import Fitted, fit, official, small_cnn_weights, weights_file

__all__ = [
    "BACKBONES",
    "BLANKS",
    "MLP",
    "NETWORKS",
    "SMALL_CNN",
    "WITH_WEIGHTS",
    "Adapt",
    "Adapted",
    "Backbone",
    "Blanks",
    "BranchPlace",
    "Fitted",
    "Network",
    "Pretrained",
    "SmallCNN",
    "ViT",
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
    if name in ("Adapt", "Adapted", "build"):
        from explorer.networks import adapted

        return getattr(adapted, name)
    if name in __all__:
        from explorer.networks import weights

        return getattr(weights, name)
    raise AttributeError(name)
