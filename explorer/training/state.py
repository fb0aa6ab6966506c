"""Where a run stands: how far it has come, and the best that it has seen. Checkpoints keep it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from explorer.errors import InputError
from explorer.i18n import Message


@dataclass
class Standing:
    """Steps and epochs done, the validation loss of each epoch, and the best epoch of the network that there is now."""

    step: int = 0
    epoch: int = 0
    losses: list[float] = field(default_factory=list)
    rebuilt: list[int] = field(default_factory=list)
    """Epochs that were done whenever it became another network."""
    since: dict[str, int] = field(default_factory=dict)
    """Epochs that were done when a technique began to count them, by its name."""
    best_epoch: int = 0
    best_loss: float = math.inf
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def measured(self, loss: float, weights: Callable[[], dict[str, Tensor]]) -> bool:
        """One more epoch is done, with this validation loss; whether it is the best. Then its `weights` are kept."""
        self.epoch += 1
        self.losses.append(loss)
        if best := loss < self.best_loss:
            self.best_epoch, self.best_loss, self.best_weights = self.epoch, loss, weights()
        return best

    def start_anew(self) -> None:
        """It is another network from here: the best is looked for anew, and losses are counted from here."""
        self.best_loss = math.inf
        self.rebuilt.append(self.epoch)

    def content(self) -> dict[str, Any]:
        """What `standing` reads."""
        best = [self.best_epoch, self.best_loss]
        return {
            "step": self.step, "epoch": self.epoch, "losses": self.losses, "rebuilt": self.rebuilt,
            "since": self.since, "best": best,
        }  # fmt: skip


def standing(path: Path, content: dict[str, Any]) -> Standing:
    """Where the run stood whose checkpoint `path` holds `content`, but for its best. Raises InputError."""
    start: dict[str, Any] = {"step": 0, "epoch": 0, "losses": [], "rebuilt": [], "since": {}}
    found = [content.get(key, empty) for key, empty in start.items()]
    plain = all(isinstance(value, type(empty)) for value, empty in zip(found, start.values(), strict=True))
    step, epoch, losses, rebuilt, since = found
    if (
        plain
        and 0 <= epoch <= step
        and all(isinstance(loss, float) for loss in losses)
        and all(isinstance(at, int) and 0 <= at <= len(losses) for at in (*rebuilt, *since.values()))
    ):
        return Standing(step, epoch, losses, sorted(rebuilt), dict(since))
    raise InputError(
        Message("{path} does not say how far its run had come. Use another checkpoint of the run.", path=path)
    )
