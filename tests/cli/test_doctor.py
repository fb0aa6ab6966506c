"""The doctor names what it sees, and each trouble with its remedy."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from explorer.cli.commands import doctor


@pytest.fixture(autouse=True)
def healthy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRAINING_EXPLORER_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(doctor, "SECONDS", 0.01)
    monkeypatch.setattr(doctor, "LITTLE", 0)


def test_a_healthy_machine(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert doctor.examine() == 0
    said = capsys.readouterr().out
    import torch

    assert torch.__version__.partition("+")[0] in said
    assert str(tmp_path / "runs") in said
    assert "GFLOP/s" in said
    assert "No trouble found." in said


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor, "LITTLE", 2e9)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**10, 10**10, 10**8))
    assert any("Only 0.1 GB are free" in trouble for trouble in doctor.troubles())


def test_a_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package",))
    assert list(doctor.troubles()) == ["no-such-package is not installed. Install Training Explorer again."]


def test_a_folder_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_writable", lambda _folder: False)
    assert all("cannot be written" in trouble for trouble in doctor.troubles())
