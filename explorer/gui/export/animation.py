"""A panel over its run as an animated GIF: one picture for each epoch, so that a slide shows how it came about."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator

from PIL import Image

from explorer.events import EpochDone, Event
from explorer.gui.charts.panel import Panel, Shown
from explorer.gui.charts.picture import picture
from explorer.runs import RunRecord

WIDTH, HEIGHT = 960, 540
LONGEST = 12_000
"""Milliseconds that the whole takes, or less."""
SLOWEST, LAST = 500, 2_000
"""Milliseconds for which a picture stands, and the last one."""
MOST = 120
"""Pictures; of a longer run every second, third … epoch is shown."""


def gif(kind: type[Panel], events: Iterable[Event], epochs: int, label: str = "") -> bytes | None:
    """`kind` with the run of `events`, which has so many `epochs`; None where nothing moves."""
    frames = list(_frames(kind, events, max(1, -(-epochs // MOST)), label))
    if len(frames) < 2:
        return None
    stands = min(SLOWEST, LONGEST // len(frames))
    file = io.BytesIO()
    durations = [*[stands] * (len(frames) - 1), LAST]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=False)
    return file.getvalue()


def _frames(kind: type[Panel], events: Iterable[Event], every: int, label: str) -> Iterator[Image.Image]:
    record, panel = RunRecord(), kind()
    for event in events:
        record.apply(event)
        if isinstance(event, EpochDone) and (event.epoch % every == 0 or event.epoch == 1):
            panel.show_runs([Shown(record, label, 0)])
            panel.refresh()
            if not panel.why_empty():
                yield _image(panel)
    panel.deleteLater()


def _image(panel: Panel) -> Image.Image:
    drawn = picture(panel, WIDTH, HEIGHT)
    colours = Image.frombuffer("RGB", (WIDTH, HEIGHT), bytes(drawn.constBits()), "raw", "BGRX", drawn.bytesPerLine(), 1)
    return colours.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
