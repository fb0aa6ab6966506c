"""Panels to files and to the clipboard: pictures for slides and papers, numbers for spreadsheets."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox

from explorer import files
from explorer.errors import InputError
from explorer.gui.charts.panel import Panel
from explorer.gui.charts.picture import pdf, picture, svg
from explorer.gui.export.dialog import ExportDialog, ExportOptions, remembered
from explorer.gui.theme import LIGHT, Palette
from explorer.i18n import Message, _

LAYOUT_HEIGHT = 450
"""A picture is laid out about so high and then enlarged, so that its text can be read from the last row."""
LONGEST_NAME = 80
ENDINGS = (".png", ".svg", ".pdf", ".csv")


def export_panel(
    panel: Panel, path: Path | str, width: int = 1600, height: int = 900, scale: float = 1.0, palette: Palette = LIGHT
) -> Path:
    """Write what `panel` draws to `path`: a picture of `width` × `height` pixels times `scale`, or the numbers.

    The ending decides: one of ENDINGS. Raises InputError that names the path.
    """
    path = Path(path)
    match path.suffix.lower():
        case ".png":
            data = _png(panel, round(width * scale), round(height * scale), palette)
        case ".svg" | ".pdf" as ending:
            zoom = _zoom(height)
            drawn = svg if ending == ".svg" else pdf
            data = drawn(panel, math.ceil(width / zoom), math.ceil(height / zoom), zoom, palette)
        case ".csv":
            panel.have_body()
            data = to_csv(*panel.table())
        case ending:
            raise InputError(
                Message(
                    "{path}: the ending {ending!r} says no known format. Use one of {allowed}.",
                    path=path,
                    ending=ending,
                    allowed=", ".join(ENDINGS),
                )
            )
    return write(path, data)


def copy_to_clipboard(panel: Panel, options: ExportOptions | None = None) -> None:
    """Put the picture on the clipboard, as `options` say or as the last one was made."""
    options = options or remembered.options
    image = _image(panel, *options.pixels, options.palette)
    image.setDevicePixelRatio(1)
    QGuiApplication.clipboard().setImage(image)


def serve(panel: Panel, wanted: str) -> None:
    """Do what the menu of `panel` was asked for: png, svg, pdf, csv or copy."""
    if wanted == "copy":
        copy_to_clipboard(panel)
    else:
        save_as(panel, wanted)


def save_as(panel: Panel, ending: str) -> None:
    """Ask how large a picture is wanted and where, write `panel` there, and say what went wrong if it did."""
    if ending != "csv":
        dialog = ExportDialog(panel, ending)
        dialog.exec()
        options, copied = dialog.chosen, dialog.copied
        dialog.deleteLater()
        if options is None:
            return
        remembered.options = options
        if copied:
            copy_to_clipboard(panel)
            return
    title = _("Save {panel}").format(panel=_(panel.title))
    start = str(remembered.folder / suggested_name(panel, ending))
    place, _filter = QFileDialog.getSaveFileName(panel, title, start, f"{ending.upper()} (*.{ending})")
    if not place:
        return
    path = Path(place)
    if path.suffix.lower() not in ENDINGS:
        path = path.with_name(f"{path.name}.{ending}")
        question = _("{path} is there already. Write over it?").format(path=path)  # the dialog asked of another name
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        if path.exists() and QMessageBox.question(panel, title, question, yes | no, no) != yes:
            return
    remembered.folder = path.parent
    size = remembered.options
    try:
        export_panel(panel, path, size.width, size.height, size.scale, size.palette)
    except InputError as error:
        QMessageBox.warning(panel, _("Not saved"), str(error))


def suggested_name(panel: Panel, ending: str) -> str:
    """A file name from the run and the panel: "This-run-loss.png"."""
    run = panel.runs[0].label if panel.runs else ""
    words = re.sub(r"[^\w.+=-]+", "-", run, flags=re.UNICODE).strip("-.")
    return f"{words[:LONGEST_NAME]}-{panel.name}.{ending}" if words else f"{panel.name}.{ending}"


def to_csv(header: Sequence[str], rows: Sequence[Sequence[float | str]]) -> bytes:
    """UTF-8 text; numbers have all the digits that they need to come back the same."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell if isinstance(cell, str) else repr(float(cell)) for cell in row] for row in rows)
    return text.getvalue().encode()


def _png(panel: Panel, width: int, height: int, palette: Palette) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    _image(panel, width, height, palette).save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _image(panel: Panel, width: int, height: int, palette: Palette) -> QImage:
    zoom = _zoom(height)
    return picture(panel, math.ceil(width / zoom), math.ceil(height / zoom), zoom, palette).copy(0, 0, width, height)


def _zoom(height: int) -> int:
    return max(1, round(height / LAYOUT_HEIGHT))


def write(path: Path, data: bytes) -> Path:
    """Write `data` whole, or nothing; `path`. Raises InputError that names it."""
    try:
        files.write(path, data)
    except OSError as error:
        raise unwritable(path, error) from None
    return path


def unwritable(path: Path, error: OSError) -> InputError:
    """What to say when nothing can be written at `path`."""
    return InputError(
        Message("{path} cannot be written: {error}. Choose another place.", path=path, error=error.strerror or error)
    )
