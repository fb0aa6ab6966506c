"""The best network of a run as ONNX, for onnxruntime and all that builds on it: phones, browsers, other languages."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from collections.abc import Iterator

from explorer.exports.base import Export, StoredRun, best_network, package
from explorer.i18n import N_


def files(run: StoredRun) -> Iterator[tuple[str, bytes]]:
    """network.onnx: "images" float32 (batch, C, H, W) in [0, 1] → "logits" (batch, classes), any batch; standardizing
    is inside, classes are in the metadata. Raises InputError where onnx or onnxscript is not installed.
    """
    with package(EXPORT.name, "onnx", "onnxscript"):
        import onnx
        import onnxscript  # noqa: F401
    import torch

    model, images = best_network(run, EXPORT.name)
    # It prints how far it is, and warns of its own deprecated parts.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model,
            (images,),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            input_names=["images"],
            output_names=["logits"],
            verbose=False,
        )
    assert program is not None
    written = program.model_proto
    classes = run.record.started.classes if run.record.started else ()
    onnx.helper.set_model_props(written, {"classes": json.dumps(classes), "recipe": json.dumps(run.record.recipe)})
    yield "network.onnx", written.SerializeToString()


EXPORT = Export("onnx", N_("The best network as ONNX, for onnxruntime and other languages"), files)
