"""Tables as people bring them: whatever names, delimiters and quotes; what is not there is said by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from explorer import data
from explorer.data import DataChoice, cache, find, look
from explorer.data.source import FREE, TEST, TRAINING, VALIDATION
from explorer.errors import InputError
from tests.data.test_layouts import SAME, build, counts, picture

IDS = [f"{n:03x}" for n in range(40)]
FILES = {f"images/{one}.png": picture(n) for n, one in enumerate(IDS)} | {
    "images/001.txt": b"x", "images/sub/deep.PNG": SAME, "notes.md": b"x",
}  # fmt: skip


def lines(header: str, row: str, delimiter: str = ",") -> str:
    """A row for each picture; in `row` {id} is its name and {ab} its class."""
    rows = (row.format(id=one, ab="ab"[n % 2], n=n, group=n // 8) for n, one in enumerate(IDS))
    return "\n".join((header, *rows)).replace(",", delimiter) + "\n"


@dataclass
class Case:
    """What a table holds, and what becomes of it."""

    table: str | bytes
    classes: str = "a b"
    pictures: int = 40
    notes: tuple[str, ...] = ()
    """Patterns, one for each remark in order."""
    refused: str = ""
    """Pattern of the refusal."""
    name: str = "train.csv"
    asked: dict[str, object] = field(default_factory=dict)


PLAIN = lines("image,label", "{id}.png,{ab}")
SPLIT = lines("image,label,split", "{id},{ab},train")
CASES = {
    "as from Kaggle": Case(lines("id_code,diagnosis", "{id},{ab}")),
    "with the folder": Case(lines("filename,class", "images/{id}.png,{ab}")),
    "with backslashes": Case(lines("filename,class", r"images\{id}.png,{ab}")),
    "absolute": Case(lines("path,target", "ROOT/images/{id}.png,{ab}")),
    "other case": Case(lines("Image ID,Category", "{id}.PNG,{ab}")),
    "in Russian": Case(lines("Файл,Класс", "{id}.png,{ab}")),
    "semicolons": Case(lines("image,label", "{id}.png,{ab}", ";")),
    "tabs": Case(lines("image,label", "{id}.png,{ab}", "\t"), name="train.tsv"),
    "tabs by another name": Case(lines("image,label", "{id}.png,{ab}", "\t")),
    "bars": Case(lines("image,label", "{id}.png,{ab}", "|")),
    "decimal commas": Case(lines("image;age;label", "{id}.png;3,5;{ab}")),
    "BOM": Case("\ufeff" + PLAIN),
    "BOM of UTF-16": Case(PLAIN.encode("utf-16")),
    "Windows' ends of lines": Case(PLAIN.replace("\n", "\r\n")),
    "blank lines": Case(PLAIN.replace("\n", "\n\n")),
    "delimiters at the end": Case(PLAIN.replace("a\n", "a,,\n")),
    "blanks around": Case(lines(" image , label ", " {id}.png , {ab} ")),
    "quotes": Case(
        lines("image,label,text", '"{id}.png","{ab}, big","say ""hi"", and\nmore"'), classes="a, big|b, big"
    ),
    "CP1251": Case(lines("image,label", "{id}.png,кот {ab}").encode("cp1251"), "кот a|кот b", notes=(r"as cp1251",)),
    "Latin-1": Case(lines("image,label", "{id}.png,caf\xe9 {ab}").encode("cp1252"), "café a|café b",
                    notes=(r"as cp1252",)),
    "no header": Case(PLAIN.partition("\n")[2]),
    "two columns of which one is known": Case(lines("id,what", "{id},{ab}")),
    "files known by their suffix": Case(lines("x,y", "{id}.png,{ab}")),
    "the other column has the files": Case(lines("id,scan,label", "{n},{id}.png,{ab}")),
    "named": Case(lines("image,label,breed", "{id},x,{ab}"), asked={"columns": ("label=breed",)}),
    "numbers": Case(lines("image,label", "{id},{ab}").replace(",a", ",10").replace(",b", ",9"), "9 10"),
    "missing files": Case(
        PLAIN + "x1.png,a\nx2.png,b\n", notes=(r"not there: x1\.png, x2\.png",)
    ),
    "files that are not read": Case(PLAIN + "001.txt,a\n", notes=(r"not read: 001\.txt",)),
    "rows without a class": Case(PLAIN.replace("000.png,a", "000.png,"), pictures=39, notes=(r"without .*: 000\.png",)),
    "rows without a file": Case(PLAIN + ",a\n", notes=(r"without a file or a class: –",)),
    "uneven rows": Case(PLAIN + "000.png\n000.png,a,b,c\n", notes=(r"more or fewer cells.*: 42, 43",)),
    "twice": Case(PLAIN + "000.png,a\n", notes=(r"more than one row.*: 000\.png",)),
    "two classes": Case(
        PLAIN + "000.png,b\n", pictures=39, notes=(r"more than one row", r"several classes.*images/000\.png|000\.png")
    ),
    "weights": Case(lines("image,label,weight", "{id},{ab},{n}"), notes=(r"“weight” is not used",)),
    "parts": Case(SPLIT.replace("train", "valid", 9).replace("train", "TEST", 9)),
    "some of no part": Case(
        SPLIT.replace("train", "valid", 9).replace("train", "spare", 3),
        pictures=37, notes=(r"no part such as.*: 009, 00a, 00b",),
    ),
    "folds are no parts": Case(lines("image,label,split", "{id},{ab},{n}"), notes=(r"“split” names no parts",)),
    "order": Case(PLAIN, "b a", asked={"order": ("b", "a")}),
    "another folder": Case(PLAIN, asked={"root": "ROOT/images"}),
    "empty": Case("", refused="is empty"),
    "only a header": Case("image,label\n", refused="no rows"),
    "one column": Case("image\n000.png\n", refused="no table that can be read"),
    "a picture": Case(picture(3), refused="no text"),
    "prose": Case("This is no table, is it?\nNo.\nNot at all, I say, really.\nWell, well, well.\n", refused="cells as"),
    "a quote that is never closed": Case(PLAIN + '"' + "x" * 200_000, refused="near row 42"),
    "no class column": Case(lines("image,foo,bar", "{id},{ab},{ab}"), refused=r"is the class\. There are: image, foo"),
    "no file column": Case(lines("foo,label", "{n},{ab}"), refused=r"is the picture's file.*file=image"),
    "names as classes": Case(lines("image,label", "{id},{id}"), refused="they are no classes"),
    "one class": Case(lines("image,label", "{id},x"), refused="tells 1 class"),
    "nothing is there": Case(lines("image,label", "q{id},{ab}"), refused=r"40 of the 40.*“image”.*root"),
    "no such column": Case(PLAIN, asked={"columns": ("label=labl",)}, refused="Did you mean label"),
    "no such role": Case(PLAIN, asked={"columns": ("class=label",)}, refused="says nothing of a column"),
    "no such folder": Case(PLAIN, asked={"root": "ROOT/nowhere"}, refused="no folder .*nowhere"),
    "parts that are none": Case(
        lines("image,label,fold", "{id},{ab},{n}"), asked={"columns": ("split=fold",)}, refused="names no parts"
    ),
    "an order that lacks one": Case(PLAIN, asked={"order": ("a",)}, refused="name each of them once"),
    "no Parquet": Case(PLAIN, name="train.parquet", refused="not Parquet"),
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("tables"), FILES)


@pytest.mark.parametrize("name", CASES)
def test_what_becomes_of(name: str, root: Path) -> None:
    case = CASES[name]
    table = root / case.name
    content = case.table.encode() if isinstance(case.table, str) else case.table
    table.write_bytes(content.replace(b"ROOT", str(root).encode()))
    at = {key: value.replace("ROOT", str(root)) for key, value in case.asked.items() if isinstance(value, str)}
    choice = DataChoice.model_validate({"name": str(table), **case.asked, **at})
    if case.refused:
        with pytest.raises(InputError, match=re.compile(case.refused, re.DOTALL)):
            find(choice)
        return
    found = find(choice)
    assert found.classes == tuple(case.classes.split("|" if "|" in case.classes else " "))
    assert len(found.paths) == case.pictures
    for path, label in zip(found.paths, found.labels, strict=True):
        letter = "ab"[int(path.stem, 16) % 2]
        name = found.classes[label].partition(",")[0]
        assert name.endswith(letter) or name == {"a": "10", "b": "9"}[letter]
    remarks = list(map(str, found.remarks))
    assert len(remarks) == len(case.notes), remarks
    for note, pattern in zip(remarks, case.notes, strict=True):
        assert re.search(pattern, note), note


def test_parts_and_groups_of_columns(root: Path) -> None:
    table = root / "parts.csv"
    table.write_text(lines("image,label,Subset,patient", "{id},{ab},train,p{group}").replace("train", "test", 8))
    found = find(DataChoice(name=str(table)))
    by_name = {
        path.stem: (part, group) for path, part, group in zip(found.paths, found.parts, found.groups, strict=True)
    }
    assert {part for part, _group in by_name.values()} == {TRAINING, TEST}
    assert by_name["000"] == (TEST, "p0")
    assert by_name["008"] == (TRAINING, "p1")
    loaded = data.load(DataChoice(name=str(table)))
    assert counts(loaded)[2] == [4, 4]
    assert sum(counts(loaded)[1]) % 8 == 0  # whole patients
    free = find(DataChoice(name=str(table), columns=("split=", "group=")))
    assert set(free.parts.tolist()) == {FREE}
    assert not free.groups
    assert VALIDATION not in free.parts


def test_parquet_is_as_csv(root: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    columns = {"image": IDS, "label": [n % 2 for n in range(40)], "box": [[1, 2]] * 40, "age": [None, 2.5] * 20}
    pyarrow.parquet.write_table(pyarrow.table(columns), root / "train.pq")
    found = find(DataChoice(name=str(root / "train.pq")))
    assert found.classes == ("0", "1")
    assert len(found.paths) == 40
    assert [str(note) for note in found.remarks] == ["Columns that hold more than one value are passed over: box."]


def test_loads_as_a_folder_of_the_same_does(root: Path, tmp_path: Path) -> None:
    """Not which folder a picture lies in decides its part, but the picture."""
    (root / "plain.csv").write_text(PLAIN)
    build(tmp_path, {f"{'ab'[n % 2]}/{one}.png": FILES[f"images/{one}.png"] for n, one in enumerate(IDS)})
    table, folder = (data.load(DataChoice(name=str(place))) for place in (root / "plain.csv", tmp_path))
    assert table.classes == folder.classes
    assert contents(table) == contents(folder)


def contents(loaded: data.ImageData) -> list[list[bytes]]:
    """Of each part the pictures of each class, in an order of their own."""
    return [
        sorted(image.tobytes() for image in split.images[split.labels == label].numpy())
        for split in (loaded.training, loaded.validation, loaded.test)
        for label in range(len(loaded.classes))
    ]


def test_what_was_decoded_for_one_division_is_in_order_for_another(root: Path) -> None:
    """Else a run would depend on what its pictures had been used for before."""
    (root / "free.csv").write_text(PLAIN)
    (root / "grouped.csv").write_text(lines("image,label,group", "{id},{ab},{group}"))
    first = data.load(DataChoice(name=str(root / "free.csv")))
    cache.clear()
    data.load(DataChoice(name=str(root / "grouped.csv")))
    again = data.load(DataChoice(name=str(root / "grouped.csv"), columns=("group=",)))
    assert np.array_equal(first.training.images.numpy(), again.training.images.numpy())
    assert np.array_equal(first.training.labels.numpy(), again.training.labels.numpy())


def test_the_card_knows_a_table_by_its_name_and_a_folder_offers_it(root: Path) -> None:
    (root / "plain.csv").write_text(PLAIN)
    source = look(str(root / "plain.csv"))
    assert (source.title, source.classes, source.training) == ("plain.csv", ("a", "b"), (14, 14))
    with pytest.raises(InputError, match=r"Did you mean the table .*\.csv"):
        look(str(root))


def test_columns_are_for_tables(root: Path) -> None:
    with pytest.raises(InputError, match="is a folder; columns and root are for a table"):
        find(DataChoice(name=str(root), columns=("label=x",)))
    loaded = data.load(DataChoice(name="fashion-mini", order=("a", "b")))
    assert "does not matter" in str(loaded.notes[-1])
    with pytest.raises(InputError, match=r"is a file\. Choose a folder of pictures, or a table"):
        find(DataChoice(name=str(root / "notes.md")))


@pytest.mark.slow
def test_a_million_rows(root: Path) -> None:
    rows = "".join(f"{IDS[n % 40]}.png,{n % 2}\n" if n % 3 else f"gone/{n}.png,1\n" for n in range(1_000_000))
    (root / "big.csv").write_text("image,label\n" + rows)
    found = find(DataChoice(name=str(root / "big.csv")))
    assert len(found.paths) == 40
    assert {one.count for one in found.passed_over} == {333_334, 666_626}
