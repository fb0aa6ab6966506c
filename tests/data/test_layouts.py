"""Folders as people bring them: what is understood, what is said, what is refused and with which folder instead."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import data
from explorer.data import DataChoice
from explorer.data.folder import find
from explorer.data.names import part_of
from explorer.data.source import FREE, TEST, TRAINING, VALIDATION
from explorer.errors import InputError

Files = dict[str, "int | bytes | Callable[[Path], None]"]
"""Path below the folder → so many different pictures in it, the bytes of a file, or what makes it."""


def picture(seed: int, size: int = 8, kind: str = "PNG", **options: object) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    written = BytesIO()
    Image.fromarray(pixels).save(written, kind, **options)
    return written.getvalue()


def build(root: Path, files: Files) -> Path:
    """No two pictures alike."""
    seed = 0
    root.mkdir(parents=True, exist_ok=True)
    for name, what in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, bytes):
            place.write_bytes(what)
        elif isinstance(what, int):
            place.mkdir(parents=True, exist_ok=True)
            for index in range(what):
                seed += 1
                (place / f"{index}.png").write_bytes(picture(seed))
        else:
            what(place)
    return root


def load(root: Path, **asked: object) -> data.ImageData:
    return data.load(DataChoice.model_validate({"name": str(root), **asked}))


def counts(loaded: data.ImageData) -> list[list[int]]:
    """Of each class in training, validation and test."""
    n = len(loaded.classes)
    return [split.labels.bincount(minlength=n).tolist() for split in (loaded.training, loaded.validation, loaded.test)]


SAME = picture(1_000_000)
GIANT = BytesIO()
Image.new("1", (20_000, 20_000)).save(GIANT, "PNG")
BOMB = GIANT.getvalue()
BROKEN_EXIF = (
    b"Exif\0\0II*\0\x08\0\0\0\x02\0"
    + b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
    + b"\x0e\x01\x02\0\xff\xff\0\0\xff\xff\xff\x7f"
)
"""Turned by 90 degrees, and then a description that lies beyond the end of the file."""


def link_to(target: str) -> Callable[[Path], None]:
    return lambda place: place.symlink_to(target, target_is_directory=True)


@dataclass
class Case:
    """What a folder holds, and what becomes of it."""

    files: Files
    classes: str = ""
    """Separated by blanks, in order."""
    counts: list[list[int]] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    """Patterns, one for each note in order."""
    refused: tuple[str, ...] = ()
    """Patterns that the refusal has."""
    choose: str = ""
    """The folder chosen, below the root."""
    asked: dict[str, object] = field(default_factory=dict)


PLAIN: Files = {"cat": 20, "dog": 20}
EACH_20 = [[14, 14], [3, 3], [3, 3]]

CASES = {
    "plain": Case(PLAIN, "cat dog", EACH_20),
    "notebook leftovers": Case({**PLAIN, ".ipynb_checkpoints": 20, "cat/.ipynb_checkpoints": 20}, "cat dog", EACH_20),
    "thumbnails of a NAS": Case({**PLAIN, "@eaDir": 20, "cat/@eaDir": 20, "dog/@eaDir/1.png": 3}, "cat dog", EACH_20),
    "resource forks": Case({**PLAIN, "__MACOSX/cat": 20, "__MACOSX/dog": 20, "cat/._0.png": b"x"}, "cat dog", EACH_20),
    "bins": Case({**PLAIN, "$RECYCLE.BIN": 5, ".Trashes": 5, "#recycle": 5, "lost+found": 5}, "cat dog", EACH_20),
    "databases of thumbnails": Case(
        {**PLAIN, "cat/Thumbs.db": b"x", "cat/.DS_Store": b"x", "dog/desktop.ini": b"x"}, "cat dog", EACH_20
    ),
    "system folders in capitals": Case({**PLAIN, "cat/@EADIR": 4, "$Recycle.Bin": 4}, "cat dog", EACH_20),
    "training and test": Case(
        {"train/cat": 20, "train/dog": 20, "test/cat": 4, "test/dog": 5}, "cat dog", [[17, 17], [3, 3], [4, 5]]
    ),
    "training and validation": Case(
        {"Training/cat": 20, "Training/dog": 20, "valid/cat": 4, "valid/dog": 5}, "cat dog", [[17, 17], [4, 5], [3, 3]]
    ),
    "all three": Case(
        {"train/a": 9, "train/b": 9, "val/a": 3, "val/b": 3, "test/a": 2, "test/b": 2}, "a b", [[9, 9], [3, 3], [2, 2]],
    ),
    "as from Kaggle, unlabelled part": Case(
        {"seg_train/seg_train/sea": 20, "seg_train/seg_train/ice": 20, "seg_test/seg_test/sea": 10,
         "seg_test/seg_test/ice": 10, "seg_pred/seg_pred": 7},
        "ice sea", [[17, 17], [3, 3], [10, 10]], notes=(r"Neither part nor class, and left out: seg_pred",),
    ),
    "test without classes": Case(
        {"train/a": 20, "train/b": 20, "test": 6}, "a b", EACH_20, notes=(r"6 pictures lie beside the classes.*test/0",)
    ),
    "training alone": Case(
        {"train/a": 20, "train/b": 20}, "a b", EACH_20,
        notes=(r"The pictures are those in .*train",),
    ),
    "training alone beside strangers": Case(
        {"train/a": 20, "train/b": 20, "docs": 2}, refused=(r"lie in .*train.*\(a, b\)",)
    ),
    "parts beside strangers": Case(
        {"train/a": 20, "train/b": 20, "test/a": 5, "test/b": 5, "screenshots": 2}, "a b", [[17, 17], [3, 3], [5, 5]],
        notes=(r"left out: screenshots",),
    ),
    "a class that exists only in test": Case(
        {"train/a": 20, "train/b": 20, "test/a": 5, "test/b": 5, "test/c": 5}, "a b", [[17, 17], [3, 3], [5, 5]],
        notes=(r"no such class to train on.*test/c",),
    ),
    "a class that is missing in test": Case(
        {"train/a": 20, "train/b": 20, "test/a": 5}, "a b", [[17, 17], [3, 3], [5, 0]],
        notes=(r"without a picture for the test: b",),
    ),
    "classes written differently": Case(
        {"train/Cat": 20, "train/Dog": 20, "test/cat": 5, "test/dog": 5}, "Cat Dog", [[17, 17], [3, 3], [5, 5]]
    ),
    "parts in Russian": Case(
        {"обучение/а": 20, "обучение/б": 20, "тест/а": 5, "тест/б": 5}, "а б", [[17, 17], [3, 3], [5, 5]]
    ),
    "a train is a class, too": Case(
        {"train": 20, "car": 20, "ship": 20}, "car ship train", [[14] * 3, [3] * 3, [3] * 3],
    ),
    "parts without classes": Case({"train": 20, "test": 10}, refused=(r"parts train, test", r"0 sub-folders")),
    "parts with one class": Case({"train/a": 20, "test/a": 9}, refused=(r"parts", r"1 sub-folder")),
    "test and validation alone": Case(
        {"val/a": 9, "val/b": 9, "test/a": 9, "test/b": 9}, refused=(r"parts val, test", r"0 sub-folders")
    ),
    "a folder within a folder": Case(
        {"archive/pets/cat": 20, "archive/pets/dog": 20}, "cat dog", EACH_20, notes=(r"those in .*archive/pets",)
    ),
    "an archive with a note beside": Case(
        {"pets/cat": 20, "pets/dog": 20, "readme.png": SAME}, "cat dog", EACH_20, notes=(r"those in .*pets",)
    ),
    "parts within an archive": Case(
        {"set/train/a": 20, "set/train/b": 20, "set/test/a": 5, "set/test/b": 5}, "a b", [[17, 17], [3, 3], [5, 5]],
        notes=(r"those in .*set",),
    ),
    "classes and trimmings one level too high": Case(
        {"pets/cat": 30, "pets/dog": 30, "docs": 3}, refused=(r"Choose .*/pets", r"\(cat, dog\)")
    ),
    "several sets": Case(
        {"original/a": 9, "original/b": 9, "augmented/a": 9, "augmented/b": 9}, refused=(r"same classes \(a, b\)",)
    ),
    "folds": Case({"fold1/a": 9, "fold1/b": 9, "fold2/a": 9, "fold2/b": 9}, refused=(r"such as .*fold1",)),
    "sub-folders within classes": Case(
        {"ill/p1": 10, "ill/p2": 10, "well/p3": 10, "well/p4": 10}, "ill well", EACH_20
    ),
    "one class chosen": Case(
        PLAIN, choose="cat",
        refused=(r"20 pictures lie in it without a class", r"Did you mean .*cat, dog"),
    ),
    "pictures without classes": Case({".": 12}, refused=(r"0 sub-folders", r"12 pictures lie in it without a class")),
    "an empty folder": Case({}, refused=(r"0 sub-folders",)),
    "nothing that can be read": Case(
        {"a/1.xcf": b"x", "a/2.xcf": b"x", "b/1.txt": b"x"}, refused=(r"not read: 2 × \.xcf, 1 × \.txt",)
    ),
    "pictures beside the classes": Case(
        {**PLAIN, "logo.png": SAME}, "cat dog", EACH_20,
        notes=(r"1 picture lies beside.*logo",),
    ),
    "an empty class": Case({**PLAIN, "fox": 0}, "cat dog", EACH_20, notes=(r"without pictures are no classes: fox\.",)),
    "a class of unread files": Case(
        {**PLAIN, "fox/1.xcf": b"x", "fox/2.xcf": b"x"}, "cat dog", EACH_20, notes=(r"fox \(2 × \.xcf\)",)
    ),
    "a suffix that is not read": Case(
        {**PLAIN, "cat/1.txt": b"x", "cat/a.heicx": b"x", "dog/b.heicx": b"x", "dog/plain": b"x"}, "cat dog", EACH_20,
        notes=(r"not read: 2 × \.heicx, 1 × .*",),
    ),
    "a class of JFIF": Case(
        {"cat": 10, **{f"dog/{i}.jfif": picture(500 + i, kind="JPEG") for i in range(10)}}, "cat dog",
        [[6, 6], [2, 2], [2, 2]],
    ),
    "suffixes in capitals and lies": Case(
        {"cat": 10, **{f"dog/{i}.JPG": picture(500 + i) for i in range(10)}}, "cat dog", [[6, 6], [2, 2], [2, 2]]
    ),
    "a giant picture": Case(
        {**PLAIN, "cat/giant.png": BOMB}, "cat dog", EACH_20,
        notes=(r"1 of 41 .*cat/giant\.png \(too large to decode safely\)",),
    ),
    "an empty file": Case(
        {**PLAIN, "cat/empty.png": b""}, "cat dog", EACH_20,
        notes=(r"cat/empty\.png \(an empty file\)",),
    ),
    "no picture": Case(
        {**PLAIN, "cat/page.png": b"<html>"}, "cat dog", EACH_20,
        notes=(r"cat/page\.png \(not a picture\)",),
    ),
    "cut off": Case(
        {**PLAIN, "cat/half.jpg": picture(7, 64, "JPEG")[:900]}, "cat dog", EACH_20,
        notes=(r"half\.jpg \(the file is cut short\)",)
    ),
    "a broken one among few": Case(
        {"a": 3, "b": 3, "a/x.png": b"x"}, "a b", [[1, 1], [1, 1], [1, 1]],
        notes=(r"1 of 7", r"a \(3\), b \(3\)"),
    ),
    "a class that cannot be read": Case(
        {**PLAIN, "fox/1.png": b"x", "fox/2.png": b"x"}, "cat dog", EACH_20,
        notes=(r"2 of 42", r"few pictures.*fox \(0\)", r"to train on, .*: fox", r"validation: fox", r"test: fox"),
    ),
    "one readable class": Case({"a": 20, "b/1.png": b"x"}, refused=(r"in 1 class",)),
    "broken EXIF": Case(
        {**PLAIN, "cat/a.jpg": picture(7, 16, "JPEG", exif=BROKEN_EXIF)}, "cat dog", [[15, 14], [3, 3], [3, 3]]
    ),
    "few pictures": Case({"a": 3, "b": 20}, "a b", [[1, 14], [1, 3], [1, 3]], notes=(r"few pictures.*a \(3\)",)),
    "two pictures": Case({"a": 2, "b": 20}, "a b", [[1, 14], [1, 3], [0, 3]], notes=(r"a \(2\)", r"for the test: a")),
    "one picture": Case(
        {"a": 1, "b": 20}, "a b", [[1, 14], [0, 3], [0, 3]],
        notes=(r"a \(1\)", r"for validation: a", r"for the test: a")
    ),
    "nothing to test on": Case({"a": 2, "b": 1}, refused=(r"too few different pictures", r"at least 3")),
    "copies of one picture": Case(
        {**PLAIN, **{f"cat/copy{i}.png": SAME for i in range(6)}}, "cat dog", [[18, 14], [4, 3], [4, 3]],
        notes=(r"5 pictures are copies",),
    ),
    "nothing but copies": Case(
        {**{f"a/{i}.png": SAME for i in range(12)}, **{f"b/{i}.png": picture(8) for i in range(12)}},
        refused=(r"too few different pictures",),
    ),
    "one picture in two classes": Case(
        {**PLAIN, "cat/same.png": SAME, "dog/same.png": SAME}, "cat dog", [[15, 15], [3, 3], [3, 3]],
        notes=(r"1 picture is a copy", r"several classes: cat/same\.png, dog/same\.png"),
    ),
    "a test picture in training": Case(
        {"train/a": 20, "train/b": 20, "test/a": 5, "test/b": 5, "train/a/leak.png": SAME, "test/a/leak.png": SAME},
        "a b", [[17, 17], [3, 3], [6, 5]], notes=(r"1 picture is a copy", r"left out of the others: train/a/leak\.png"),
    ),
    "more than there is": Case(
        PLAIN, asked={"per_class": 15},
        refused=(r"15 training images.*only 14 of the class “cat”",),
    ),
    "odd names": Case(
        {"#1 %41?": 20, "a'b\"c; [bold]": 20, "кот 🐈": 20}, "", [[14] * 3, [3] * 3, [3] * 3]
    ),
    "names with blanks at the end": Case({"a ": 20, "a": 20}, "", EACH_20),
    "a circle of links": Case({**PLAIN, "cat/again": link_to("..")}, "cat dog", EACH_20),
    "a class that is a link": Case(
        {"pets/cat": 20, "pets/dog": 20, "mine/cat": link_to("../pets/cat"), "mine/dog": link_to("../pets/dog")},
        "cat dog", EACH_20, choose="mine",
    ),
    "a link to nowhere": Case(
        {**PLAIN, "cat/gone.png": link_to("nowhere.png")}, "cat dog", EACH_20,
        notes=(r"gone\.png \(it is no longer there\)",),
    ),
    "deep": Case({f"{'d/' * 60}pets/cat": 20, f"{'d/' * 60}pets/dog": 20}, "cat dog", EACH_20, notes=(r"those in",)),
    "numbers": Case({"10": 20, "9": 20}, "9 10", EACH_20, notes=(r"not mirrored",)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_becomes_of(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    root = build(tmp_path / "root", case.files) / case.choose
    if case.refused:
        with pytest.raises(InputError) as caught:
            load(root, **case.asked)
        for pattern in case.refused:
            assert caught.match(pattern)
        return
    loaded = load(root, **case.asked)
    if case.classes:
        assert " ".join(loaded.classes) == case.classes
    assert counts(loaded) == case.counts
    assert len(loaded.notes) == len(case.notes), loaded.notes
    for note, pattern in zip(map(str, loaded.notes), case.notes, strict=True):
        assert re.search(pattern, note), note


@pytest.mark.parametrize(
    ("part", "names"),
    [
        (TRAINING, "train Train TRAIN training seg_train train_set TrainSet trainset train-images train1 Обучение"),
        (VALIDATION, "val valid Validation dev eval val_data ValidationSet seg_val Валидация"),
        (TEST, "test Testing test_set testset TestImages seg_test tst holdout Тест тестовая_выборка"),
        (FREE, "cat trainer contest latest training_shoes seg_pred images set testament vale my_dataset 1"),
    ],
)
def test_names_of_parts(part: int, names: str) -> None:
    assert [part_of(name) for name in names.split()] == [part] * len(names.split())


def test_a_wrong_folder_is_refused_before_anything_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "open", None)
    build(tmp_path / "right", {"a/1.png": SAME, "b/1.png": SAME})
    assert find(tmp_path / "right").classes == ("a", "b")
    with pytest.raises(InputError, match="0 sub-folders"):
        find(tmp_path / "right" / "a")


def test_no_copy_is_ever_in_two_parts(tmp_path: Path) -> None:
    """Neither of the file nor of its pixels in another format, whatever the numbers of copies."""
    rng = np.random.default_rng(0)
    for label in "ab":
        for unit in range(12):
            pixels = Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8))
            for copy in range(int(rng.integers(1, 6))):
                place = tmp_path / label / f"{unit}-{copy}.{('png', 'bmp', 'tiff')[copy % 3]}"
                place.parent.mkdir(exist_ok=True)
                pixels.save(place)
    loaded = load(tmp_path)
    splits = (loaded.training, loaded.validation, loaded.test)
    seen = [{image.numpy().tobytes() for image in split.images} for split in splits]
    assert all(seen)
    assert len(set.union(*seen)) == sum(map(len, seen))
    assert sum(len(split.labels) for split in splits) == sum(1 for _ in tmp_path.rglob("*.*"))


def test_a_picture_that_is_added_moves_few_of_the_others(tmp_path: Path) -> None:
    root = build(tmp_path, {"a": 60, "b": 60})
    before = {image.numpy().tobytes() for image in load(root).test.images}
    for seed in range(3):
        (root / "a" / f"new{seed}.png").write_bytes(picture(2_000_000 + seed))
    after = {image.numpy().tobytes() for image in load(root).test.images}
    assert len(before - after) <= 2


@pytest.mark.skipif(os.name == "nt", reason="there it is no name")
def test_names_that_are_no_text(tmp_path: Path) -> None:
    root = build(tmp_path / "root", {"a": 12, "b": 12})
    shutil.move(os.fsencode(root / "b"), os.fsencode(root) + b"/caf\xe9")
    loaded = load(root)
    assert counts(loaded) == [[8, 8], [2, 2], [2, 2]]
    assert all(name.encode() for name in loaded.classes)
    assert all(str(note).encode() for note in loaded.notes)
