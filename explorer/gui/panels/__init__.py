"""Every panel, in the order in which the window offers them. Adding one: its file, and its line here."""

from __future__ import annotations

from explorer.gui.panels.base import Panel, Shown
from explorer.gui.panels.gradients import GradientsPanel
from explorer.gui.panels.loss import LossPanel
from explorer.gui.panels.metrics import MetricsPanel
from explorer.gui.panels.normalization import NormalizationPanel
from explorer.gui.panels.samples import SamplesPanel
from explorer.gui.panels.schedule import SchedulePanel

PANELS: tuple[type[Panel], ...] = (
    LossPanel,
    MetricsPanel,
    GradientsPanel,
    NormalizationPanel,
    SamplesPanel,
    SchedulePanel,
)

__all__ = ["PANELS", "Panel", "Shown"]
