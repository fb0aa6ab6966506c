"""Collect every text that people read into the catalogues of resources/locale, and compile them.

Run it after a text has changed: python packaging/build_locale.py. Translate what is new in the .po files, run it again.
Texts come from the calls of _, N_, ngettext, Message and Message.counted, and from the docstrings of techniques,
networks and optimizers, which are their manuals.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from explorer.networks import NETWORKS  # noqa: E402 - the path must be set first
from explorer.optimizers import OPTIMIZERS  # noqa: E402
from explorer.techniques import TECHNIQUES  # noqa: E402

LOCALE = ROOT / "resources" / "locale"
KEYWORDS = {"_": 1, "N_": 1, "Message": 1, "ngettext": 2, "counted": 2}
"""Calls with a text, and how many of their arguments are that text."""


def template() -> Catalog:
    """Every text of the program, in order of appearance."""
    catalog = Catalog(project="Training Explorer", fuzzy=False)
    for path in sorted((ROOT / "explorer").rglob("*.py")):
        for call in sorted(_calls(path), key=lambda call: (call.lineno, call.col_offset)):
            catalog.add(text_of(call), locations=[(path.relative_to(ROOT).as_posix(), call.lineno)])
    for kind in (*TECHNIQUES, *NETWORKS, *OPTIMIZERS):
        catalog.add(kind.manual(), locations=[(f"{kind.__module__.replace('.', '/')}.py", 1)])
    return catalog


def _calls(path: Path) -> Iterator[ast.Call]:
    """The calls with a text in `path`, also those within f-strings, which Babel's own extractor does not see."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and text_of(node):
            yield node


def text_of(call: ast.Call) -> str | tuple[str, ...]:
    """The text that `call` marks for translation, singular and plural if it has both; empty if it marks none."""
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    given = [argument.value for argument in call.args[: KEYWORDS.get(name, 0)] if isinstance(argument, ast.Constant)]
    if len(given) < KEYWORDS.get(name, 1) or not all(isinstance(text, str) for text in given):
        return ""
    return given[0] if len(given) == 1 else tuple(given)


def compile_catalogue(folder: Path) -> tuple[int, int]:
    """Bring the catalogue in `folder` up to date and compile it; how many texts it has, and how many untranslated."""
    po, mo = folder / "LC_MESSAGES" / "explorer.po", folder / "LC_MESSAGES" / "explorer.mo"
    po.parent.mkdir(parents=True, exist_ok=True)
    if po.exists():
        with po.open("rb") as file:
            catalog = read_po(file, locale=folder.name)
    else:
        catalog = Catalog(locale=folder.name, project="Training Explorer", fuzzy=False)
    catalog.update(template(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    with po.open("wb") as file:
        write_po(file, catalog, width=120, omit_header=False, ignore_obsolete=True, include_lineno=False)
    with mo.open("wb") as file:
        write_mo(file, catalog)
    messages = [message for message in catalog if message.id]
    untranslated = [m for m in messages if not (all(m.string) if isinstance(m.string, tuple) else m.string)]
    return len(messages), len(untranslated)


if __name__ == "__main__":
    for language in ("ru",):
        total, missing = compile_catalogue(LOCALE / language)
        print(f"{language}: {total} texts, {missing} not translated")
