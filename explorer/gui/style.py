"""The few rules that Qt's palette cannot express: secondary text, marks, problems, headings, the banner."""

from __future__ import annotations

from explorer.gui.theme import Palette


def style_sheet(palette: Palette) -> str:
    """For the whole window."""
    paper = palette.mixed(palette.warning, 0.12).name()
    return f"""
        QLabel#heading {{ font-weight: bold; font-size: 11pt; color: {palette.foreground}; margin-top: 6px; }}
        QLabel#muted {{ color: {palette.muted}; }}
        QLabel#mark {{ color: {palette.accent}; }}
        QLabel#problem {{ color: {palette.warning}; }}
        QFrame#banner {{ background: {paper}; border-top: 2px solid {palette.warning}; }}
        QFrame#banner QLabel {{ color: {palette.foreground}; }}
    """
