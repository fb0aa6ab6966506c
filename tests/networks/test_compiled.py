"""The door to torchvision, with and without operators that load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from explorer.networks import compiled

ROOT = Path(__file__).parents[2]


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Schemas that were declared in place of torch's own registration, which knows no taking back."""
    seen: list[str] = []

    class Library:
        def __init__(self, namespace: str, kind: str) -> None:
            assert (namespace, kind) == ("torchvision", "DEF")

        def define(self, schema: str) -> None:
            seen.append(schema)

    monkeypatch.setattr(torch.library, "Library", Library)
    monkeypatch.setattr(compiled, "_libraries", [])
    return seen


def test_operators_that_load_are_left_alone(
    tmp_path: Path, declared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "_C.so").touch()
    loaded: list[Path] = []
    monkeypatch.setattr(torch.ops, "load_library", loaded.append)
    assert not compiled.declare(tmp_path)
    assert loaded == [tmp_path / "_C.so"]
    assert declared == []


@pytest.mark.parametrize("file", ["_C.so", "_C.pyd"])
def test_operators_that_do_not_load_are_declared(tmp_path: Path, declared: list[str], file: str) -> None:
    (tmp_path / file).write_text("no library")
    assert compiled.declare(tmp_path)
    assert [schema.partition("(")[0] for schema in declared] == ["nms", "qnms"]


def test_operators_that_are_not_there_are_declared(tmp_path: Path, declared: list[str]) -> None:
    assert compiled.declare(tmp_path)
    assert len(declared) == 2


def test_torchvision_imports_whatever_was_compiled_and_a_second_time_changes_nothing() -> None:
    code = (
        "from explorer.networks import compiled; compiled.prepare(); before = len(compiled._libraries); "
        "models = compiled.models(); compiled.prepare(); assert len(compiled._libraries) == before; "
        "from torchvision.transforms import v2; print(models.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "torchvision.models"
