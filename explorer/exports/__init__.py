"""A run as files for other programs. Adding a format: its file, and its line here.

May use training and runs; knows no Qt.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from explorer import files
from explorer.errors import InputError
from explorer.exports import (
    checkpoints,
    csv_tables,
    exported_program,
    onnx_model,
    parquet_tables,
    safetensors_weights,
    script,
    tensorboard_events,
)
from explorer.exports.base import Export, StoredRun
from explorer.i18n import N_, Message

EXPORTS: tuple[Export, ...] = (
    csv_tables.EXPORT,
    parquet_tables.EXPORT,
    checkpoints.EXPORT,
    safetensors_weights.EXPORT,
    onnx_model.EXPORT,
    exported_program.EXPORT,
    tensorboard_events.EXPORT,
    script.EXPORT,
)
PICTURES = {
    "png": N_("Every panel as a picture, and the window"),
    "svg": N_("Every panel as a drawing, for papers and slides"),
    "pdf": N_("Every panel as a page, for LaTeX"),
    "report": N_("One page of everything, as HTML and PDF, for handing in"),
    "gif": N_("Every panel as it came about, epoch by epoch, for slides"),
}
"""Formats that are drawn by the window: see gui/export."""


def export(run: StoredRun, target: Path, formats: Iterable[str]) -> list[Path]:
    """Write `run` in each of `formats`, names of EXPORTS, into the folder `target`; the files written.

    Raises InputError if the run lacks what a format needs, or `target` cannot be written.
    """
    wanted, written = set(formats), []
    for kind in EXPORTS:
        for name, content in kind.files(run) if kind.name in wanted else ():
            written.append(target / name)
            try:
                target.mkdir(parents=True, exist_ok=True)
                files.write(written[-1], content)
            except OSError as error:
                raise InputError(
                    Message(
                        "{folder} cannot be written: {error}. Choose another folder with --to.",
                        folder=target,
                        error=error,
                    )
                ) from None
    return written


__all__ = ["EXPORTS", "PICTURES", "Export", "StoredRun", "export"]
