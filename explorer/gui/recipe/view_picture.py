"""Shows what becomes of a few pictures: whole, with what is cut off dimmed, and below as the network will get them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.data.glance import SHOWN, Glance
from explorer.data.view import View
from explorer.i18n import _

SIDE, GAP = 64, 6
DIMMED = 0.65
"""Share by which what is cut off is darkened."""


class ViewPicture(QWidget):
    """Pairs side by side: above the file, below what is seen of it."""

    def __init__(self) -> None:
        super().__init__()
        self._glance: Glance | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_glance(self, glance: Glance | None) -> None:
        """Show `glance`; nothing where there is none."""
        self._glance = glance
        self.setVisible(bool(glance and glance.shots))
        text = lost(glance) if glance else ""
        self.setAccessibleName(_("Pictures as they are in the files, and below as the network gets them"))
        self.setAccessibleDescription(text)
        self.setToolTip(self.accessibleName())
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(SHOWN * SIDE + (SHOWN - 1) * GAP, 2 * SIDE + GAP)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        if self._glance is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side = min(SIDE, (self.width() - (SHOWN - 1) * GAP) / SHOWN)
        for n, shot in enumerate(self._glance.shots):
            left = n * (side + GAP)
            height, width = shot.whole.shape[:2]
            scale = side / max(width, height)
            whole = QRectF(
                left + (side - width * scale) / 2, (side - height * scale) / 2, width * scale, height * scale
            )
            painter.drawImage(whole, image(shot.whole))
            self._frame(painter, whole, self._glance.view)
            below = QRectF(left, side + GAP, side, side)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._glance.view.size > side)
            painter.drawImage(below, image(shot.seen))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.end()

    def _frame(self, painter: QPainter, whole: QRectF, view: View) -> None:
        """Dim what is cut off, and draw a frame round what is kept."""
        kept = QRectF(whole)
        if view.fit == "crop":
            short = min(whole.width(), whole.height())
            kept = QRectF(whole.center().x() - short / 2, whole.center().y() - short / 2, short, short)
            dim = QColor(self.palette().window().color())
            dim.setAlphaF(DIMMED)
            for part in (
                QRectF(whole.left(), whole.top(), kept.left() - whole.left(), whole.height()),
                QRectF(kept.right(), whole.top(), whole.right() - kept.right(), whole.height()),
                QRectF(whole.left(), whole.top(), whole.width(), kept.top() - whole.top()),
                QRectF(whole.left(), kept.bottom(), whole.width(), whole.bottom() - kept.bottom()),
            ):
                painter.fillRect(part, dim)
        painter.setPen(QPen(self.palette().highlight().color(), 1))
        painter.drawRect(kept.adjusted(0.5, 0.5, -0.5, -0.5))


def lost(glance: Glance) -> str:
    """What is lost, in a line or two."""
    about = glance.loss
    words = []
    if about.cut >= 0.005:
        words.append(_("{share:.0f} % of the area is cut off.").format(share=100 * about.cut))
    if about.bars >= 0.005:
        words.append(_("{share:.0f} % of each picture is black bars.").format(share=100 * about.bars))
    if about.stretched >= 1.005:
        words.append(_("Stretched {times:.2f} times.").format(times=about.stretched))
    words.append(_("Of the files' pixels {share:.0f} % are lost.").format(share=100 * about.lost))
    if glance.enlarged:
        text = _("{share:.0f} % of the pictures are smaller than this, and enlarged.")
        words.append(text.format(share=100 * glance.enlarged))
    return " ".join(words)


def image(pixels: NDArray[np.uint8]) -> QImage:
    """(H, W, 3) as Qt draws it."""
    held = np.ascontiguousarray(pixels)
    height, width = held.shape[:2]
    return QImage(held.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
