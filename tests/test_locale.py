"""The Russian catalogue: complete, correct in its placeholders, compiled, and in use."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from explorer.i18n import _, language, ngettext, set_language
from explorer.techniques import TECHNIQUES

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "locale" / "ru" / "LC_MESSAGES"
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
SAME_IN_RUSSIAN = frozenset({"[{default}]", "Enter", "α", "γ", "ε", "σ", "β", "ρ", "β₁, β₂", "AdamW", "Muon", "SGD"})
"""Texts without a word to translate: symbols and mere placeholders."""

Key = str | tuple[str, ...]


@pytest.fixture(scope="module")
def template() -> Catalog:
    """Every text of the program as it is now."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = runpy.run_path(str(ROOT / "packaging" / "build_locale.py"), run_name="build_locale")
        return script["template"]()


@pytest.fixture(scope="module")
def russian() -> Catalog:
    with (FOLDER / "explorer.po").open("rb") as file:
        return read_po(file, locale="ru")


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    before = language()
    yield
    set_language(before)


def messages(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def key(message: Message) -> str:
    """What the catalogue is asked for: the text, or its singular."""
    return message.id[0] if isinstance(message.id, tuple | list) else message.id


def forms(message: Message) -> tuple[str, ...]:
    """The translation, or all of its plural forms."""
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string,)


def placeholders(text: str) -> set[tuple[str, str, str]]:
    """Name, format and conversion of all placeholders."""
    parts = Formatter().parse(text)
    return {(name, form or "", how or "") for _before, name, form, how in parts if name is not None}


def test_every_text_is_translated(template: Catalog, russian: Catalog) -> None:
    translated = {key(message): forms(message) for message in messages(russian)}
    missing = [key(message) for message in messages(template) if not all(translated.get(key(message), ("",)))]
    assert not missing, "Run packaging/build_locale.py and translate what is new."


def test_placeholders_are_those_of_the_source(russian: Catalog) -> None:
    manuals = {technique.manual() for technique in TECHNIQUES}  # never formatted; their braces would be text
    wrong = [
        (key(message), form)
        for message in messages(russian)
        if key(message) not in manuals
        for form in forms(message)
        if placeholders(form) != placeholders(key(message))
    ]
    assert not wrong


def test_edges_and_paragraphs_are_those_of_the_source(russian: Catalog) -> None:
    for message in messages(russian):
        source = key(message)
        for form in forms(message):
            assert (source[0].isspace(), source[-1].isspace()) == (form[0].isspace(), form[-1].isspace()), source
            assert source.count("\n\n") == form.count("\n\n"), source


def test_the_compiled_catalogue_is_up_to_date(russian: Catalog) -> None:
    with (FOLDER / "explorer.mo").open("rb") as file:
        compiled = {key(message): forms(message) for message in messages(read_mo(file))}
    assert compiled == {key(message): forms(message) for message in messages(russian) if all(forms(message))}


def test_every_translation_is_russian(russian: Catalog) -> None:
    other = [key(m) for m in messages(russian) if not all(CYRILLIC.search(form) for form in forms(m))]
    assert set(other) <= SAME_IN_RUSSIAN


def test_manuals_keep_formulas_and_papers(russian: Catalog) -> None:
    translated = {key(message): forms(message)[0] for message in messages(russian)}
    for technique in TECHNIQUES:
        english, manual = technique.manual(), translated[technique.manual()]
        papers = re.compile(r"arXiv\s+(\d{4}\.\d{4,5})")
        assert papers.findall(manual) == papers.findall(english), technique.name


def test_language_switches_both_ways() -> None:
    set_language("ru")
    assert (language(), _("Dropout")) == ("ru", "Дропаут")
    set_language("en")
    assert (language(), _("Dropout")) == ("en", "Dropout")


def test_a_language_we_do_not_have_means_english() -> None:
    set_language("xx")
    assert (language(), _("Dropout")) == ("en", "Dropout")


def test_what_is_not_in_the_catalogue_stays_as_it_is() -> None:
    set_language("ru")
    assert _("no such text anywhere") == "no such text anywhere"
    assert _("") == ""


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 эпоха"), (2, "2 эпохи"), (5, "5 эпох"), (11, "11 эпох"), (21, "21 эпоха")]
)
def test_plural_forms(n: int, said: str) -> None:
    set_language("ru")
    text = ngettext("{n} epoch in {time}", "{n} epochs in {time}", n).format(n=n, time="3 с")
    assert text == f"{said} за 3 с"


def test_the_command_line_speaks_russian() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "explorer", "list", "techniques"],
        cwd=ROOT,
        env=os.environ | {"LANGUAGE": "ru", "PYTHONUTF8": "1", "COLUMNS": "200"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert "Дропаут" in done.stdout or "обнуляет случайную долю признаков" in done.stdout
    assert "Zeroes a random share" not in done.stdout
