"""Colours, dashes and fonts: one light and one dark scheme, both readable without seeing red and green apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette, QPen
from PySide6.QtWidgets import QApplication

from explorer.resources import resource

Scheme = Literal["auto", "light", "dark"]
COLOUR_MAP = "viridis"
"""Of heat maps: even steps of lightness, the same to colour-blind eyes and in grey print."""

DASHES: tuple[tuple[float, ...], ...] = (
    (), (7, 3), (2, 3), (10, 3, 2, 3), (4, 4), (14, 4), (7, 3, 2, 3, 2, 3), (2, 6),
)  # fmt: skip
"""Pattern of each run, in pen widths: a run can be told by it alone. Empty means solid."""


@dataclass(frozen=True)
class Palette:
    """Named colours of one scheme, as #rrggbb."""

    dark: bool
    window: str
    background: str
    """Behind curves and text fields."""
    foreground: str
    muted: str
    """Secondary text; at least 4.5 : 1 on `background` and `window`."""
    grid: str
    accent: str
    train: str
    validation: str
    warning: str
    runs: tuple[str, ...]
    """After Okabe and Ito (2008), darkened or lightened to at least 3 : 1 on `background`, and shifted until any two of
    them are at least 14 apart (CIE 1976) without seeing red, or green."""

    def run(self, index: int) -> QColor:
        """Colour of the run number `index`."""
        return QColor(self.runs[index % len(self.runs)])

    def mixed(self, colour: str | QColor, share: float) -> QColor:
        """`share` of `colour` on the background, opaque: what is opaque is painted faster."""
        over, under = QColor(colour), QColor(self.background)
        pairs = ((over.red(), under.red()), (over.green(), under.green()), (over.blue(), under.blue()))
        return QColor(*(round(share * a + (1 - share) * b) for a, b in pairs))

    def qt(self) -> QPalette:
        """The same for Qt's own widgets."""
        role, group = QPalette.ColorRole, QPalette.ColorGroup
        colours = {
            role.Window: self.window,
            role.WindowText: self.foreground,
            role.Base: self.background,
            role.AlternateBase: self.window,
            role.Text: self.foreground,
            role.Button: self.window,
            role.ButtonText: self.foreground,
            role.BrightText: self.warning,
            role.ToolTipBase: self.background,
            role.ToolTipText: self.foreground,
            role.PlaceholderText: self.muted,
            role.Highlight: self.accent,
            role.HighlightedText: self.background,
            role.Link: self.accent,
            role.Accent: self.accent,
        }
        palette = QPalette(QColor(self.window))  # derives bevels and shadows
        for name, colour in colours.items():
            palette.setColor(name, QColor(colour))
        disabled = self.mixed(self.foreground, 0.45)
        for name in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(group.Disabled, name, disabled)
        palette.setColor(group.Disabled, role.Highlight, self.mixed(self.muted, 0.5))
        return palette


LIGHT = Palette(
    dark=False,
    window="#f2f2f2",
    background="#ffffff",
    foreground="#1a1a1a",
    muted="#5c5c5c",
    grid="#d9d9d9",
    accent="#0063a8",
    train="#0072b2",
    validation="#d55e00",
    warning="#b3261e",
    runs=("#0072b2", "#d55e00", "#00805f", "#a84080", "#705000", "#4898c0", "#444444", "#7a4fd0"),
)
DARK = Palette(
    dark=True,
    window="#262626",
    background="#1b1b1b",
    foreground="#ececec",
    muted="#a6a6a6",
    grid="#3d3d3d",
    accent="#56b4e9",
    train="#56b4e9",
    validation="#f2993a",
    warning="#ff8a80",
    runs=("#56b4e9", "#f2993a", "#2fc49b", "#d888b8", "#f0e442", "#60a0f8", "#d0d0d0", "#8870c0"),
)


def run_pen(index: int, palette: Palette = LIGHT) -> QPen:
    """Pen of the run number `index`: its colour and its dashes, one pixel at any zoom."""
    return pen(palette.run(index), DASHES[index % len(DASHES)])


def pen(colour: str | QColor, dashes: tuple[float, ...] = (), width: float = 1.0) -> QPen:
    """A cosmetic pen. Of long curves keep `width` at 1: 2 takes more than twice the time to paint."""
    made = QPen(QColor(colour), width)
    made.setCosmetic(True)
    if dashes:
        made.setDashPattern(dashes)
    return made


def apply(app: QApplication, scheme: Scheme = "auto") -> Palette:
    """Put the whole application into `scheme` (auto: as the system says) and return its colours."""
    if app.style().name() != "fusion":  # it polishes every widget anew: 1.6 s of a full window
        app.setStyle("Fusion")
    hints = app.styleHints()
    if scheme == "auto":
        hints.unsetColorScheme()
    else:
        hints.setColorScheme(Qt.ColorScheme.Dark if scheme == "dark" else Qt.ColorScheme.Light)
    dark = scheme == "dark" or (scheme == "auto" and hints.colorScheme() == Qt.ColorScheme.Dark)
    palette = DARK if dark else LIGHT
    app.setPalette(palette.qt())
    ensure_fonts(app)
    return palette


def ensure_fonts(app: QApplication) -> None:
    """Where the machine has no font with Cyrillic and Greek letters, use the bundled one."""
    systems = QFontDatabase.WritingSystem.Cyrillic, QFontDatabase.WritingSystem.Greek
    if all(QFontDatabase.families(system) for system in systems):
        return
    number = QFontDatabase.addApplicationFont(str(resource("fonts", "DejaVuSans.ttf")))
    if families := QFontDatabase.applicationFontFamilies(number):
        font = app.font()
        font.setFamilies(families)
        app.setFont(font)


def with_figures(font: QFont) -> QFont:
    """`font` with digits of equal width, so that changing numbers stand still."""
    figures = QFont(font)
    figures.setFeature(QFont.Tag("tnum"), 1)
    return figures
