"""Samples: what the network really sees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.events import Floats, RecipeChanged, RunStarted, SampleGrid
from explorer.gui.charts.image_pairs import Pairs
from explorer.gui.charts.next_run import differing
from explorer.gui.charts.panel import BETWEEN, Cell, Panel
from explorer.gui.theme import Palette
from explorer.i18n import N_, _
from explorer.techniques import Aspect
from explorer.techniques.augmentation import describe_drawn

ShownBatch = tuple[SampleGrid | None, Sequence[str]]
"""Images, and the names of the classes."""


class SamplesPanel(Panel):
    """Pairs of one batch: the image in the data, and as it was trained, with its target and what it drew.

    Where the recipe would make other ones than the current run saw, those of the next run's first batch are shown.
    """

    name = "samples"
    title = N_("Samples")
    how_to_read = N_(
        "Each pair is one image of a recent batch, or of the first one of the next run: left as it is in the data, "
        "right as the network sees it, below it the target and what it drew. Healthy: you can still tell the class "
        "from the right picture, and every image drew something else. If both pictures are the same, switch on "
        "augmentation; if you cannot tell the class, weaken it. Targets with several classes come from mixing, label "
        "smoothing or label distribution learning."
    )
    pace = 5.0
    kinds = (RunStarted, SampleGrid, RecipeChanged)
    previews = True

    def build(self) -> None:
        self.grid = Pairs()
        self.body.fill(self.grid)
        self._seen: tuple[object, ...] = ()
        self._kept: SampleGrid | None = None

    @property
    def ahead(self) -> ShownBatch:
        """Those of the next run, if its images or targets are other ones."""
        found = differing(self.preview, self.runs, Aspect.IMAGES, Aspect.TARGETS)
        return (found.samples, found.classes) if found else (None, ())

    @property
    def shown(self) -> ShownBatch:
        """What is drawn."""
        ahead, record = self.ahead, self.runs[0].record if self.runs else None
        if ahead[0] or record is None:
            return ahead
        return record.latest(SampleGrid), record.started.classes if record.started else ()

    def why_empty(self) -> str:
        if self.shown[0] is None:
            return self.problem or _("No batch has been looked at yet; the samples come with the first one.")
        return ""

    def draw(self) -> None:
        grid, classes = self.shown
        seen = (id(grid), self.colours, _(self.title))
        if self._seen != seen and grid is not None:
            self._seen, self._kept = seen, grid  # kept, so that no other one gets its id
            self.grid.show_pairs(grid.before, grid.after, captions(grid, classes))

    def restyle(self, palette: Palette) -> None:
        super().restyle(palette)
        self.grid.colours = palette

    def numbers(self) -> str:
        grid, _classes = self.shown
        if grid is None:
            return ""
        sides = _("left: data, right: as trained, below: target")
        if self.ahead[0]:
            return BETWEEN.join([_("preview of the next run"), sides])
        said = [_("batch of step {step}").format(step=grid.step), sides]
        return BETWEEN.join([*said, *([self.problem] if self.problem else [])])

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        grid, classes = self.shown
        if grid is None:
            return ["image", "label", "target", "drawn"], []
        names = sorted(grid.drawn)
        rows: list[list[Cell]] = [
            [float(i), class_name(classes, int(label)), *texts, *(float(grid.drawn[name][i]) for name in names)]
            for i, (label, texts) in enumerate(zip(grid.labels, captions(grid, classes), strict=True))
        ]
        return ["image", "label", "target", "drawn", *names], rows


def class_name(classes: Sequence[str], index: int) -> str:
    """Name of a class, translated, or its number."""
    return _(classes[index]) if index < len(classes) else str(index)


def captions(grid: SampleGrid, classes: Sequence[str]) -> list[tuple[str, str]]:
    """For each image its target and what it drew."""
    texts = []
    for i, target in enumerate(grid.targets):
        drawn = {name: float(values[i]) for name, values in grid.drawn.items()}
        texts.append((describe_target(classes, target), describe_drawn(drawn)))
    return texts


def describe_target(classes: Sequence[str], target: Floats) -> str:
    """ "Coat 70% + Bag 30%": the classes whose share stands out from the rest, largest first."""
    order = np.argsort(-target, kind="stable")
    spread = float(target.min())  # what smoothing gave to every class
    named = [int(k) for k in order if target[k] > max(spread + 0.03, 0.05)][:3]
    if len(named) == 1 and target[named[0]] > 0.995:
        return class_name(classes, named[0])
    return " + ".join(f"{class_name(classes, k)} {target[k]:.0%}" for k in named)
