"""A run as TensorBoard reads it: scalars, gradient norms per layer, the last samples, the recipe."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from explorer.events import SampleGrid
from explorer.exports.base import Export, StoredRun, package
from explorer.i18n import N_
from explorer.runs import RunRecord


def files(run: StoredRun) -> Iterator[tuple[str, bytes]]:
    """Files called events.out.tfevents…; raises InputError where the package tensorboard is not installed."""
    with package(EXPORT.name, "tensorboard"):
        from torch.utils.tensorboard import SummaryWriter
    with tempfile.TemporaryDirectory() as folder:
        with SummaryWriter(folder) as writer:
            _write(writer, run.record)
        for path in sorted(Path(folder).iterdir()):  # hparams are a file of their own
            yield path.name, path.read_bytes()


def _write(writer: Any, record: RunRecord) -> None:
    began = record.started.time if record.started else 0.0
    seconds = began + np.cumsum(record.series.steps.rows[:, 3])
    times = dict(zip(record.series.steps.numbers.tolist(), seconds.tolist(), strict=True))

    def scalar(tag: str, value: float, step: float) -> None:
        writer.add_scalar(tag, value, int(step), times.get(float(step), began))

    for tag, values in (
        ("step/loss", record.series.steps.losses),
        ("step/cross_entropy", record.series.steps.cross_entropies),
        ("step/lr", record.series.steps.rates),
    ):
        for step, value in zip(record.series.steps.numbers.tolist(), values.tolist(), strict=True):
            if value == value:
                scalar(tag, value, step)
    for epoch in record.epochs:
        for split in ("train", "validation"):
            for name, value in getattr(epoch, split).items():
                scalar(f"{split}/{name}", value, epoch.step)
    for history in record.series.norms:
        for step, norms in zip(history.steps.tolist(), history.quantity("before"), strict=True):
            for name, norm in zip(history.names, norms.tolist(), strict=True):
                scalar(f"gradient_norm/{name}", norm, step)
    if samples := record.latest(SampleGrid):
        for tag, images in (("samples/before", samples.before), ("samples/after", samples.after)):
            writer.add_images(tag, images, samples.step, times.get(float(samples.step), began))
    writer.add_text("recipe", f"```json\n{json.dumps(record.recipe, indent=2)}\n```", 0, began)
    results = {f"test/{name}": value for name, value in (record.ended.test if record.ended else {}).items()}
    if results:
        writer.add_hparams(dict(_flat(record.recipe)), results, run_name=".", global_step=record.series.steps.last)


def _flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, bool | float | str]]:
    """("techniques.dropout.p", 0.3) and so on: hparams are plain values by name."""
    for name, value in values.items():
        match value:
            case dict():
                yield from _flat(value, f"{prefix}{name}.")
            case bool() | int() | float() | str():
                yield prefix + name, value
            case _:
                yield prefix + name, json.dumps(value)


EXPORT = Export("tensorboard", N_("Event files for TensorBoard"), files)
