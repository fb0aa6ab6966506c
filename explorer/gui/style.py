"""The few rules that Qt's palette cannot express: secondary text, marks, problems, headings, the banner."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from explorer.gui.theme import Palette

OUTLINED = ("QCheckBox", "QRadioButton", "QAbstractSpinBox", "QLineEdit", "QProgressBar", "QTreeWidget", "QListWidget")
OUTLINE = 0.7
"""Share of the secondary text's colour in the frames of boxes on a dark window."""


def style_sheet(palette: Palette) -> str:
    """For the whole window."""
    paper = palette.mixed(palette.warning, 0.12).name()
    line = palette.mixed(palette.muted, 0.4).name()
    return f"""
        QLabel#heading {{ font-weight: bold; font-size: 11pt; color: {palette.foreground}; margin-top: 6px; }}
        QLabel#lesson {{ font-weight: bold; font-size: 14pt; color: {palette.foreground}; }}
        QLabel#muted {{ color: {palette.muted}; }}
        QLabel#mark {{ color: {palette.accent}; }}
        QLabel#problem {{ color: {palette.warning}; }}
        QFrame#card {{ border: 1px solid {line}; border-radius: 4px; background: {palette.background}; }}
        QFrame#banner {{ background: {paper}; border-top: 2px solid {palette.warning}; }}
        QFrame#banner QLabel {{ color: {palette.foreground}; }}
    """


def outline_boxes(palette: Palette) -> None:
    """Fusion draws the frame of a box in a darkened window colour, which cannot be seen on a dark window."""
    boxes = palette.qt()
    if palette.dark:
        boxes.setColor(QPalette.ColorRole.Window, palette.mixed(palette.muted, OUTLINE))
    for kind in OUTLINED:
        QApplication.setPalette(boxes, kind)  # type: ignore[arg-type]  # the stub says bytes, PySide takes str
