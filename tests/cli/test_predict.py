"""`predict` as a person uses it."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.cli.commands import main
from explorer.training.metrics import to_float
from explorer.training.trained import load_network

RUN = str(Path(__file__).parent.parent / "files" / "v1" / "run")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("b.png", "a2.jpg", "a10.png", "deep/c.webp"):
        Image.fromarray(rng.integers(0, 256, (40, 60, 3), np.uint8)).save(tmp_path / "in" / name)
    (tmp_path / "in" / "broken.png").write_bytes(b"\x89PNG and no more")
    (tmp_path / "in" / ".hidden.png").write_bytes(b"")
    (tmp_path / "in" / "notes.txt").write_text("none")
    return tmp_path / "in"


def test_a_folder_in_natural_order_and_what_cannot_be_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", RUN, str(folder), "--top", "2"]) == 0
    said = capsys.readouterr()
    names = [line.partition(":")[0] for line in said.out.splitlines()]
    assert names == [str(folder / name) for name in ("a2.jpg", "a10.png", "b.png", "deep/c.webp")]
    assert all(line.count("%") == 2 for line in said.out.splitlines())
    assert "broken.png (" in said.err
    assert "28 × 28" in said.err
    assert "in grey" in said.err


def test_probabilities_are_the_networks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "square.png"
    picture = np.random.default_rng(1).integers(0, 256, (28, 28), np.uint8)
    Image.fromarray(picture).save(path)
    assert main(["predict", RUN, str(path), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    wanted = load_network(RUN)(to_float(torch.from_numpy(picture)[None, None])).softmax(1)[0]
    assert sorted(found["probabilities"].values()) == pytest.approx(sorted(wanted.tolist()), abs=1e-5)
    assert found["answer"] == next(iter(found["probabilities"]))

    assert main(["predict", RUN, str(path), "--csv"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row["answer"] == found["answer"]
    assert float(row["Sneaker"]) == pytest.approx(found["probabilities"]["Sneaker"])


def test_what_it_looked_at_is_written_once(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = ["predict", RUN, str(folder), "--cam", str(tmp_path / "cam"), "--class", "Bag"]
    assert main(order) == 0
    written = {path.relative_to(tmp_path / "cam").as_posix() for path in (tmp_path / "cam").rglob("*.png")}
    assert written == {"a2.jpg.png", "a10.png.png", "b.png.png", "deep/c.webp.png"}
    assert Image.open(tmp_path / "cam" / "b.png.png").size == (448, 224)
    assert main(order) == 2
    assert "there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([RUN, "nowhere.png"], "There is no file and no folder nowhere.png"),
        (["nowhere", RUN + "/run.sqlite"], "no checkpoint"),
        ([RUN, RUN + "/run.sqlite"], "None of the pictures can be read"),
        ([RUN, RUN], "holds no picture"),
        ([RUN, RUN + "/run.sqlite", "--class", "Snaeker"], "Did you mean Sneaker?"),
    ],
)
def test_bad_input_is_named(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("top", ["0", "-1", "two"])
def test_a_number_of_classes_that_is_none_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], top: str
) -> None:
    assert main(["predict", RUN, str(folder), f"--top={top}"]) == 2
    assert "from 1 on" in capsys.readouterr().err


def test_two_pictures_of_one_name_never_become_one_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.png").write_bytes((folder / "b.png").read_bytes())
    assert main(["predict", RUN, str(folder), str(tmp_path / "other"), "--cam", str(tmp_path / "seen")]) == 2
    said = capsys.readouterr()
    assert "b.png.png" in said.err
    assert not said.out
    assert not (tmp_path / "seen").exists()
