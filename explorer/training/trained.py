"""A network that has been trained, as a checkpoint keeps it: ready to answer, and knowing what it must be shown."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn

from explorer.data import DataSpec, sources
from explorer.data.view import View
from explorer.errors import InputError
from explorer.i18n import N_, Message
from explorer.networks.weights import is_safetensors, weights_file
from explorer.recipe import Recipe
from explorer.training import checkpoint
from explorer.training.checkpoint_path import best_checkpoint
from explorer.training.model import Standardize, build

LARGEST, MOST_CLASSES = 4096, 100_000
"""Pixels along a side and classes, beyond which a file is damaged or hostile: it could claim any amount of memory."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A network in evaluation mode that nothing learns any more: images (B, C, H, W) in [0, 1] → logits."""

    model: nn.Module
    recipe: Recipe
    """Under which it was written, with all that was changed while its run went on."""
    classes: tuple[str, ...]
    facts: DataSpec
    path: Path
    """Of the checkpoint."""

    @property
    def view(self) -> View:
        """How a picture becomes what it takes: as those became that it learned from."""
        return View(self.facts.size, self.recipe.data.fit, self.facts.channels == 3, self.facts.bits)


def load_network(path: Path | str) -> nn.Module:
    """The best network of a run: its folder, a checkpoint, or weights.safetensors as exported → a module for images
    (B, C, H, W) in [0, 1].

    It is in evaluation mode, on the CPU, and standardizes images by itself. Its `classes` are the names of the logits,
    `facts` has the size and channels of the images. Nothing in the file is executed. Raises InputError.
    """
    trained = load_trained(Path(path).expanduser())
    trained.model.classes, trained.model.facts = trained.classes, trained.facts  # type: ignore[assignment]
    return trained.model


def load_trained(path: Path) -> Trained:
    """The best network of a run with all that is known of it, from its folder or a checkpoint. Raises InputError."""
    file = path if path.is_file() else best_checkpoint(path)
    if file is None:
        text = N_("There is no run and no checkpoint {path}, or the run has no checkpoint yet. Check the path.")
        raise InputError(Message(text, path=path))
    content = _exported(file) if is_safetensors(file) else checkpoint.read(file)
    if not isinstance(content.get("recipe"), str):
        text = N_("{path} does not say which network it holds. Choose a checkpoint of a run.")
        raise InputError(Message(text, path=file))
    recipe = Recipe.from_json(content["recipe"], str(file))
    classes = content.get("classes")
    if not (
        isinstance(classes, list)
        and 1 < len(classes) <= MOST_CLASSES
        and all(isinstance(name, str) for name in classes)
    ):
        text = N_("{path} does not say which classes its network knows. Choose a checkpoint of a run.")
        raise InputError(Message(text, path=file))
    facts = _facts(content, recipe, file)
    return Trained(built(content, recipe, facts, file), recipe, tuple(classes), facts, file)


def _exported(path: Path) -> dict[str, Any]:
    """What safetensors hold, as a checkpoint does: weights, and of the header the recipe and what else is known."""
    weights = weights_file(path)  # says what is wrong with the file
    with safe_open(path, "pt") as file:
        about = dict(file.metadata() or {})
    content: dict[str, Any] = {"model": weights, "recipe": about.pop("recipe", None)}
    for key, text in about.items():
        with suppress(ValueError, RecursionError):  # as if it were not there
            content.setdefault(key, json.loads(text))
    return content


def built(content: dict[str, Any], recipe: Recipe, facts: DataSpec, path: Path) -> nn.Module:
    """The network that `path` holds as `content`, for images and classes as in `facts`. Raises InputError."""
    standardize = Standardize(torch.zeros(facts.channels), torch.ones(facts.channels))  # its own come with its weights
    model = build(recipe, facts, standardize, torch.Generator(), started=False)
    try:
        model.load_state_dict(content["model"])
        finite = all(bool(tensor.isfinite().all()) for tensor in model.state_dict().values())
    except (RuntimeError, KeyError, AttributeError, TypeError) as error:
        text = N_("The network in {path} does not fit these images: {error}. Choose a run on images like these.")
        raise InputError(Message(text, path=path, error=" ".join(str(error).split())[:300])) from None
    if not finite:
        raise InputError(Message(N_("The network in {path} has diverged. Choose another run."), path=path))
    return model.to(memory_format=torch.channels_last).eval().requires_grad_(False)  # type: ignore[call-overload, no-any-return]


def _facts(content: dict[str, Any], recipe: Recipe, path: Path) -> DataSpec:
    """Of the images that it learned from. Runs of earlier versions do not say all of it. Raises InputError."""
    named = next((source for source in sources() if source.name == recipe.data.name), None)
    channels, size = named.shape[:2] if named else ((3 if recipe.data.colour else 1), recipe.data.size)
    mean = content["model"].get("input.mean") if isinstance(content["model"], dict) else None
    if isinstance(mean, torch.Tensor) and mean.ndim == 4:
        channels = mean.shape[1]
    channels, size = content.get("channels", channels), content.get("size", size)
    ordered = bool(content.get("ordered", named.ordered if named else False))
    bits = content.get("bits", DataSpec.bits)
    if not isinstance(bits, int) or not 8 <= bits <= 16:
        bits = DataSpec.bits
    if channels not in (1, 3) or not isinstance(size, int) or not 1 <= size <= LARGEST:
        text = N_("{path} does not say which images its network takes. Choose a checkpoint of a run.")
        raise InputError(Message(text, path=path))
    return DataSpec(len(content["classes"]), ordered, channels, size, bits)
