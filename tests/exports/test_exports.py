"""Each format is read back by the program it is for."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from explorer.errors import InputError
from explorer.exports import EXPORTS, StoredRun, export
from explorer.runs import open_run

RUN = Path(__file__).parents[1] / "files" / "v1" / "run"


def stored(folder: Path = RUN) -> StoredRun:
    return StoredRun(folder, open_run(RUN))


def test_every_format_writes_files_of_its_own(tmp_path: Path) -> None:
    written = export(stored(), tmp_path / "to", [kind.name for kind in EXPORTS])
    assert len(set(written)) == len(written) >= len(EXPORTS)
    assert sorted((tmp_path / "to").iterdir()) == sorted(written)


def test_tables_hold_every_epoch_and_every_step(tmp_path: Path) -> None:
    metrics, steps = export(stored(), tmp_path, ["csv"])
    record = open_run(RUN)
    epochs = list(csv.DictReader(io.StringIO(metrics.read_text(encoding="utf-8"))))
    assert [float(row["validation_loss"]) for row in epochs] == [e.validation["loss"] for e in record.epochs]
    rows = list(csv.DictReader(io.StringIO(steps.read_text(encoding="utf-8"))))
    assert [float(row["loss"]) for row in rows] == record.losses.tolist()
    assert all(None not in row and None not in row.values() for row in rows)  # as many cells as names of columns


def test_safetensors_hold_the_best_weights_with_recipe_and_classes(tmp_path: Path) -> None:
    (path,) = export(stored(), tmp_path, ["safetensors"])
    best = torch.load(RUN / "checkpoints" / "best.pt", weights_only=True)
    with safe_open(path, "pt") as file:
        assert set(file.keys()) == set(best["model"])
        assert all(torch.equal(file.get_tensor(name), tensor) for name, tensor in best["model"].items())
        assert json.loads(file.metadata()["classes"]) == best["classes"]
        assert json.loads(file.metadata()["recipe"]) == json.loads(best["recipe"])


@pytest.mark.parametrize("name", ["pt", "safetensors"])
def test_a_run_without_checkpoints_says_so_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        export(stored(tmp_path), tmp_path / "to", [name])
    assert not (tmp_path / "to").exists()
