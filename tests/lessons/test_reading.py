"""Bad lesson files: each is refused with its line and a remedy, and nothing in it acts."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import jsonschema
import pytest

from explorer.errors import InputError
from explorer.gui.panels import PANELS
from explorer.i18n import set_language
from explorer.lessons import Lesson, all_claims, read, shipped
from explorer.lessons.lesson import panel_names
from explorer.lessons.lines import line_of, places
from explorer.lessons.reading import LARGEST, parse
from explorer.resources import resource
from tests.lessons import SMALL

GOOD = SMALL.read_text(encoding="utf-8")
LONG = "x" * 20_001

BAD: dict[str, tuple[str, str, str]] = {
    # What is replaced, by what, and words of the error.
    "no version": ("version = 1\n", "", "version is missing. Add it"),
    "version of the future": ("version = 1", "version = 7", "Update Training Explorer"),
    "version as text": ("version = 1", 'version = "1"', "version is"),
    "no name": ('name = "small"\n', "", "name is missing. Add it"),
    "name with spaces": ('name = "small"', 'name = "a small one"', "small letters, digits and hyphens"),
    "name that is a path": ('name = "small"', 'name = "../../etc/passwd"', "small letters, digits and hyphens"),
    "name of another file": ('name = "small"', 'name = "other"', "Give both the same name"),
    "no title": ('title.en = "A small lesson"\ntitle.ru = "Небольшой урок"\n', "", "title is missing. Add it"),
    "no Russian title": ('title.ru = "Небольшой урок"\n', "", "title.ru is missing. Add it"),
    "no English goal": ('goal.en = "You know how a lesson is written."\n', "", "goal.en is missing. Add it"),
    "another language": ('goal.ru = "Вы', 'goal.de = "Вы', "goal.de"),
    "a text without languages": ('why.en = "Why?"\nwhy.ru = "Почему?"', 'why = "Why?"', "not a table"),
    "a number as text": ('why.en = "Why?"', "why.en = 3", "not a text. Put it in quotes"),
    "an empty text": ('why.en = "Why?"', 'why.en = ""', "Fill it in"),
    "a text of blanks": ('why.en = "Why?"', 'why.en = "  "', "Write it, in both languages"),
    "a text too long": ('why.en = "Why?"', f'why.en = "{LONG}"', "Shorten it"),
    "too many minutes": ("minutes = 3", "minutes = 600", "≤ 60"),
    "minutes in words": ("minutes = 3", 'minutes = "three"', "whole number"),
    "an unknown setting": ("minutes = 3", "minuts = 3", "Did you mean minutes?"),
    "no TOML": ('why.en = "Why?"', 'why.en = "Why?', "Mend it there"),
    "a key twice": ('name = "small"', 'name = "small"\nname = "small"', "Mend it there"),
    "a bracket left open": ("[[claim.rule]]", "[[claim.rule", "Mend it there"),
    "another section": ("[[step]]", "[[stage]]", "stage"),
    "an unknown card": ('cards = ["dropout"]', 'cards = ["droput"]', "Did you mean dropout?"),
    "cards that are no list": ('cards = ["dropout"]', 'cards = "dropout"', "Put it in brackets"),
    "an unknown field": ('fields = ["epochs"]', 'fields = ["epoch"]', "Did you mean epochs?"),
    "an unknown panel": ('panels = ["loss", "metrics"]', 'panels = ["loss", "metric"]', "Did you mean metrics?"),
    "a panel as a path": ('panels = ["loss", "metrics"]', 'panels = ["../window"]', "There is no panel"),
    "too many panels": ('panels = ["loss", "metrics"]', f"panels = {['loss'] * 5}", "4 at most"),
    "an unknown recipe": ('recipe = "quick"\nclaim', 'recipe = "quik"\nclaim', "Did you mean quick?"),
    "an unknown recipe of a claim": ('recipe = "quick"\nmeasure', 'recipe = "slow"\nmeasure', "[recipes.slow]"),
    "an unknown field of a recipe": ("width = 4", "widht = 4", "There is no setting widht"),
    "a bad value in a recipe": ("lr = 0.05", "lr = -0.05", "lr is -0.05; it must be > 0"),
    "an unknown technique in a recipe": ("techniques = { norm", "techniques = { xnorm", "There is no technique"),
    "an unknown setting of the images": ("data = { name = ", "data = { nam = ", "There is no setting data.nam"),
    "an unknown claim": ('claim = "dropout"', 'claim = "dropouts"', "Did you mean dropout?"),
    "a claim without a rule": (
        '[[claim.rule]]\nlower = "with"\nthan = "without"\nby = 0.01\n',
        "",
        "claim.1.rule is missing. Add it",
    ),
    "a claim without a measure": ('measure = "gap"\n', "", "Give the claim a `measure`"),
    "an unknown measure": ('measure = "gap"', 'measure = "gab"', "Did you mean gap?"),
    "a measure that is code": ('measure = "gap"', "measure = \"__import__('os').system('x')\"", "no measure"),
    "too many seeds": ("seeds = 2", "seeds = 200", "≤ 20"),
    "no seeds": ("seeds = 2", "seeds = 0", "≥ 1"),
    "an arm twice": ('name = "with"', 'name = "without"', "Rename one"),
    "an arm without a label": ('label.en = "with it"\nlabel.ru = "с ним"\n', "", "label is missing. Add it"),
    "an arm with an unknown technique": ("on.dropout", "on.dropuot", "Did you mean dropout?"),
    "an arm with a bad parameter": ("{ p = 0.3 }", "{ p = 3 }", "p"),
    "an arm switches an unknown one off": ("on.dropout = { p = 0.3 }", 'off = ["dropuot"]', "Did you mean dropout?"),
    "an arm sets an unknown field": ("on.dropout = { p = 0.3 }", "set = { lrr = 1 }", "There is no setting lrr"),
    "an arm of an unknown recipe": ("on.dropout = { p = 0.3 }", 'recipe = "slow"', "[recipes.slow]"),
    "a rule of two kinds": ('lower = "with"', 'lower = "with"\nhigher = "without"', "Write one rule for each"),
    "a rule without a comparison": ('than = "without"\n', "", "what it compares with"),
    "a rule of an unknown value": ('than = "without"', 'than = "whithout"', "Did you mean without?"),
    "a rule that is infinite": ("by = 0.01", "by = inf", "finite"),
    "a prediction of another kind": ('kind = "choice"', 'kind = "guess"', "choice, point, sketch"),
    "a prediction without a question": (
        'question.en = "Which gap is smaller?"\nquestion.ru = "Какой разрыв меньше?"\n',
        "",
        "question is missing. Add it",
    ),
    "an option of an unknown value": ('value = "with"', 'value = "wiht"', "Did you mean with?"),
    "an option that never comes out": ('value = "with"\n', "", "by `verdict`, or by `value`"),
    "a point without a value": ('kind = "choice"', 'kind = "point"', "which of the claim's values"),
    "a sketch without an arm": ('kind = "choice"', 'kind = "sketch"', "whose curve of what"),
    "an axis upside down": ('extreme = "lowest"', "low = 2.0\nhigh = 1.0", "less than `high`"),
    "HTML": ("Each value is", "<script>alert(1)</script>", "is HTML, which is not shown"),
    "an image tag": ("Each value is", '<img src="file:///etc/passwd">', "is HTML, which is not shown"),
    "a picture elsewhere": ("Each value is", "![x](../../secret.png)", "Put a PNG or JPEG beside the file"),
    "a picture at the root": ("Each value is", "![x](/etc/passwd.png)", "Put a PNG or JPEG beside the file"),
    "a picture from the network": ("Each value is", "![x](https://example.org/x.png)", "Put a PNG or JPEG beside"),
    "a picture that is none": ("Each value is", "![x](run.svg)", "Put a PNG or JPEG beside the file"),
    "a link that acts": ("Each value is", "[x](javascript:alert(1))", "begins with https://"),
    "a link to a file": ("Each value is", "[x](file:///etc/passwd)", "begins with https://"),
    "a link by reference": ("Each value is", "[x]\n[x]: smb://server/share\n", "begins with https://"),
    "text turned round": ("Each value is", "Each \u202e value is", "cannot be seen"),
    "a sign of the terminal": ('why.en = "Why?"', 'why.en = "Why\\u001b[2J?"', "cannot be seen"),
}  # fmt: skip


def said(text: str, folder: Path) -> str:
    """What `read` says of a file with `text`."""
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read(path)
    return str(error.value)


def test_there_are_enough_bad_files() -> None:
    assert len(BAD) >= 60
    assert all(old in GOOD for old, _new, _words in BAD.values())


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_line_and_remedy(case: str, tmp_path: Path) -> None:
    set_language("en")
    old, new, words = BAD[case]
    error = said(GOOD.replace(old, new, 1), tmp_path)
    assert words in error
    lines = [int(one.removeprefix("small.toml, line ").partition(":")[0]) for one in error.splitlines()]
    changed = GOOD[: GOOD.index(old)].count("\n") + 1
    assert min(abs(line - changed) for line in lines) <= (NEAR if case not in AROUND else 60), error
    assert len(error) < 4000


NEAR = 4
"""Lines from the change: what is missing is told at its table, and what is no technique at that of its arm."""
AROUND = {
    "no version",
    "no name",
    "no title",
    "an arm twice",
    "an option of an unknown value",
    "a claim without a rule",
    "an unknown technique in a recipe",
    "a claim without a measure",
}
"""Told at a table that is longer, or at the other one of two that do not go together."""


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_bytes(b"version = 1\nname = \xff\n")
    with pytest.raises(InputError, match=r"line 2: This is not UTF-8"):
        read(path)


def test_a_huge_file_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(InputError, match="Split it in two"):
        read(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Check the path"):
        read(tmp_path / "none.toml")


def test_deep_nesting_ends_with_an_error() -> None:
    with pytest.raises(InputError, match="TOML"):
        parse("a = " + "[" * 100_000, "deep.toml")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    error = said(GOOD.replace("width = 4", "widht = 4").replace("lr = 0.05", "lr = -1"), tmp_path)
    assert [line.partition(":")[0] for line in error.splitlines()] == ["small.toml, line 11", "small.toml, line 14"]


def test_a_russian_hears_it_in_russian(tmp_path: Path) -> None:
    set_language("ru")
    try:
        assert "small.toml, строка 4: Настройки minuts нет" in said(GOOD.replace("minutes = 3", "minuts = 3"), tmp_path)
    finally:
        set_language("en")


def test_lines_are_found_inside_tables_of_tables() -> None:
    found = places(GOOD)
    lines = GOOD.splitlines()
    assert lines[line_of(found, ("claim", 0, "arm", 1, "on", "dropout")) - 1] == "on.dropout = { p = 0.3 }"
    assert lines[line_of(found, ("step", 0, "prediction", "options", 1, "value")) - 1] == 'value = "with"'
    assert (
        lines[line_of(found, ("step", 0, "prediction", "options", 1, "nothing")) - 1] == "[[step.prediction.options]]"
    )
    assert line_of(found, ("none",)) == 1


def test_keys_in_long_texts_are_no_keys() -> None:
    assert ("b",) not in places("a = '''\nb = 3\n'''\nc = 1\n")
    assert places("a = '''\nb = 3\n'''\nc = 1\n")[("c",)] == 4


def test_every_panel_has_a_file_of_its_name() -> None:
    assert sorted(kind.name for kind in PANELS) == list(panel_names())


def test_the_lessons_of_the_program_are_good_and_their_schema_fits() -> None:
    schema = json.loads(resource("lessons", "lesson.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in (SMALL, *resource("lessons").glob("*.toml")):
        jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), schema)
        assert read(path).name == path.stem
    names = [claim.name for _lesson, claim in all_claims()]
    assert len(names) == len(set(names))
    assert all(lesson.minutes <= 10 for lesson in shipped())


def test_a_lesson_says_itself_in_the_language_in_use() -> None:
    lesson = read(SMALL)
    assert isinstance(lesson, Lesson)
    assert str(lesson.title) == "A small lesson"
    set_language("ru")
    assert str(lesson.title) == "Небольшой урок"
    set_language("en")


def test_nothing_of_qt_or_torch_is_needed_to_check_a_lesson() -> None:
    import subprocess
    import sys

    code = f"import sys; from explorer.lessons import read; from pathlib import Path; read(Path({str(SMALL)!r}));"
    code += "print([name for name in ('torch', 'PySide6') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=True)
    assert done.stdout.strip() == "[]"
