"""The best network of a run as torch.export has it: torch.export.load, AOTInductor and ExecuTorch run it without us."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator

from explorer.exports.base import Export, StoredRun, best_network
from explorer.i18n import N_


def files(run: StoredRun) -> Iterator[tuple[str, bytes]]:
    """network.pt2: images float32 (batch, C, H, W) in [0, 1] → logits (batch, classes), any batch; its extra file
    "about.json" has the classes and the recipe.
    """
    import torch

    model, images = best_network(run, EXPORT.name)
    with torch.no_grad():
        program = torch.export.export(model, (images,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    about = {"classes": run.record.started.classes if run.record.started else (), "recipe": run.record.recipe}
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tensors that share memory, where all is on the CPU anyway
        torch.export.save(program, content, extra_files={"about.json": json.dumps(about)})
    yield "network.pt2", content.getvalue()


EXPORT = Export("pt2", N_("The best network by torch.export, to run without this program"), files)
