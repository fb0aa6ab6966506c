"""Checkpoints: tensors and plain values only, written whole or not at all, never unpickled."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from explorer import files
from explorer.errors import InputError
from explorer.i18n import Message
from explorer.networks.weights import why_unreadable

FORMAT = 1


def write(paths: Sequence[Path], content: dict[str, Any]) -> None:
    """Write `content` at each path, whole or not at all. Raises OSError."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **content}, buffer)
    for path in paths:
        files.write(path, buffer.getbuffer())


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote, on the CPU. Raises InputError that names the file; nothing in it is ever executed."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(Message("There is no checkpoint {path}. Check the path.", path=path)) from None
    except Exception as error:  # torch raises half a dozen types for files that are cut off, foreign or hostile
        raise InputError(
            Message(
                "{path} cannot be read as a checkpoint: {reason}. Use another checkpoint of the run.",
                path=path,
                reason=why_unreadable(error),
            )
        ) from None
    if not isinstance(content, dict) or "model" not in content:
        raise InputError(
            Message('{path} holds no network under the key "model". Use a checkpoint of a run.', path=path)
        )
    return content


def threads(content: dict[str, Any]) -> int | None:
    """How many threads its run had; None if it does not say."""
    number = content.get("threads")
    return number if isinstance(number, int) and 1 <= number <= 256 else None


def best_beside(path: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The best checkpoint of the run of which `path` holds `content`; empty if it cannot be had."""
    try:
        best = read(path.with_name("best.pt"))
        epoch, loss = content.get("best", (0, math.inf))
        same_run = best.get("losses") == content.get("losses", [])[:epoch]
        return best if same_run and math.isfinite(loss) else {}  # infinite: the network has been rebuilt since
    except (InputError, TypeError, ValueError):
        return {}
