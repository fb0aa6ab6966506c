"""A run's numbers as rows: what each column holds, also of a run that has none yet."""

from __future__ import annotations

import math

from explorer.events import EpochDone, StepDone
from explorer.exports.tables import metrics, steps
from explorer.runs import RunRecord


def test_a_row_for_each_epoch_with_each_metric_of_both_parts() -> None:
    made = [
        EpochDone(
            epoch=n,
            step=7 * n,
            train={"loss": 2 / n, "accuracy": 0.5},
            validation={"loss": 3 / n, "accuracy": 0.4},
            best=True,
            seconds=1.23456,
            images_per_second=99.96,
        )
        for n in (1, 2)
    ]
    table = metrics(RunRecord.of(made))
    assert table.header == [
        "epoch", "step", "seconds", "images_per_second",
        "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
    ]  # fmt: skip
    assert table.rows == [[1, 7, 1.2346, 100.0, 2.0, 0.5, 3.0, 0.4], [2, 14, 1.2346, 100.0, 1.0, 0.5, 1.5, 0.4]]


def test_a_row_for_each_step_with_the_rate_of_the_head() -> None:
    values = {"epoch": 0, "images": 4, "seconds": 0.5}
    made = [
        StepDone(step=1, loss=2.0, lr=(0.1, 0.2), cross_entropy=1.5, **values),  # type: ignore[arg-type]
        StepDone(step=2, loss=1.0, lr=(0.1, 0.3), cross_entropy=None, **values),  # type: ignore[arg-type]
    ]
    table = steps(RunRecord.of(made))
    assert table.header == ["step", "loss", "lr", "seconds", "cross_entropy"]
    assert table.rows[0] == [1, 2.0, 0.2, 0.5, 1.5]
    assert isinstance(table.rows[0][0], int)
    assert table.rows[1][:4] == [2, 1.0, 0.3, 0.5]
    assert math.isnan(table.rows[1][4])


def test_a_run_without_numbers_is_an_empty_table() -> None:
    assert (metrics(RunRecord()).rows, steps(RunRecord()).rows) == ([], [])
    assert metrics(RunRecord()).header[:2] == ["epoch", "step"]
