"""A panel as a picture: a hidden twin is drawn, so that what is on screen keeps its size, colours and zoom."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPoint, QRect, QSize, QSizeF
from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from explorer.gui.charts.panel import Panel
from explorer.gui.charts.plot import MOST_WIDE_IN_PICTURES
from explorer.gui.theme import LIGHT, Palette
from explorer.i18n import _


def picture(panel: Panel, width: int, height: int, scale: float = 1.0, palette: Palette = LIGHT) -> QImage:
    """The panel without its buttons, laid out on `width` × `height` and drawn `scale` times as large."""
    twin = _drawn_twin(panel, width, height, scale, palette)
    image = QImage(QSize(width, height) * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(palette.background)
    twin.render(image)
    return image


def svg(panel: Panel, width: int, height: int, scale: float = 1.0, palette: Palette = LIGHT) -> bytes:
    """The same as SVG; text stays text."""
    twin, buffer, generator = _drawn_twin(panel, width, height, scale, palette), QBuffer(), QSvgGenerator()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(width, height) * scale)
    generator.setViewBox(QRect(0, 0, width, height))
    generator.setResolution(round(panel.logicalDpiX()))  # else text comes out smaller than it was laid out
    generator.setTitle(_(panel.title))
    painter = QPainter(generator)
    painter.fillRect(0, 0, width, height, palette.background)
    twin.render(painter, QPoint())
    painter.end()
    return bytes(buffer.data().data())


def pdf(panel: Panel, width: int, height: int, scale: float = 1.0, palette: Palette = LIGHT) -> bytes:
    """The same as one page of PDF, with its fonts inside."""
    twin, buffer = _drawn_twin(panel, width, height, scale, palette), QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer, per_inch = QPdfWriter(buffer), round(panel.logicalDpiX())
    writer.setResolution(per_inch)  # a unit is a pixel, so that text is as large as it was laid out
    writer.setPageSize(QPageSize(QSizeF(width, height) * (scale / per_inch), QPageSize.Unit.Inch))
    writer.setPageMargins(QMarginsF())
    writer.setTitle(_(panel.title))
    painter = QPainter(writer)
    painter.scale(scale, scale)
    painter.fillRect(0, 0, width, height, palette.background)
    twin.render(painter, QPoint())
    painter.end()
    return bytes(buffer.data().data())


def _drawn_twin(panel: Panel, width: int, height: int, scale: float, palette: Palette) -> Panel:
    panel.have_body()
    if panel.twin is None:
        panel.twin = type(panel)(panel)
        panel.twin.exporting = True
    twin = panel.twin
    for plot in twin.plots:
        plot.most_wide, plot.picture_scale = MOST_WIDE_IN_PICTURES, scale
    twin.hide()
    twin.header.hide_buttons()
    twin.show_runs(panel.runs)
    twin.show_band(panel.band)
    twin.show_preview(panel.preview, panel.targets, panel._problem)
    twin.restyle(palette)
    twin.retranslate()  # it may be from before a change of language
    twin.resize(width, height)
    twin.header.choose_as(panel.header)
    for ours, theirs in zip(twin.plots, panel.plots, strict=True):
        ours.show_whole(theirs.whole)
        ours.copy_zoom(theirs)
    twin.refresh()
    twin.header.say_choices()
    return twin
