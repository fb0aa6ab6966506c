"""Targets: what the loss compares the network's answer with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explorer.events import Doubles, Floats, RecipeChanged, RunStarted, SampleGrid
from explorer.gui.charts.annotations import Entry
from explorer.gui.charts.next_run import differing, filled, next_pen
from explorer.gui.charts.panel import BETWEEN, Cell, Panel
from explorer.gui.charts.plot import Plot
from explorer.gui.theme import pen
from explorer.i18n import N_, _
from explorer.runs.record import RunRecord
from explorer.techniques import Aspect


class TargetsPanel(Panel):
    """For a chosen class, the target over all classes: one-hot, that of the current run, and that of the next one.

    The run's own come from the previewer; until it has answered, and without it, from the last batch looked at.
    """

    name = "targets"
    title = N_("Targets")
    how_to_read = N_(
        "What the loss compares the answer with, for images of the chosen class. The dotted frame is the hard target: "
        "all on the true class. Filled bars are the targets of this run, dashed frames those of the next one. Label "
        "smoothing takes a share from the true class and spreads it over all; label distribution makes a bell over "
        "neighbouring classes; mixing (points, from the last batch) adds a second class. Healthy: the true class keeps "
        "the largest share. The more entropy, the less sure the network may be; if it hardly learns, soften less."
    )
    kinds = (RunStarted, SampleGrid, RecipeChanged)
    previews = True

    def build(self) -> None:
        self.plot = self.add_plot(Plot(N_("Probability, %"), N_("Class")))
        self.plot.plotItem.vb.invertY(True)
        self.plot.setMouseEnabled(y=False)
        self.plot.getAxis("bottom").setScale(100)
        self.plot.getAxis("left").setGrid(False)
        self.body.fill(self.plot)
        self.choice = self.header.add_choice(N_("Class"))

    # What there is.

    @property
    def record(self) -> RunRecord:
        """Of the current run, an empty one if there is none."""
        return self.runs[0].record if self.runs else RunRecord()

    @property
    def classes(self) -> Sequence[str]:
        """Of the current run, or else of the next one, if that has others."""
        own, ahead = self.record.started, self.ahead
        return ahead[0] if ahead else own.classes if own else ()

    @property
    def ahead(self) -> tuple[Sequence[str], Floats] | None:
        """Classes and targets of the next run, if they are other ones."""
        found = differing(self.preview, self.runs, Aspect.TARGETS)
        return (found.classes, found.targets) if found else None

    @property
    def own(self) -> Floats:
        """(classes, classes): of the current run; NaN in the rows of classes of which none are known."""
        record, classes = self.record, self.classes
        if record.started is None or tuple(record.started.classes) != tuple(classes):
            return np.full((len(classes), len(classes)), np.nan, np.float32)
        if self.targets is not None and len(self.targets) == len(classes):
            return self.targets
        return seen_in(record.latest(SampleGrid), len(classes))

    def mixed(self, k: int) -> tuple[Doubles, Doubles]:
        """Class and probability of what mixed images of class `k` were or will be given in the batch looked at."""
        found = differing(self.preview, self.runs, Aspect.IMAGES, Aspect.TARGETS)
        grid = (found.samples if found else None) or self.record.latest(SampleGrid)
        if grid is None or grid.mixed is None or grid.targets.shape[1] != len(self.classes):
            return np.zeros(0), np.zeros(0)
        given = grid.targets[(grid.labels == k) & grid.mixed]
        images, classes = np.nonzero(given > given.min(axis=1, keepdims=True, initial=1.0) + 0.005)
        return classes.astype(float), given[images, classes].astype(float)

    # What is drawn.

    def why_empty(self) -> str:
        if self.record.started or self.ahead:
            return ""
        return self.problem or _("The targets depend on the classes; they are known when the images are loaded.")

    def draw(self) -> None:
        classes, palette, plot = self.classes, self.colours, self.plot
        self._offer(classes)
        k, own, ahead = self.choice.currentIndex(), self.own, self.ahead
        hard, dashed = pen(palette.foreground, (2, 3)), next_pen(palette)
        fill = palette.mixed(palette.train, 0.6)
        plot.begin()
        legend = [Entry(hard, False, _("hard target"))]
        plot.curve("hard", [0, 1, 1, 0, 0], [k - 0.45, k - 0.45, k + 0.45, k + 0.45, k - 0.45], hard, z=1, thin=True)
        if known := bool(np.isfinite(own[k]).all()):
            plot.curve("own", *outline(own[k], 0.32), None, fill=fill)
            legend.append(filled(fill, _("this run")))
        if ahead:
            plot.curve("next", *outline(ahead[1][k], 0.4), dashed, z=2)
            legend.append(Entry(dashed, False, _("next run")))
        rows, values = self.mixed(k)
        if len(rows):
            plot.points("mixed", values, rows, palette.warning, "d")
            legend.append(Entry(pen(palette.warning), True, _("mixed images")))
        note = "" if known or ahead else _("No image of this class was in the last batch looked at.")
        plot.end(legend, note=note)
        plot.name_rows([_(name) for name in classes])
        plot.span(0, 1)

    def _offer(self, classes: Sequence[str]) -> None:
        texts = [_(name) for name in classes]
        if [self.choice.itemText(i) for i in range(self.choice.count())] == texts:
            return
        chosen = self.choice.currentIndex()
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(texts)
        self.choice.setCurrentIndex(min(max(0, chosen), len(texts) - 1))
        self.choice.blockSignals(False)

    def numbers(self) -> str:
        k, said = self.choice.currentIndex(), [self.problem] if self.problem else []
        matrices = [self.own, *([self.ahead[1]] if self.ahead else [])]
        known = [matrix[k] for matrix in matrices if np.isfinite(matrix[k]).all()]
        if known:
            shares = " → ".join(f"{target[k]:.1%}" for target in known)
            nats = " → ".join(f"{entropy(target):.2f}" for target in known)
            said = [_("true class {shares}").format(shares=shares), _("entropy {nats} nats").format(nats=nats), *said]
        return BETWEEN.join(said)

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        found: list[tuple[str, Sequence[str], Floats]] = []
        if self.runs:
            found.append((self.runs[0].label, self.classes, self.own))
        if ahead := self.ahead:
            found.append(("next run", *ahead))
        rows: list[list[Cell]] = [
            [run, classes[k], classes[j], float(matrix[k, j])]
            for run, classes, matrix in found
            for k, j in np.ndindex(*matrix.shape)
            if np.isfinite(matrix[k, j])
        ]
        return ["run", "image of class", "class", "target"], rows


def outline(values: Floats | Doubles, half: float) -> tuple[Doubles, Doubles]:
    """Frame around bars from 0 to `values`, one in each row, as one line that runs down and back up."""
    rows = np.arange(len(values))
    y = np.stack([rows - half, rows - half, rows + half, rows + half], axis=1).ravel()
    x = np.stack([np.zeros(len(rows)), values, values, np.zeros(len(rows))], axis=1).ravel()
    return np.append(x, x[:1]), np.append(y, y[:1])


def entropy(target: Floats) -> float:
    """Of a distribution, in nats: 0 for a hard target."""
    positive = target[target > 0].astype(float)
    return float(-(positive * np.log(positive)).sum()) + 0.0


def seen_in(grid: SampleGrid | None, classes: int) -> Floats:
    """(classes, classes): the targets of unmixed images of a batch by their class, NaN where there are none."""
    found = np.full((classes, classes), np.nan, np.float32)
    if grid is None or grid.targets.shape[1] != classes:
        return found
    alone = np.ones(len(grid.labels), bool) if grid.mixed is None else ~grid.mixed
    for label, target in zip(grid.labels[alone].tolist(), grid.targets[alone], strict=True):
        if not found[label, label] >= target[label]:  # where nobody said what was mixed: the least mixed one
            found[label] = target
    return found
