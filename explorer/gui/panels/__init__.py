"""Every panel, in the order in which the window offers them. Adding one: its file, and its line here."""

from __future__ import annotations

from explorer.gui.panels.base import Panel, Shown
from explorer.gui.panels.loss import LossPanel

PANELS: tuple[type[Panel], ...] = (LossPanel,)

__all__ = ["PANELS", "Panel", "Shown"]
