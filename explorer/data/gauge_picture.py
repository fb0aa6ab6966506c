"""Draws round dials with a needle, a whole batch at once: each pixel knows how far each edge is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 32
"""Pixels along each side."""
START, SWEEP = np.deg2rad(225.0), np.deg2rad(270.0)
"""The needle points to the lower left at 0 and goes clockwise to the lower right at 1; radians."""

_Floats = NDArray[np.float32]


def draw_gauges(value: NDArray[Any], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Pictures, uint8 (N, 3, SIZE, SIZE), of dials that show `value` (N,), each from 0 to 1.

    Everything else (place, size, tilt, colours, marks, light, noise) is drawn from `rng`; the scale turns
    with the dial, so the value can be read in each picture. Raises ValueError for a value outside [0, 1].
    """
    value = np.asarray(value, np.float32)
    if value.ndim != 1 or not bool(np.all((value >= 0) & (value <= 1))):
        raise ValueError("draw_gauges needs a one-dimensional array of values from 0 to 1")
    n = len(value)

    def draw(low: float, high: float) -> _Floats:
        """(n, 1, 1), evenly spread."""
        return rng.uniform(low, high, (n, 1, 1)).astype(np.float32)

    # Dial coordinates, in pixels: origin on the hub, y upwards, turned and squeezed as seen a little from
    # aside.
    grid = np.arange(SIZE, dtype=np.float32) - (SIZE - 1) / 2
    radius = draw(11.5, 14.5)
    turn = draw(-0.12, 0.12)
    right, up = (grid[None, None, :] - draw(-1.5, 1.5)), (draw(-1.5, 1.5) - grid[None, :, None])
    x = (np.cos(turn) * right + np.sin(turn) * up) / draw(0.93, 1.0)
    y = (np.cos(turn) * up - np.sin(turn) * right) / draw(0.93, 1.0)
    r = np.hypot(x, y)
    # Position on the scale: 0 to 1 along the sweep, beyond it in the gap below.
    gap = START - np.deg2rad(270.0)
    scale = (np.mod(START - np.arctan2(y, x) - gap, 2 * np.pi) + gap) / SWEEP
    focus = draw(0.8, 1.5)  # width of an edge in pixels

    def inside(distance: _Floats) -> _Floats:
        """Share of each pixel that is covered, from its signed distance to the edge in pixels."""
        return np.asarray(np.clip(0.5 - distance / focus, 0, 1), np.float32)

    dark = rng.random(n) < 0.35
    face = _colour(rng, dark, dark_range=(0.03, 0.28), light_range=(0.72, 1.0), tint=0.15)
    ink = _colour(rng, ~dark, dark_range=(0.0, 0.25), light_range=(0.75, 1.0), tint=0.1)
    rim = _colour(rng, rng.random(n) < 0.5, dark_range=(0.05, 0.4), light_range=(0.5, 0.9), tint=0.2)
    background = rng.uniform(0.15, 0.85, (n, 3)).astype(np.float32)
    canvas = np.empty((n, 3, SIZE, SIZE), np.float32)
    canvas[:] = background[:, :, None, None]

    def paint(colour: _Floats, cover: _Floats) -> None:
        """Lay `colour` (n, 3) over the canvas where `cover` (n, SIZE, SIZE) is above 0."""
        np.add(canvas, (colour[:, :, None, None] - canvas) * cover[:, None], out=canvas)

    paint(rim, inside(r - radius))
    paint(face, inside(r - radius + draw(0.8, 1.8)))

    # A coloured zone at the upper end of the scale, on half of the dials.
    zone_colour = _hue(rng, n)
    on_band = inside(np.abs(r - 0.8 * radius) - 0.07 * radius)
    in_zone = (scale > draw(0.6, 0.85)) & (scale <= 1)
    paint(zone_colour, on_band * in_zone * (draw(0, 1) < 0.5))

    for marks, inner in ((np.where(rng.random(n) < 0.6, 10.0, 20.0), 0.8), (np.full(n, 2.0), 0.68)):
        steps = marks.astype(np.float32)[:, None, None]
        nearest = np.clip(np.rint(scale * steps), 0, steps)
        across = np.abs(scale * steps - nearest) * (SWEEP / steps) * r
        along = np.abs(r - (inner + 0.88) / 2 * radius) - (0.88 - inner) / 2 * radius
        strength = np.where(steps > 10, draw(0.3, 0.6), draw(0.6, 1.0))  # fine marks crowd: paint them pale
        paint(ink, inside(np.maximum(across - draw(0.25, 0.5), along)) * strength)

    # Tapered needle with a tail, its shadow first.
    angle = START - SWEEP * value[:, None, None]
    length, tail = draw(0.62, 0.86) * radius, draw(0.08, 0.28) * radius
    thick, thin = draw(0.8, 1.5), draw(0.25, 0.5)

    def needle(dx: _Floats | float, dy: _Floats | float) -> _Floats:
        """Signed distance to the needle, moved by (dx, dy) pixels."""
        along = (x - dx) * np.cos(angle) + (y - dy) * np.sin(angle)
        across = (x - dx) * np.sin(angle) - (y - dy) * np.cos(angle)
        nearest = np.clip(along, -tail, length)
        taper = (nearest + tail) / (length + tail)
        return np.asarray(np.hypot(across, along - nearest) - thick + (thick - thin) * taper, np.float32)

    black = np.zeros((n, 3), np.float32)
    paint(black, inside(needle(draw(-1.2, 1.2), draw(-1.5, -0.3)) / 1.5) * draw(0.0, 0.4))
    coloured = (rng.random(n) < 0.5)[:, None]
    # Pulled a little towards the ink, or a blue needle is lost on a dark face.
    needle_colour = np.where(coloured, 0.7 * _hue(rng, n) + 0.3 * ink, ink)
    paint(needle_colour, inside(needle(0, 0)))
    paint(np.where(rng.random((n, 1)) < 0.5, needle_colour, rim), inside(r - draw(1.2, 2.4)))

    # Light from one side, a reflection in the glass, exposure, grain.
    light = draw(0, 2 * np.pi)
    slope = draw(0, 0.28) * (np.cos(light) * grid[None, None, :] + np.sin(light) * grid[None, :, None]) / 16
    canvas *= (1 + slope)[:, None]
    far = np.hypot(right - draw(-8, 8), up - draw(-2, 9)) / draw(2.0, 5.0)
    canvas += (draw(0, 0.4) * np.exp(-far * far) * inside(r - radius))[:, None]
    canvas = (canvas - 0.5) * draw(0.65, 1.05)[:, None] + 0.5 + draw(-0.1, 0.1)[:, None]
    canvas += rng.standard_normal(canvas.shape, np.float32) * draw(0.01, 0.05)[:, None]
    return (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)


def _colour(
    rng: np.random.Generator,
    dark: NDArray[np.bool_],
    *,
    dark_range: tuple[float, float],
    light_range: tuple[float, float],
    tint: float,
) -> _Floats:
    """Nearly grey colours (n, 3) from 0 to 1: dark where `dark`, else light, off grey by up to `tint`."""
    n = len(dark)
    grey = np.where(dark, rng.uniform(*dark_range, n), rng.uniform(*light_range, n))[:, None]
    return np.clip(grey + rng.uniform(-tint, tint, (n, 3)), 0, 1).astype(np.float32)


def _hue(rng: np.random.Generator, n: int) -> _Floats:
    """Full colours (n, 3) as real needles have them: red, orange, blue, green."""
    palette = np.array([(0.85, 0.1, 0.1), (0.95, 0.35, 0.05), (0.1, 0.35, 0.85), (0.05, 0.55, 0.25)], np.float32)
    chosen = palette[rng.choice(4, n, p=[0.4, 0.25, 0.2, 0.15])]
    return np.clip(chosen + rng.uniform(-0.1, 0.1, (n, 3)), 0, 1).astype(np.float32)
