"""Where a run keeps its best network; without torch, for whoever only copies it."""

from __future__ import annotations

from pathlib import Path

BEST, LAST = "best.pt", "last.pt"


def best_checkpoint(run: Path) -> Path | None:
    """The best checkpoint of the run in the folder `run`, or the last where there is no best; None if there is none."""
    names = (f"{folder}{name}" for folder in ("checkpoints/", "") for name in (BEST, LAST))
    return next((path for name in names if (path := run / name).is_file()), None)
