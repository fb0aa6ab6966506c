"""Runs can be told apart by colour alone, also by colour-blind eyes, and by their dashes alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from explorer.gui.theme import DARK, DASHES, LIGHT, Palette, apply

Numbers = npt.NDArray[np.float64]
EYES = {
    "normal": np.eye(3),
    # Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB.
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.119192, 0.9503041]]
)
WHITE = np.array([0.95047, 1, 1.08883])


def linear(colour: str) -> Numbers:
    """Linear RGB of #rrggbb."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: Numbers) -> Numbers:
    """CIE 1976 L*a*b* of linear RGB, under D65."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """Of WCAG 2, from 1 to 21."""
    low, high = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_of_runs_differ_for_all_eyes(palette: Palette, eyes: str) -> None:
    for one, other in [*combinations(palette.runs, 2), (palette.train, palette.validation)]:
        seen = [lab(EYES[eyes] @ linear(colour)) for colour in (one, other)]
        assert np.linalg.norm(seen[0] - seen[1]) >= 14, (one, other)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_drawn_and_written_stands_out(palette: Palette) -> None:
    for colour in (*palette.runs, palette.train, palette.validation, palette.accent):
        assert contrast(colour, palette.background) >= 3, colour
    for colour in (palette.foreground, palette.muted, palette.warning):
        assert min(contrast(colour, under) for under in (palette.background, palette.window)) >= 4.5, colour


def test_no_two_runs_have_the_same_dashes() -> None:
    assert len(set(DASHES)) == len(DASHES) == len(LIGHT.runs) == len(DARK.runs)


@pytest.mark.usefixtures("qtbot")
def test_the_style_is_set_once_as_it_polishes_every_widget_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply(app, "dark")
    monkeypatch.setattr(QApplication, "setStyle", lambda *_given: pytest.fail("it is set already"))
    assert apply(app, "light") is LIGHT
    window = QPalette.ColorRole.Window
    assert app.palette().color(window) == LIGHT.qt().color(window)
