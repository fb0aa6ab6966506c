"""What can be watched. An instrument reads the model and says events; it never changes the run."""

from __future__ import annotations

from explorer.training.instruments.activations import Activations
from explorer.training.instruments.base import Instrument, StepContext, Watch
from explorer.training.instruments.evaluation import Evaluations
from explorer.training.instruments.frozen import FrozenLayers
from explorer.training.instruments.gradients import Gradients
from explorer.training.instruments.histograms import HistogramsOfLayers
from explorer.training.instruments.modes import Modes
from explorer.training.instruments.normalization import NormalizationStatistics
from explorer.training.instruments.samples import Samples

INSTRUMENTS: tuple[type[Instrument], ...] = (
    Gradients,
    NormalizationStatistics,
    Activations,
    HistogramsOfLayers,
    FrozenLayers,
    Modes,
    Samples,
    Evaluations,
)


def choose(which: str) -> tuple[Instrument, ...]:
    """The instruments for "default", "none", or "all" (every step instead of each one's own schedule)."""
    if which == "none":
        return ()
    return tuple(kind(every=1) if which == "all" else kind() for kind in INSTRUMENTS)


__all__ = ["INSTRUMENTS", "Instrument", "StepContext", "Watch", "choose"]
