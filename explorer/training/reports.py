"""What is told of steps: their losses stay on the device until a report is worth the wait for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from explorer.events import StepDone
from explorer.training.control import Diverged

STEPS_PER_REPORT_ON_GPU = 16  # reading a loss waits for the GPU; one wait for so many steps costs nothing measurable


class Reports:
    """Steps that are done and not yet told."""

    def __init__(self, device: torch.device) -> None:
        self._most = 1 if device.type == "cpu" else STEPS_PER_REPORT_ON_GPU
        self._unsaid: list[tuple[Tensor, dict[str, Any]]] = []

    def step(self, loss: Tensor, cross_entropy: Tensor, at_once: bool, **values: Any) -> Iterator[StepDone]:
        """One more, with its loss as it was optimised and with the true labels (scalars); tell it if it is time."""
        self._unsaid.append((torch.stack([loss.detach(), cross_entropy]), values))
        if at_once or len(self._unsaid) >= self._most:
            yield from self.rest()

    def rest(self) -> Iterator[StepDone]:
        """All that are not yet told, with one transfer for their losses. Raises Diverged."""
        if not self._unsaid:
            return
        unsaid, self._unsaid = self._unsaid, []
        losses = torch.stack([both for both, _values in unsaid]).tolist()
        for (loss, true), (_both, values) in zip(losses, unsaid, strict=True):
            known = None if math.isnan(true) and math.isfinite(loss) else true  # every image of the batch is mixed
            yield StepDone(loss=loss, cross_entropy=known, **values)
            if not math.isfinite(loss):
                raise Diverged
