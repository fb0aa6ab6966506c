"""What an export is: a stored run as files of one format, names and bytes; writing them is done in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.errors import InputError
from explorer.i18n import N_, Message
from explorer.runs import RunRecord
from explorer.training.checkpoint_path import best_checkpoint

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class StoredRun:
    """A run to be exported: its folder, and its events folded."""

    folder: Path
    record: RunRecord


@dataclass(frozen=True)
class Export:
    """One format. `files` yields (file name, content) and raises InputError where the run lacks what it needs."""

    name: str
    """As --format takes it."""
    title: str
    """What it is for, marked for translation."""
    files: Callable[[StoredRun], Iterator[tuple[str, bytes]]]


def no_checkpoint(run: StoredRun, name: str) -> InputError:
    """What to say where the format `name` needs a checkpoint and the run has none."""
    text = N_("The run in {folder} has no checkpoint: one is written after each epoch. Leave out {format}.")
    return InputError(Message(text, folder=run.folder, format=name))


def best_network(run: StoredRun, name: str) -> tuple[nn.Module, Tensor]:
    """The best network of the run in evaluation mode, and two images for it, float32 in [0, 1].

    Raises InputError that names the format `name` if the run has no checkpoint.
    """
    import torch

    from explorer.training.trained import load_trained

    path = best_checkpoint(run.folder)
    if path is None:
        raise no_checkpoint(run, name)
    trained = load_trained(path)
    facts = trained.facts
    return trained.model, torch.rand((2, facts.channels, facts.size, facts.size))


@contextmanager
def package(name: str, *packages: str) -> Iterator[None]:
    """Around imports that the format `name` needs: raises InputError with the remedy if one of `packages` lacks."""
    try:
        yield
    except ImportError:
        text = N_("The format {format} needs the package {package}: pip install {package}")
        raise InputError(Message(text, format=name, package=" ".join(packages))) from None
