"""The script of a stored run, and what it reads: the images, start weights that were learned before, a teacher."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from explorer.events import RecipeChanged
from explorer.exports.base import StoredRun
from explorer.exports.script.assemble import Facts, script
from explorer.exports.script.notebook import notebook
from explorer.i18n import _
from explorer.recipe import Recipe, parse
from explorer.techniques import Distillation, Transfer

if TYPE_CHECKING:
    from explorer.data import ImageData


def files(run: StoredRun) -> Iterator[tuple[str, bytes]]:
    """script.py, the same as script.ipynb, and what lies beside them. Raises InputError."""
    from explorer.data import load

    recipe = parse(run.record.recipe)
    data = load(recipe.data, recipe.seed)
    text = script(recipe, _facts(run, data))
    yield "script.py", text.encode()
    yield "script.ipynb", notebook(text).encode()
    yield from needed(recipe, data)


def _facts(run: StoredRun, data: ImageData) -> Facts:
    """Of a stored run and its images."""
    notes = []
    if run.record.all(RecipeChanged):
        notes.append(_("The run was changed while it went; the script trains as it was at its end, from the start."))
    started = run.record.started
    return Facts(started.threads if started else 0, data.mirrors, tuple(notes))


def needed(recipe: Recipe, data: ImageData) -> Iterator[tuple[str, bytes]]:
    """What the script of `recipe` reads: images.npz, and where a technique asks for it start.pt and teacher.pt2."""
    import numpy as np

    arrays = {
        f"{name}_{what}": tensor.numpy()
        for name, split in (("train", data.training), ("validation", data.validation), ("test", data.test))
        for what, tensor in zip(("images", "labels"), split, strict=True)
    }
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, classes=np.array(data.classes), **arrays)
    yield "images.npz", content.getvalue()
    if (transfer := recipe.technique(Transfer)) and transfer.starts_learned:
        yield "start.pt", _start(recipe, data)
    if teacher := recipe.technique(Distillation):
        yield "teacher.pt2", _teacher(teacher, data)


def _start(recipe: Recipe, data: ImageData) -> bytes:
    """The weights from which a run of `recipe` starts."""
    import torch

    from explorer.training.model import Standardize, build
    from explorer.training.pixels import mean_and_std

    for _done in (step for technique in recipe.techniques for step in technique.fetch(recipe.network)):
        pass
    model = build(recipe, data.spec, Standardize(*mean_and_std(data.training.images)), torch.Generator())
    return _saved(model.state_dict())


def _saved(content: dict[str, Any]) -> bytes:
    import torch

    written = io.BytesIO()
    torch.save(content, written)
    return written.getvalue()


def _teacher(technique: Distillation, data: ImageData) -> bytes:
    """Its network as an exported program, which needs none of its code."""
    import torch

    from explorer.training.teaching import network

    spec, written = data.spec, io.BytesIO()
    images = torch.rand((2, spec.channels, spec.size, spec.size)).to(memory_format=torch.channels_last)
    with torch.no_grad():
        program = torch.export.export(
            network(technique, data), (images,), dynamic_shapes=({0: torch.export.Dim("batch")},)
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tensors that share memory, where all is on the CPU anyway
        torch.export.save(program, written)
    return written.getvalue()
