"""The one door to torchvision, whose import dies beside a CPU-only torch unless two operators are declared first.

The registry's Linux torchvision is linked against CUDA, so its compiled operators do not load there: "operator
torchvision::nms does not exist". Their schemas are all that the import asks for; classification needs no more.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

_libraries: list[torch.library.Library] = []  # a Library takes its operators along when it is collected


def models() -> Any:
    """The module torchvision.models."""
    prepare()
    return importlib.import_module("torchvision.models")


def prepare() -> None:
    """Make `import torchvision` work. Lightning imports it, too: call this before either."""
    spec = find_spec("torchvision")
    if spec is not None and spec.origin is not None and not hasattr(torch.ops.torchvision, "nms"):
        declare(Path(spec.origin).parent)


def declare(package: Path) -> bool:
    """Declare the operators if those compiled in `package` cannot be loaded; whether that was needed."""
    if _loads(package):
        return False
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
    _libraries.append(library)
    return True


def _loads(package: Path) -> bool:
    compiled = [*package.glob("_C*.so"), *package.glob("_C*.pyd")]
    try:
        for path in compiled:
            torch.ops.load_library(path)  # type: ignore[no-untyped-call]
    except OSError:
        return False
    return bool(compiled)
