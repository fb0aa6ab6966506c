"""The declaration, the list of sources, and what happens to names that are none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from explorer import data
from explorer.data import DataChoice, gauges
from explorer.errors import InputError


@pytest.mark.parametrize(
    "wrong",
    [
        {"fraction": float("nan")},
        {"fraction": float("inf")},
        {"fraction": 0},
        {"fraction": 1.01},
        {"per_class": 0},
        {"name": ""},
        {"colour": "red"},
    ],
)
def test_refuses_what_makes_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DataChoice.model_validate(wrong)


def test_is_frozen_described_and_survives_json() -> None:
    choice = DataChoice(name="gauges", per_class=7)
    assert DataChoice.model_validate_json(choice.model_dump_json()) == choice
    assert hash(choice) == hash(choice.model_copy())
    assert all(field.description for field in DataChoice.model_fields.values())
    with pytest.raises(ValidationError):
        choice.name = "other"  # type: ignore[misc]


def test_importing_and_listing_does_not_import_torch() -> None:
    code = "import sys, explorer.data as d; d.sources(); assert not {'torch', 'PIL'} & set(sys.modules)"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_sources_are_complete() -> None:
    known = {source.name: source for source in data.sources()}
    assert list(known) == ["fashion-mini", "fashion-mnist", "gauges"]
    for source in known.values():
        assert source.title
        assert source.description
        assert source.available == (source.remedy == "")
        assert len(set(source.classes)) == len(source.classes)
    assert known["gauges"].ordered
    assert not known["fashion-mini"].ordered


@pytest.mark.parametrize("name", ["fashion-mini", "gauges"])
def test_what_a_source_promises_is_what_is_loaded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "VALIDATION_PER_CLASS", 1)
    monkeypatch.setattr(gauges, "TEST_PER_CLASS", 1)
    source = next(source for source in data.sources() if source.name == name)
    loaded = data.load(DataChoice(name=name, per_class=1))
    assert (loaded.name, loaded.classes, loaded.ordered) == (name, source.classes, source.ordered)
    assert tuple(loaded.test.images.shape[1:]) == source.shape


def test_unknown_name_lists_the_known_ones_and_suggests() -> None:
    with pytest.raises(InputError, match=r"“Guages”.*Did you mean gauges.*fashion-mini, fashion-mnist"):
        data.load(DataChoice(name="Guages"))
    with pytest.raises(InputError) as caught:
        data.load(DataChoice(name="zzz"))
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize("name", ["no/such/folder", "~nobody-has-this-name/x", "x" * 5000, "a\0b"])
def test_odd_paths_are_refused_kindly(name: str) -> None:
    with pytest.raises(InputError, match="folder"):
        data.load(DataChoice(name=name))


def test_a_file_is_no_folder_and_a_seed_is_not_negative(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    file.touch()
    with pytest.raises(InputError, match="is a file"):
        data.load(DataChoice(name=str(file)))
    with pytest.raises(InputError, match="seed is -1"):
        data.load(DataChoice(), seed=-1)
