"""Loss: how far the network is from the right answers, epoch by epoch."""

from __future__ import annotations

import numpy as np

from explorer.events import Doubles, EpochDone, RecipeChanged, RunEnded, RunStarted, StepDone
from explorer.gui.charts.annotations import Entry
from explorer.gui.charts.curves import draw_epochs, epoch_rows, last_epoch, legend_of, marks_of, pens, step_epochs
from explorer.gui.charts.groups import groups_of, verdicts
from explorer.gui.charts.panel import BETWEEN, Cell, Panel, Said, before_first_step
from explorer.gui.charts.plot import Plot
from explorer.gui.theme import pen
from explorer.i18n import N_, _
from explorer.runs.record import RunRecord

BATCH = {
    "true": (N_("cross-entropy"), N_("every batch")),
    "objective": (N_("optimised loss"), N_("every batch, optimised loss")),
}
"""What the line of every batch shows: as a choice, and in the legend."""


class LossPanel(Panel):
    """Training and validation loss per epoch, both in evaluation mode; behind them the loss of every batch.

    Both fall: it learns. Training falls while validation rises: it overfits, and the best epoch lies before.
    Both stay high: it underfits, or gradients do not arrive.
    """

    name = "loss"
    title = N_("Loss")
    how_to_read = N_(
        "The mean cross-entropy with the true labels on training and validation images after each epoch; the faint "
        "line behind is that of every batch as it was trained, images that are mixed of several classes left out, as "
        "they have no one true label. What is optimised with softened or mixed targets is another quantity, with "
        "another zero: choose it to see it. Healthy: both fall, and the shaded gap between them stays narrow. If "
        "training keeps falling while validation rises, the network overfits: switch on augmentation, dropout or "
        "label smoothing, or stop at the best epoch (star). If both stay high, look at the gradients: switch on "
        "normalization or skip, or change the learning rate. Jumps or a sudden end call for clipping or a lower rate. "
        "Points far above all others do not stretch the axis; ▲ says how many there are, and shows them."
    )
    kinds = (RunStarted, StepDone, EpochDone, RecipeChanged, RunEnded)

    def build(self) -> None:
        self.plot = self.add_plot(Plot(N_("Epochs done"), N_("Loss, nats")))
        self.body.fill(self.plot)
        scales = [("linear", N_("linear")), ("log", N_("log"))]
        shown = [(key, choice) for key, (choice, _legend) in BATCH.items()]
        self.batch = self.header.add_choice(N_("Line of every batch"), shown, in_title=False, in_menu=True)
        self.scale = self.header.add_choice(N_("Scale of the loss"), scales, in_title=False)

    def why_empty(self) -> str:
        if any(shown.record.series.steps.last for shown in self.runs):
            return ""
        return before_first_step(self.runs[0].record)

    def draw(self) -> None:
        plot, palette, alone = self.plot, self.colours, len(self.runs) == 1
        plot.set_log(self.scale.currentData() == "log")
        plot.begin()
        for group in reversed(groups_of(self.runs, self.band)):
            if group.n > 1:  # lines of every batch would hide the band
                continue
            shown = group.runs[0]
            colour = pens(shown, alone, palette)[0].color()
            faint = pen(palette.mixed(colour, 0.35 if alone else 0.3))
            record = shown.record
            plot.curve(f"batch {shown.index}", step_epochs(record), self.line(record)[1], faint, robust=True, z=-5)
        best = draw_epochs(plot, self.runs, "loss", palette, kind=self.band)
        ink = pen(palette.mixed(palette.train if alone else palette.foreground, 0.35))
        single = [group.runs[0] for group in groups_of(self.runs, self.band) if group.n == 1]
        named = dict.fromkeys(self.line(shown.record)[0] for shown in single)
        batch = [Entry(ink, False, _(BATCH[what][1])) for what in named]
        plot.end([*legend_of(self.runs, palette, self.band), *batch], marks_of(self.runs, palette), best)
        plot.span(0, last_epoch(self.runs))

    def line(self, record: RunRecord) -> tuple[str, Doubles]:
        """What the line of every batch shows of `record`, and its values: what is chosen, if it is known."""
        known = np.isfinite(record.series.steps.cross_entropies).any()
        if self.batch.currentData() == "true" and known:
            return "true", record.series.steps.cross_entropies
        return "objective", record.series.steps.losses

    def conclusions(self) -> Said:
        return verdicts(self.runs, "loss")

    def numbers(self) -> str:
        record = self.runs[0].record
        if not record.epochs:
            values = self.line(record)[1]
            return _("batch {loss:.3f}").format(loss=values[-1]) if len(values) and np.isfinite(values[-1]) else ""
        last, best = record.epochs[-1], record.best
        said = [
            _("validation {value}").format(value=short(last.validation["loss"])),
            _("training {value}").format(value=short(last.train["loss"])),
        ]
        if best:
            text = _("best {loss:.3f} in epoch {epoch}")
            said.append(text.format(loss=best.validation["loss"], epoch=best.epoch))
        said.append(_("epoch {epoch}").format(epoch=last.epoch))
        return BETWEEN.join(said)

    def table(self) -> tuple[list[str], list[list[Cell]]]:
        rows: list[list[Cell]] = epoch_rows(self.runs, "loss")
        for shown in self.runs:
            epochs = step_epochs(shown.record).tolist()
            for name, values in (
                ("batch", shown.record.series.steps.cross_entropies),
                ("batch, optimised", shown.record.series.steps.losses),
            ):
                pairs = zip(epochs, values.tolist(), strict=True)
                rows += [[shown.label, name, epoch, value] for epoch, value in pairs if value == value]
        return ["run", "curve", "epoch", "loss"], rows


def short(loss: float) -> str:
    """As people read it: three digits behind the point, or a power of ten where a run diverges."""
    return f"{loss:.3f}" if loss < 1000 else f"{loss:.1e}"
