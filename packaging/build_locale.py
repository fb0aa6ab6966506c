"""Collect every text that people read into the catalogues of resources/locale, and compile them.

Run it after a text has changed: python packaging/build_locale.py. Translate what is new in the .po files, run it again.
Texts come from the calls of _, N_, ngettext, Message and Message.counted, and from the docstrings of techniques,
networks and optimizers, which are their manuals.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from explorer.networks import NETWORKS  # noqa: E402 - the path must be set first
from explorer.optimizers import OPTIMIZERS  # noqa: E402
from explorer.techniques import TECHNIQUES  # noqa: E402

LOCALE = ROOT / "resources" / "locale"


def template() -> Catalog:
    """Every text of the program, in order of appearance."""
    catalog = Catalog(project="Training Explorer", fuzzy=False)
    keywords = {"_": None, "N_": None, "ngettext": (1, 2), "Message": None, "counted": (1, 2)}
    found = extract_from_dir(ROOT / "explorer", keywords=keywords)
    for file, line, message, _comments, _context in sorted(found, key=lambda entry: (entry[0], entry[1])):
        catalog.add(message, locations=[(f"explorer/{Path(file).as_posix()}", line)])
    for kind in (*TECHNIQUES, *NETWORKS, *OPTIMIZERS):
        catalog.add(kind.manual(), locations=[(f"{kind.__module__.replace('.', '/')}.py", 1)])
    return catalog


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
