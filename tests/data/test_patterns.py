"""Names that tell the class, the group or the part; and groups that are never divided, however they are told."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer import data
from explorer.data import DataChoice, find
from explorer.data.pattern import compiled, suggested
from explorer.data.picture_file import read_picture
from explorer.data.source import TEST, TRAINING
from explorer.errors import InputError
from tests.data.test_layouts import SAME, Files, build, counts, picture


def files(*names: str) -> Files:
    """Each a picture of its own."""
    return {name: picture(n) for n, name in enumerate(names)}


@pytest.mark.parametrize(
    ("pattern", "path", "told"),
    [
        ("{label}.#.*", "cat.0.jpg", {"label": "cat"}),
        ("{label}_#.*", "sea_lion_001.png", {"label": "sea_lion"}),
        ("{label}_*", "train/cat_a.png", {"label": "cat"}),
        ("*_{label}.*", "0001_cat.png", {"label": "cat"}),
        ("{group}-{label}-*", "p7-ill-2.png", {"label": "ill", "group": "p7"}),
        ("{label}/{group}/*", "set/ill/p7/2.png", {"label": "ill", "group": "p7"}),
        ("{label}/{group}_*", "ill/p7_2.png", {"label": "ill", "group": "p7"}),
        ("{group}/*", "ill/p7/2.png", {"group": "p7"}),
        ("{split}/*/{label}?.*", "val/x/a1.png", {"label": "a", "split": "val"}),
        ("{label}_{label}.*", "a_a.png", {"label": "a"}),
        ("{label}_{label}.*", "a_b.png", None),
        ("{label}_#.*", "cat.png", None),
        ("{label}/{group}/*", "p7/2.png", None),
        ("{label} (#).*", "кот (3).jpg", {"label": "кот"}),
        ("[{label}].*", "[a].png", {"label": "a"}),
        (r"(?P<label>[a-z]+)\d", "x/dog12.png", {"label": "dog"}),
        (r"^(?P<group>p\d)/(?P<label>\w+)", "p1/cat/3.png", {"label": "cat", "group": "p1"}),
    ],
)
def test_what_a_pattern_tells(pattern: str, path: str, told: dict[str, str] | None) -> None:
    assert compiled(pattern).told(path) == told


@pytest.mark.parametrize("pattern", ["x", "{lable}_*", "{label", "*", "{}", "{label}{", "(?P<label>x", "(?P<name>x)"])
def test_patterns_that_are_none(pattern: str) -> None:
    with pytest.raises(InputError, match=r"braces|regular expression"):
        compiled(pattern)


@given(st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_written_tells_something_or_is_refused(pattern: str, path: str) -> None:
    try:
        told = compiled(pattern).told(path)
    except InputError:
        return
    assert told is None or set(told) <= {"label", "group", "split"}


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        ([f"{one}.{n}.jpg" for one in ("cat", "dog") for n in range(30)], "{label}.#.*"),
        ([f"{one}_{n:03}.png" for one in ("daisy", "sea_rose") for n in range(30)], "{label}_#.*"),
        ([f"{one} ({n}).png" for one in ("a", "b") for n in range(30)], "{label} (#).*"),
        ([f"{one}{n}.png" for one in ("ill", "well") for n in range(30)], "{label}#.*"),
        ([f"{n}_{one}.png" for one in ("ill", "well") for n in range(30)], "#_{label}.*"),
        ([f"IMG_{n:04}.jpg" for n in range(60)], None),
        ([f"{n:08x}-{n * 7919:08x}.jpg" for n in range(60)], None),
        (["a.png"], None),
        ([], None),
    ],
)
def test_suggestions(names: list[str], pattern: str | None) -> None:
    found = suggested(names)
    assert (found and found[0]) == pattern
    assert not found or sorted(found[1].values()) == [30, 30]


def test_classes_by_name(tmp_path: Path) -> None:
    names = [f"{one}.{n}.png" for one in ("cat", "dog") for n in range(20)]
    root = build(tmp_path, {**files(*names), "logo.png": SAME, "README.txt": b"x"})
    with pytest.raises(InputError, match=r"pattern \{label\}\.#\.\* there are: cat \(20\), dog \(20\)"):
        find(DataChoice(name=str(root)))
    choice = DataChoice(name=str(root), pattern="{label}.#.*")
    found = find(choice)
    assert found.classes == ("cat", "dog")
    assert [str(note) for note in found.remarks] == ["Names that do not fit the pattern: logo.png."]
    assert counts(data.load(choice)) == [[14, 14], [3, 3], [3, 3]]
    with pytest.raises(InputError, match=r"Of 41 pictures .* 41 do not fit .*With the pattern \{label\}\.#\.\*"):
        find(DataChoice(name=str(root), pattern="{label}-#.*"))
    with pytest.raises(InputError, match=r"all pictures .* are of one class, “png”"):
        find(DataChoice(name=str(root), pattern="*.#.{label}"))
    with pytest.raises(InputError, match="tells no class, and no group"):
        find(DataChoice(name=str(build(tmp_path / "x", {"a": 3, "b": 3})), pattern="{split}/*"))


def test_parts_around_names(tmp_path: Path) -> None:
    names = [f"{part}/{one}_{n}.png" for part in ("train", "test") for one in "ab" for n in range(12)]
    found = find(DataChoice(name=str(build(tmp_path, files(*names))), pattern="{label}_#.*"))
    assert {(path.parent.name, part) for path, part in zip(found.paths, found.parts.tolist(), strict=True)} == {
        ("train", TRAINING),
        ("test", TEST),
    }


@pytest.mark.parametrize(
    ("path", "pattern"),
    [("{ab}/p{group}/{n}.png", "{group}/*"), ("{ab}/p{group}_{n}.png", "{group}_#.*"),
     ("p{group}-{ab}-{n}.png", "{group}-{label}-#.*")],
)  # fmt: skip
def test_a_patient_is_never_divided(path: str, pattern: str, tmp_path: Path) -> None:
    """Neither by a level of folders nor by names; and it is said how large the parts are."""
    names = [path.format(ab="ab"[n % 2], group=n % 20 // 2, n=n) for n in range(100)]
    root = build(tmp_path, files(*names))
    choice = DataChoice(name=str(root), pattern=pattern)
    loaded, found = data.load(choice), find(choice)
    shown = {
        image.numpy().tobytes(): part
        for part, split in enumerate((loaded.training, loaded.validation, loaded.test))
        for image in split.images
    }
    parts = defaultdict[str, set[int]](set)
    for file, group in zip(found.paths, found.groups, strict=True):
        parts[group].add(shown[read_picture(file, choice.view).image.tobytes()])
    assert len(parts) == 10
    assert sorted(map(sorted, parts.values())) == [[0]] * 8 + [[1], [2]]
    assert any(str(note).startswith("10 groups, none of them divided: 80 %") for note in loaded.notes), loaded.notes


def test_too_few_groups(tmp_path: Path) -> None:
    root = build(tmp_path, {"a/p1": 20, "a/p2": 20, "b/p1": 20, "b/p2": 20})
    with pytest.raises(InputError, match=r"too few groups to divide \(p1, p2\)"):
        data.load(DataChoice(name=str(root), pattern="{group}/*"))
