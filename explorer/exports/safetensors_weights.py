"""The best weights of a run as safetensors: a file that cannot carry code, read by other frameworks, too."""

from __future__ import annotations

import json
from collections.abc import Iterator

from explorer.exports.base import Export, StoredRun, no_checkpoint
from explorer.i18n import N_
from explorer.training.checkpoint_path import best_checkpoint


def files(run: StoredRun) -> Iterator[tuple[str, bytes]]:
    """weights.safetensors: those of best.pt, or of last.pt where there is no best; as metadata the recipe, classes,
    size and channels, by which explorer.load_network reads it.
    """
    from safetensors.torch import save

    from explorer.training import checkpoint

    path = best_checkpoint(run.folder)
    if path is None:
        raise no_checkpoint(run, "safetensors")
    content = checkpoint.read(path)
    about = {key: content[key] for key in ("classes", "size", "channels", "bits", "ordered") if key in content}
    metadata = {"recipe": str(content.get("recipe", ""))} | {key: json.dumps(value) for key, value in about.items()}
    weights = {name: tensor.contiguous() for name, tensor in content["model"].items()}
    yield "weights.safetensors", save(weights, metadata)


EXPORT = Export("safetensors", N_("The best weights, for other frameworks"), files)
