"""Each format is read back by the program it is for."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
import torch
from pyarrow import parquet
from safetensors import safe_open

from explorer.errors import InputError
from explorer.exports import EXPORTS, StoredRun, export
from explorer.runs import open_run

RUN = Path(__file__).parents[1] / "files" / "v1" / "run"


def stored(folder: Path = RUN) -> StoredRun:
    return StoredRun(folder, open_run(RUN))


def test_every_format_writes_files_of_its_own(tmp_path: Path) -> None:
    quick = [kind.name for kind in EXPORTS if kind.name != "onnx"]  # 8 s: test_networks_elsewhere writes one
    written = export(stored(), tmp_path / "to", quick)
    assert len(set(written)) == len(written) >= len(quick)
    assert sorted((tmp_path / "to").iterdir()) == sorted(written)


def test_tables_hold_every_epoch_and_every_step(tmp_path: Path) -> None:
    metrics, steps = export(stored(), tmp_path, ["csv"])
    record = open_run(RUN)
    epochs = list(csv.DictReader(io.StringIO(metrics.read_text(encoding="utf-8"))))
    assert [float(row["validation_loss"]) for row in epochs] == [e.validation["loss"] for e in record.epochs]
    rows = list(csv.DictReader(io.StringIO(steps.read_text(encoding="utf-8"))))
    assert [float(row["loss"]) for row in rows] == record.series.steps.losses.tolist()
    assert all(None not in row and None not in row.values() for row in rows)  # as many cells as names of columns


def test_safetensors_hold_the_best_weights_with_recipe_and_classes(tmp_path: Path) -> None:
    (path,) = export(stored(), tmp_path, ["safetensors"])
    best = torch.load(RUN / "checkpoints" / "best.pt", weights_only=True)
    with safe_open(path, "pt") as file:
        assert set(file.keys()) == set(best["model"])
        assert all(torch.equal(file.get_tensor(name), tensor) for name, tensor in best["model"].items())
        assert json.loads(file.metadata()["classes"]) == best["classes"]
        assert json.loads(file.metadata()["recipe"]) == json.loads(best["recipe"])


def test_tensorboard_reads_its_events(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    export(stored(), tmp_path, ["tensorboard"])
    read, record = EventAccumulator(str(tmp_path)).Reload(), open_run(RUN)
    losses = [(e.step, e.value) for e in read.Scalars("validation/loss")]
    assert losses == [(e.step, pytest.approx(e.validation["loss"], rel=1e-6)) for e in record.epochs]
    assert [e.value for e in read.Scalars("step/loss")] == pytest.approx(record.series.steps.losses.tolist(), rel=1e-6)
    times = [e.wall_time for e in read.Scalars("step/loss")]
    assert times == sorted(times)
    assert record.started is not None
    assert times[0] >= record.started.time
    layer = record.series.norms[0].names[0]
    norms = [e.value for e in read.Scalars(f"gradient_norm/{layer}")]
    assert norms == pytest.approx([row[0] for h in record.series.norms for row in h.quantity("before")], rel=1e-6)
    assert {"samples/before/0", "samples/after/0"} <= {
        f"{tag}/0" if "/0" not in tag else tag for tag in read.images.Keys()
    }
    (text,) = read.Tensors("recipe/text_summary")
    assert '"label_smoothing"' in text.tensor_proto.string_val[0].decode()
    assert read.Scalars("test/accuracy")[0].value == pytest.approx(record.ended.test["accuracy"])  # type: ignore[union-attr]


def test_parquet_holds_the_tables_with_types(tmp_path: Path) -> None:
    metrics, steps = export(stored(), tmp_path, ["parquet"])
    record = open_run(RUN)
    read = parquet.read_table(metrics)
    assert read["validation_loss"].to_pylist() == [e.validation["loss"] for e in record.epochs]
    assert [str(read.schema.field(name).type) for name in ("epoch", "validation_loss")] == ["int64", "double"]
    assert parquet.read_table(steps)["loss"].to_pylist() == record.series.steps.losses.tolist()


@pytest.mark.parametrize("name", ["pt", "safetensors", "onnx", "pt2"])
def test_a_run_without_checkpoints_says_so_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        export(stored(tmp_path), tmp_path / "to", [name])
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("name", "module", "packages"),
    [
        ("tensorboard", "torch.utils.tensorboard", "tensorboard"),
        ("parquet", "pyarrow", "pyarrow"),
        ("onnx", "onnxscript", "onnx onnxscript"),
    ],
)
def test_a_package_that_is_not_there_is_named_with_the_remedy(
    name: str, module: str, packages: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=f"pip install {packages}"):
        export(stored(), tmp_path / "to", [name])
    assert not (tmp_path / "to").exists()
