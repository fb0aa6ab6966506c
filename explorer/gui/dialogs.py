"""What File does: ask for a place, read or write there. Each raises InputError with the remedy."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFile
from PySide6.QtWidgets import QFileDialog, QWidget

from explorer import files
from explorer.errors import InputError
from explorer.i18n import Message, _
from explorer.recipe import Recipe
from explorer.runs.names import file_name
from explorer.training.checkpoint_path import best_checkpoint

if TYPE_CHECKING:
    from explorer.exports import StoredRun


def open_recipe(parent: QWidget) -> Recipe | None:
    """The recipe that somebody chose, or None."""
    path, _filter = QFileDialog.getOpenFileName(parent, _("Open recipe"), "", _("Recipes (*.json)"))
    return Recipe.read(Path(path)) if path else None


def save_recipe(parent: QWidget, recipe: Recipe) -> Path | None:
    """Write `recipe` to where somebody chose."""
    path, _filter = QFileDialog.getSaveFileName(parent, _("Save recipe"), "recipe.json", _("Recipes (*.json)"))
    if not path:
        return None
    try:
        files.write(path, recipe.to_json())
    except OSError as error:
        raise _cannot_write(path, error) from None
    return Path(path)


def save_checkpoint(parent: QWidget, folder: Path, title: str) -> Path | None:
    """Copy the best weights of the run in `folder`, or the last ones where there are no best yet."""
    source = best_checkpoint(folder)
    if source is None:
        raise InputError(Message("This run has no checkpoint yet. One is written after each epoch."))
    suggested = f"{file_name(title)}-{source.name}"
    path, _filter = QFileDialog.getSaveFileName(parent, _("Save checkpoint"), suggested, _("Checkpoints (*.pt)"))
    if not path:
        return None
    try:
        files.copy(source, path)
    except OSError as error:
        raise _cannot_write(path, error) from None
    return Path(path)


def export_all(parent: QWidget, run: StoredRun, title: str) -> Path | None:
    """The run in the formats that somebody ticks, in a new folder, called after the run, where they choose."""
    from explorer.gui.export.run_dialog import RunExport

    dialog = RunExport(parent, run, title)
    dialog.exec()
    dialog.deleteLater()
    return dialog.written


def to_bin(folder: Path) -> bool:
    """Move the run in `folder` to the system's bin, if it has one for that place; whether it did."""
    return bool(QFile.moveToTrash(str(folder)))


def delete_run(folder: Path) -> None:
    """Delete the run in `folder` with all that is in it."""
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise InputError(
            Message(
                "{folder} cannot be deleted: {error}. Close what uses it, or check its permissions.",
                folder=folder,
                error=error.strerror or error,
            )
        ) from None


def _cannot_write(path: object, error: OSError) -> InputError:
    return InputError(
        Message("{path} cannot be written: {error}. Choose another place.", path=path, error=error.strerror or error)
    )
