"""Every panel, in the order in which the window offers them. Adding one: its file, and its line here."""

from __future__ import annotations

from explorer.gui.charts.panel import Panel, Shown
from explorer.gui.panels.activations import ActivationsPanel
from explorer.gui.panels.calibration import CalibrationPanel
from explorer.gui.panels.confusion import ConfusionPanel
from explorer.gui.panels.gradients import GradientsPanel
from explorer.gui.panels.histograms import HistogramsPanel
from explorer.gui.panels.loss import LossPanel
from explorer.gui.panels.metrics import MetricsPanel
from explorer.gui.panels.normalization import NormalizationPanel
from explorer.gui.panels.samples import SamplesPanel
from explorer.gui.panels.schedule import SchedulePanel
from explorer.gui.panels.targets import TargetsPanel

PANELS: tuple[type[Panel], ...] = (
    LossPanel,
    MetricsPanel,
    GradientsPanel,
    NormalizationPanel,
    SamplesPanel,
    SchedulePanel,
    TargetsPanel,
    ActivationsPanel,
    HistogramsPanel,
    ConfusionPanel,
    CalibrationPanel,
)

__all__ = ["PANELS", "Panel", "Shown"]
