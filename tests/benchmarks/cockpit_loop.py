"""The bare loop under Cockpit. Imports what only the extra `bench` installs."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from importlib import metadata
from types import ModuleType, SimpleNamespace

from torch import Tensor, nn
from torch.optim import Optimizer

from explorer.data import ImageData
from explorer.recipe import Recipe

from .bare_loop import Backward, bare_loop, smoothing

if "pkg_resources" not in sys.modules:
    # Cockpit 1.0.2 asks it for its own version; setuptools 82 has dropped it.
    stand_in = ModuleType("pkg_resources")
    stand_in.DistributionNotFound = metadata.PackageNotFoundError  # type: ignore[attr-defined]
    stand_in.get_distribution = lambda name: SimpleNamespace(version=metadata.version(f"{name}-for-pytorch"))  # type: ignore[attr-defined]
    sys.modules["pkg_resources"] = stand_in

from backpack import extend
from cockpit import Cockpit
from cockpit.utils.configuration import configuration


def cockpit_loop(recipe: Recipe, data: ImageData) -> Iterator[int]:
    """Images of each epoch of the bare loop with Cockpit's "economy" quantities at every step, kept in memory."""

    def watched(model: nn.Module, optimizer: Optimizer) -> Backward:
        extend(model)
        cockpit = Cockpit(model.parameters(), quantities=configuration("economy"))
        losses_of = nn.CrossEntropyLoss(reduction="none", label_smoothing=smoothing(recipe))

        def backward(model: nn.Module, images: Tensor, labels: Tensor, step: int) -> None:
            losses = losses_of(model(images), labels)
            loss = losses.mean()
            info = {"batch_size": len(labels), "individual_losses": losses, "loss": loss, "optimizer": optimizer}
            with cockpit(step, info=info):
                loss.backward(create_graph=cockpit.create_graph(step))

        return backward

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch deprecates what BackPACK calls
        yield from bare_loop(recipe, data, watched)
