"""Checkpoints: tensors and plain values only, written whole or not at all, never unpickled."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from explorer.errors import InputError
from explorer.i18n import _

FORMAT = 1


def write(paths: Sequence[Path], content: dict[str, Any]) -> None:
    """Write `content` beside each path, flush it to the disk, rename: a kill leaves the old file or the new one."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **content}, buffer)
    for path in paths:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(buffer.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def read(path: Path) -> dict[str, Any]:
    """What `write` wrote, on the CPU. Raises InputError that names the file; nothing in it is ever executed."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(_("There is no checkpoint {path}. Check the path.").format(path=path)) from None
    except Exception as error:  # torch raises half a dozen types for files that are cut off, foreign or hostile
        raise InputError(
            _(
                "{path} is not a checkpoint that can be read safely: it is damaged, or holds more than tensors and "
                "plain values ({error}). Use another checkpoint of the run."
            ).format(path=path, error=str(error).split("\n")[0][:120])
        ) from None
    if not isinstance(content, dict) or "model" not in content:
        raise InputError(
            _('{path} holds no network under the key "model". Use a checkpoint of a run.').format(path=path)
        )
    return content
