"""`inspect` tells what is there before anything is decoded, and what is odd once it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer.__main__ import main

KEYS = {
    "data", "root", "layout", "pictures", "classes", "ordered", "groups", "skipped", "sizes", "view", "decoded",
    "division", "findings", "notes",
}  # fmt: skip


def blobs(seed: int) -> Image.Image:
    """Smooth, as photographs are: of mere noise, JPEG leaves too little to know it again (0.51 apart; this: 0.03)."""
    few = np.random.default_rng(seed).integers(0, 256, (3, 6, 3), np.uint8)
    return Image.fromarray(few).resize((40, 20), Image.Resampling.BICUBIC)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """40 cats and 10 dogs; among them a copy, one stored anew, a broken one, and what nobody reads."""
    root = tmp_path / "pets"
    for label, (name, count) in enumerate({"cat": 40, "dog": 10}.items()):
        (root / name).mkdir(parents=True)
        for index in range(count):
            blobs(100 * label + index).save(root / name / f"{index}.png")
    blobs(7).resize((80, 40), Image.Resampling.BICUBIC).save(root / "cat" / "again.jpg", quality=90)
    blobs(3).save(root / "dog" / "3 again.bmp")
    (root / "cat" / "page.png").write_bytes(b"<html>")
    (root / "cat" / "notes.txt").write_text("x")
    (root / "cat" / ".hidden").write_text("x")
    return root


def inspected(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["inspect", *arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == KEYS
    return told


def test_before_anything_is_decoded(
    pets: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.data.inspection.decoded", None)
    told = inspected(capsys, str(pets), "--no-decoding", "--size", "20")
    assert [(row["name"], row["pictures"], row["free"]) for row in told["classes"]] == [
        ("cat", 42, 42),
        ("dog", 11, 11),
    ]
    assert [(one["count"], one["names"]) for one in told["skipped"]] == [(1, ["1 × .txt"]), (1, ["cat/.hidden"])]
    assert told["sizes"]["median"] == [40, 20]
    assert told["sizes"]["formats"] == {"PNG": 50, "JPEG": 1, "BMP": 1}
    assert told["view"]["cut"] == 0.5
    assert told["division"] is None
    assert [one["kind"] for one in told["findings"]] == ["imbalance"]


def test_what_is_odd_once_decoded(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = inspected(capsys, str(pets), "--size", "20")
    odd = {one["kind"]: one["names"] for one in told["findings"]}
    assert odd == {
        "unreadable": ["cat/page.png (not a picture)"],
        "copies": ["cat/3.png", "dog/3 again.bmp"],
        "copies_across_classes": ["cat/3.png", "dog/3 again.bmp"],
        "near_copies": ["cat/7.png", "cat/again.jpg"],
        "imbalance": ["cat", "dog"],
    }
    assert sum(told["division"].values()) == told["pictures"] == 53
    assert "class_balance" in told["findings"][-1]["text"]


def test_for_people(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(pets)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for words in ("a sub-folder a class", "40 × 20", "1 × .txt", "cat/page.png", "class_balance", "smaller than 64"):
        assert words in printed


def test_a_set_known_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    told = inspected(capsys, "fashion-mini")
    assert told["pictures"] == 10_000
    assert not told["ordered"]


def test_a_wrong_folder_is_refused_with_the_one_that_was_meant(pets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(pets / "cat")]) == 2
    assert f"Did you mean {pets}" in capsys.readouterr().err
