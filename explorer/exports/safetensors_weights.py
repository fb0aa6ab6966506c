"""The best weights of a run as safetensors: a file that cannot carry code, read by other frameworks, too."""

from __future__ import annotations

import json
from collections.abc import Iterator

from explorer.exports.base import Export, StoredRun, no_checkpoint
from explorer.i18n import N_
from explorer.training.checkpoint_path import best_checkpoint


def files(run: StoredRun) -> Iterator[tuple[str, bytes]]:
    """weights.safetensors: those of best.pt, or of last.pt where there is no best; recipe and classes as metadata."""
    from safetensors.torch import save

    from explorer.training import checkpoint

    path = best_checkpoint(run.folder)
    if path is None:
        raise no_checkpoint(run, "safetensors")
    content = checkpoint.read(path)
    metadata = {"recipe": str(content.get("recipe", "")), "classes": json.dumps(content.get("classes", []))}
    weights = {name: tensor.contiguous() for name, tensor in content["model"].items()}
    yield "weights.safetensors", save(weights, metadata)


EXPORT = Export("safetensors", N_("The best weights, for other frameworks"), files)
