"""What is predicted and what came out, on one plot: the sketch and the measured band, or the values of the claim."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal

from explorer.gui.charts.annotations import Entry
from explorer.gui.charts.panel import Cell, Panel
from explorer.gui.charts.plot import Plot
from explorer.gui.lessons.pencil import Pencil
from explorer.gui.lessons.strips import Strip, Strips
from explorer.gui.theme import Palette, pen
from explorer.i18n import N_, _
from explorer.lessons.lesson import Question
from explorer.lessons.measures import title
from explorer.lessons.playing import Given, Playing, compared, curve
from explorer.runs import RunRecord

BAND = 0.22
"""Share of a run's colour in its band."""
FAINT = 0.55


class OutcomePanel(Panel):
    """One panel of a lesson: it is where people predict, and where their prediction stays beside what was measured."""

    name = "outcome"
    title = N_("Prediction and result")
    how_to_read = N_(
        "Before the runs: draw the curve that you expect with the mouse (or with the arrow keys), or drag the point. "
        "After them: your prediction stays, and beside it stands what was measured. A band reaches from the lowest to "
        "the highest of the seeds, the line in it is their mean. Of values, a dot is one seed, and the upright line "
        "is their mean."
    )
    kinds = ()

    predicted = Signal(object)
    """Somebody gave a prediction; carries it."""

    def build(self) -> None:
        self.playing: Playing | None = None
        self.locked = True
        """Whether the prediction stays as it is: the runs are being made, or are there."""
        self.plot = self.add_plot(Plot(N_("Epochs done"), ""))
        self.strips = Strips()
        self.pencil = Pencil(self.plot)
        self.body.fill(self.plot, self.strips)
        self.plot.plotItem.vb.setMouseEnabled(False, False)
        self.pencil.drawn.connect(self._draw_sketch)
        self.pencil.finished.connect(self._sketched)
        self.strips.pointed.connect(self._pointed)

    def play(self, playing: Playing | None, locked: bool) -> None:
        """Show the step of `playing` that is open."""
        self.have_body()
        fresh = playing is not None and (self.playing is not playing or self._step is not playing.step)
        again = playing is not None and playing.now.given is None and bool(self.pencil.sketch)
        self.playing, self.locked = playing, locked
        if playing is not None and (fresh or again) and self._sketches is not None:
            self._step = playing.step
            self.pencil.take(self._epochs, self._sketches.low, self._sketches.high)
            for x, y in playing.now.given.sketch if playing.now.given else ():
                self.pencil.y[np.abs(self.pencil.x - x).argmin()] = y
        self.refresh()

    _step: object = None

    @property
    def _prediction(self) -> Question | None:
        return self.playing.step.prediction if self.playing else None

    @property
    def _sketches(self) -> Question | None:
        """The prediction, if it is a sketch."""
        asked = self._prediction
        return asked if asked and asked.kind == "sketch" else None

    @property
    def _epochs(self) -> int:
        asked, playing = self._sketches, self.playing
        assert asked
        assert playing
        assert playing.claim
        return playing.lesson.arms(playing.claim)[str(asked.arm)].epochs

    def refresh(self) -> None:
        """Draw now."""
        self.have_body()
        self.dirty = False
        parent = self.parent()
        if self.exporting and isinstance(parent, OutcomePanel):  # a twin that is drawn for a file
            self.playing, self.locked = parent.playing, True
            self.pencil.x, self.pencil.y = parent.pencil.x, parent.pencil.y
        self._stack.setCurrentWidget(self.body)
        self.strips.colours = self.colours
        sketches = self._sketches is not None
        self.plot.setVisible(sketches)
        self.strips.setVisible(not sketches)
        if self.playing is None:
            self.strips.show_strips((), 0, 1, float("nan"), active=False)
        elif sketches:
            self._draw_sketch()
        else:
            self._draw_values()
        prediction = self._prediction
        said = compared(prediction, self.playing.now) if prediction and self.playing else ""
        self.header.numbers.setText(said)

    def why_empty(self) -> str:
        return ""

    def draw(self) -> None:
        self.refresh()

    def restyle(self, palette: Palette) -> None:
        super().restyle(palette)
        if self.built:
            self.strips.colours = palette
            self.strips.update()

    # A curve.

    def _draw_sketch(self) -> None:
        asked, playing, plot, palette = self._sketches, self.playing, self.plot, self.colours
        if asked is None or playing is None or playing.claim is None:
            return
        self.pencil.active = not self.locked
        runs, measure = playing.now.runs, str(asked.measure)
        y_text = title(measure)
        if plot.y_text != y_text:
            plot.y_text = y_text
            plot.retranslate()
        plot.begin()
        legend = []
        for number, arm in enumerate(playing.claim.arm):
            if records := runs.get(arm.name):
                own = arm.name == asked.arm
                legend.append(self._band(number, str(arm.label), records, measure, own))
        ink = pen(palette.accent, (5, 3), 2.0)
        if np.isfinite(self.pencil.y).any():
            plot.curve("sketch", self.pencil.x, self.pencil.y, ink, z=12)
            legend.append(Entry(ink, False, _("your sketch")))
        note = "" if legend or self.locked else _("Draw here, from left to right, the curve that you expect.")
        if self.pencil.active and self.pencil.cursor:
            plot.points("cursor", [self.pencil.cursor], [asked.low], palette.accent, "t1", 10)
        plot.end(legend, note=note)
        plot.span(0, self._epochs)
        values = [curve(records, measure)[1] for records in runs.values()]
        tops = [float(found[np.isfinite(found)].max()) for found in values if np.isfinite(found).any()]
        plot.plotItem.vb.setYRange(
            asked.low, max([asked.high, *(min(top, 3 * asked.high) for top in tops)]), padding=0.02
        )

    def _band(self, number: int, label: str, records: list[RunRecord], measure: str, own: bool) -> Entry:
        epochs, values = curve(records, measure)
        colour = self.colours.run(number)
        ink = pen(colour if own else self.colours.mixed(colour, FAINT))
        if len(epochs) > 1 and len(values) > 1 and own:
            there = np.concatenate([epochs, epochs[::-1]])
            band = np.concatenate([values.min(axis=0), values.max(axis=0)[::-1]])
            self.plot.curve(f"band {number}", there, band, None, fill=self.colours.mixed(colour, BAND), z=-10)
        self.plot.curve(f"mean {number}", epochs, values.mean(axis=0), ink, dots=len(epochs) == 1, z=5 + own)
        return Entry(ink, False, label)

    def _sketched(self) -> None:
        if sketch := self.pencil.sketch:
            self.predicted.emit(Given(sketch=sketch))

    # Values.

    def _draw_values(self) -> None:
        playing, asked = self.playing, self._prediction
        assert playing
        played, claim = playing.now, playing.claim
        if claim is None:
            return
        by_name = {one.value.name: one for one in played.verdict.shown} if played.verdict else {}
        strips = []
        for value in claim.values:
            one = by_name.get(value.name)
            pointed = bool(asked and asked.kind == "point" and asked.value == value.name)
            label = str(value.label)
            strips.append(Strip(label, one.by_seed if one else (), str(one) if one else "", pointed))
        points = asked is not None and asked.kind == "point"
        low, high = (asked.low, asked.high) if asked and points else (0.0, 1.0)
        if by_name and not points:
            found = [v for one in by_name.values() for v in one.by_seed if np.isfinite(v)]
            low, high = (min(found), max(found)) if found else (0.0, 1.0)
            margin = 0.08 * (high - low) or 0.5
            low, high = low - margin, high + margin
        point = played.given.point if played.given else float("nan")
        self.strips.show_strips(strips, low, high, point, active=points and not self.locked)

    def _pointed(self, value: float) -> None:
        self.predicted.emit(Given(point=value))

    def numbers(self) -> str:
        return ""

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        playing, rows = self.playing, []  # type: tuple[Playing | None, list[list[Cell]]]
        if playing is None:
            return ["what", "seed", "epoch", "value"], []
        for x, y in playing.now.given.sketch if playing.now.given else ():
            rows.append(["sketch", "", x, y])
        if playing.now.given and np.isfinite(playing.now.given.point):
            rows.append(["prediction", "", float("nan"), playing.now.given.point])
        if asked := self._sketches:
            for arm, records in playing.now.runs.items():
                epochs, values = curve(records, str(asked.measure))
                for seed, row in enumerate(values):
                    rows += [[arm, float(seed), float(x), float(y)] for x, y in zip(epochs, row, strict=True)]
        elif playing.now.verdict:
            for one in playing.now.verdict.shown:
                rows += [[one.value.name, float(seed), float("nan"), v] for seed, v in enumerate(one.by_seed)]
        return ["what", "seed", "epoch", "value"], rows
