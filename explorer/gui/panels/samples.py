"""Samples: what the network really sees."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from explorer.events import Floats, RecipeChanged, RunStarted, SampleGrid
from explorer.gui.panels.base import Cell, Panel
from explorer.gui.panels.pairs import Pairs
from explorer.gui.theme import Palette
from explorer.i18n import N_, _
from explorer.runs.record import RunRecord
from explorer.techniques.augmentation import describe_drawn


class SamplesPanel(Panel):
    """Pairs of one batch: the image in the data, and as it was trained, with its target and what it drew."""

    name = "samples"
    title = N_("Samples")
    how_to_read = N_(
        "Each pair is one image of a recent batch: left as it is in the data, right as the network saw it, below it "
        "the target and what it drew. Healthy: you can still tell the class from the right picture, and every image "
        "drew something else. If both pictures are the same, switch on augmentation; if you cannot tell the class, "
        "weaken it. Targets with several classes come from mixing, label smoothing or label distribution learning."
    )
    pace = 5.0
    kinds = (RunStarted, SampleGrid, RecipeChanged)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid = Pairs()
        self.fill_body(self.grid)
        self._seen: tuple[object, ...] = ()
        self.ready()

    def why_empty(self) -> str:
        if self.runs[0].record.samples is None:
            return _("No batch has been looked at yet: press Train; the samples come with the first one.")
        return ""

    def draw(self) -> None:
        grid = self.runs[0].record.samples
        seen = (grid, self.colours, _(self.title))
        if self._seen != seen and grid is not None:
            self._seen = seen
            texts = captions(self.runs[0].record)
            self.grid.show_pairs(grid.before, grid.after, texts)

    def restyle(self, palette: Palette) -> None:
        super().restyle(palette)
        self.grid.colours = palette

    def numbers(self) -> str:
        grid = self.runs[0].record.samples
        return "" if grid is None else _("batch of step {step} · left: data, right: as trained").format(step=grid.step)

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        record = self.runs[0].record
        grid = record.samples
        if grid is None:
            return ["image", "label", "target", "drawn"], []
        names = sorted(grid.drawn)
        rows: list[list[Cell]] = [
            [float(i), class_name(record, int(label)), *texts, *(float(grid.drawn[name][i]) for name in names)]
            for i, (label, texts) in enumerate(zip(grid.labels, captions(record), strict=True))
        ]
        return ["image", "label", "target", "drawn", *names], rows


def class_name(record: RunRecord, index: int) -> str:
    """Name of a class, or its number."""
    names = record.started.classes if record.started else ()
    return names[index] if index < len(names) else str(index)


def captions(record: RunRecord) -> list[tuple[str, str]]:
    """For each image its target and what it drew."""
    grid = record.samples
    if grid is None:
        return []
    texts = []
    for i, target in enumerate(grid.targets):
        drawn = {name: float(values[i]) for name, values in grid.drawn.items()}
        texts.append((describe_target(record, target), describe_drawn(drawn)))
    return texts


def describe_target(record: RunRecord, target: Floats) -> str:
    """ "70% Coat + 30% Bag": the classes whose share stands out from the rest, largest first."""
    order = np.argsort(-target, kind="stable")
    spread = float(target.min())  # what smoothing gave to every class
    named = [int(k) for k in order if target[k] > max(spread + 0.03, 0.05)][:3]
    if len(named) == 1 and target[named[0]] > 0.995:
        return class_name(record, named[0])
    return " + ".join(f"{target[k]:.0%} {class_name(record, k)}" for k in named)
