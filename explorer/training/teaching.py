"""Networks of earlier runs that answer in each step, for techniques that learn from them."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from explorer.data import ImageData
from explorer.errors import InputError
from explorer.i18n import N_, Message
from explorer.recipe import Recipe
from explorer.techniques import Technique
from explorer.training import checkpoint
from explorer.training.checkpoint_path import best_checkpoint
from explorer.training.trained import built


class Teachers:
    """The networks that the techniques of a recipe learn from, on a device; each is read once."""

    def __init__(self, recipe: Recipe, data: ImageData, device: torch.device, known: Teachers | None = None) -> None:
        """Take from `known` what is there already. Raises InputError if a network cannot be had, or does not fit."""
        there: dict[str, nn.Module] = known.networks if known else {}
        self.techniques = tuple(technique for technique in recipe.techniques if technique.acts_in("objective"))
        self.networks: dict[str, nn.Module] = {
            technique.asks: there.get(technique.asks) or network(technique, data).to(device)
            for technique in self.techniques
        }

    def objective(self, loss: Tensor, logits: Tensor, images: Tensor) -> Tensor:
        """What is optimised where the targets alone give `loss`: `logits` (B, classes) are the answers to `images`."""
        for technique in self.techniques:
            with torch.no_grad():
                answers = self.networks[technique.asks](images)
            loss = technique.objective(loss, logits, answers)
        return loss


def network(technique: Technique, data: ImageData) -> nn.Module:
    """The network in the run folder or checkpoint that `technique` asks for, ready to answer. Raises InputError."""
    path = _file(technique)
    content = checkpoint.read(path)
    if content.get("classes") != list(data.classes):
        text = N_(
            "The teacher {path} knows other classes. Choose a run on the same classes, or the images of that run."
        )
        raise InputError(Message(text, path=path))
    size, theirs = data.spec.size, content.get("size", data.spec.size)  # format 1 does not say
    if theirs != size:
        text = N_(
            "The teacher {path} has learned from images of {theirs} pixels, these have {ours}. Choose another run."
        )
        raise InputError(Message(text, path=path, theirs=theirs, ours=size))
    recipe = content.get("recipe")
    if not isinstance(recipe, str):
        text = N_("{path} does not say which network it holds. Choose a checkpoint of a run.")
        raise InputError(Message(text, path=path))
    return built(content, Recipe.from_json(recipe, str(path)), data.spec, path)


def _file(technique: Technique) -> Path:
    """The checkpoint that `technique` asks for: of a run the best one. Raises InputError where there is none."""
    if not technique.asks:
        text = N_("{technique} needs a teacher. Give the folder of an earlier run, or switch it off.")
        raise InputError(Message(text, technique=Message(technique.title)))
    path = Path(technique.asks).expanduser()
    if path.is_file():
        return path
    if best := best_checkpoint(path):
        return best
    text = N_(
        "There is no run and no checkpoint {path} to learn from. Give the folder of an earlier run as the teacher."
    )
    raise InputError(Message(text, path=path))
