"""The shipped machinery with real, small trainings: one lesson from text to verdict, and unequal classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.cli.commands import main
from explorer.data import ImageData
from explorer.lessons.running import unequal
from tests.lessons import SMALL


def test_a_lesson_is_played_in_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = iter(("x", "7", "2"))
    monkeypatch.setattr("builtins.input", lambda _hint: next(typed))
    assert main(["lesson", "run", str(SMALL), "--seeds", "1", "--ask"]) == 0
    said = capsys.readouterr().out
    assert said.count("no such number") == 2
    assert "Run 2 of 2: with it, seed 0" in said
    assert "(n = 1," in said
    assert "Because." in said


def test_all_files_are_checked_though_one_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = [tmp_path / "one.toml", tmp_path / "two.toml"]
    for path in bad:
        path.write_text("title = 1\n")
    assert main(["lesson", "check", str(bad[0]), str(SMALL), str(bad[1])]) == 2
    said = capsys.readouterr()
    assert "one.toml" in said.err
    assert "two.toml" in said.err
    assert "small.toml is a good lesson" in said.out


def test_lessons_are_listed_and_checked(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert main(["lesson", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert "when-to-stop" in [row["name"] for row in listed]
    assert main(["lesson", "check", str(SMALL)]) == 0
    assert main(["lesson", "run", "when-to-stopp"]) == 2
    assert "Did you mean when-to-stop?" in capsys.readouterr().err


def test_unequal_classes_keep_so_many_training_images_each(tiny: Callable[..., ImageData]) -> None:
    data = tiny(count=48, classes=3)
    less = unequal(data, (4, 2, 1))
    assert less.training.labels.bincount().tolist() == [4, 2, 1]
    for image, label in zip(*less.training, strict=True):
        same = (data.training.images == image).flatten(1).all(dim=1)
        assert label in data.training.labels[same]
    assert less.test is data.test
