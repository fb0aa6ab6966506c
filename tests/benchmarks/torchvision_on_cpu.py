"""Lets `import torchvision` work beside a CPU-only torch; Lightning imports it, too. Import this before either.

The registry's Linux torchvision is linked against CUDA, so its compiled operators do not load there, and the import
dies with "operator torchvision::nms does not exist". Their schemas are all that the import asks for.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch

_libraries: list[torch.library.Library] = []  # a Library takes its operators along when it is collected


def _loads(package: Path) -> bool:
    try:
        for compiled in (*package.glob("_C*.so"), *package.glob("_C*.pyd")):
            torch.ops.load_library(compiled)
    except OSError:
        return False
    return True


def prepare() -> None:
    """Declare the operators, where there are none."""
    spec = find_spec("torchvision")
    if spec is None or spec.origin is None or hasattr(torch.ops.torchvision, "nms") or _loads(Path(spec.origin).parent):
        return
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _libraries.append(library)


prepare()
