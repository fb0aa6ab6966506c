"""Whoever calls `train` finds the process as it was, however the run ends."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer import train
from explorer.data import ImageData
from explorer.errors import InputError
from explorer.events import Event, RunEnded, StepDone
from explorer.recipe import Recipe
from explorer.techniques import Augmentation, Distillation, Dropout, Initialization, Mixing, Normalization, Skip

OF = Recipe(
    width=4,
    batch_size=8,
    epochs=2,
    lr=0.05,
    device="cpu",
    threads=1,
    techniques=(Augmentation(), Mixing(), Dropout(), Normalization(), Initialization(), Skip()),
)
HOT = OF.with_(lr=100.0, momentum=0.99, techniques=())


def state() -> dict[str, Any]:
    """What a run might leave behind in the process."""
    return {
        "threads": torch.get_num_threads(),
        "denormals": sys.float_info.min / 2,
        "torch": torch.get_rng_state().tolist(),
        "numpy": np.random.get_state()[1].tolist(),  # type: ignore[index, union-attr]
        "python": random.getstate(),
        "dtype": torch.get_default_dtype(),
        "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "switches": sys.getswitchinterval(),
    }


def to_the_end(events: Iterator[Event]) -> None:
    *_events, end = events
    assert isinstance(end, RunEnded)


def closed_in_an_epoch(events: Iterator[Event]) -> None:
    next(event for event in events if isinstance(event, StepDone))
    events.close()  # type: ignore[attr-defined]


def dropped(events: Iterator[Event]) -> None:
    next(events)


@pytest.mark.parametrize("end", [to_the_end, closed_in_an_epoch, dropped])
@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("recipe", [OF, OF.with_(precision="bf16"), HOT], ids=["fp32", "bf16", "diverges"])
def test_the_process_is_as_it_was(
    tiny: Callable[..., ImageData], recipe: Recipe, flush: bool, end: Callable[[Iterator[Event]], None], tmp_path: Path
) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.set_flush_denormal(flush)
    try:
        before = state()
        assert (before["denormals"] == 0) == flush
        end(train(recipe, data=tiny(count=24), checkpoints=tmp_path, instruments="all"))
        assert state() == before
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)


def test_also_where_the_run_is_refused(tiny: Callable[..., ImageData]) -> None:
    before = state()
    with pytest.raises(InputError):
        list(train(OF.switched(Distillation()), data=tiny(count=24)))
    assert state() == before
