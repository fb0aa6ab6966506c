"""Write the tables of techniques and of measured claims into README.md, each between its two marks."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from explorer.i18n import set_language  # noqa: E402 - the path must be set first
from explorer.lessons.measured import measured, table  # noqa: E402
from explorer.techniques import TECHNIQUES  # noqa: E402


def techniques_table() -> str:
    """A Markdown table: technique, what it does, its parameters."""
    rows = ["| technique | what it does | parameters |", "|---|---|---|"]
    for technique in TECHNIQUES:
        parameters = ", ".join(f"`{name}`" for name in technique.model_fields)
        rows.append(f"| `{technique.name}` | {technique.summary} | {parameters} |")
    return "\n".join(rows)


def claims_table() -> str:
    """A Markdown table: claim, figures, verdict, as they were kept."""
    return table(measured()).rstrip()


TABLES = {"techniques": techniques_table, "claims": claims_table}


def written(text: str) -> str:
    """The README `text` with its tables made anew."""
    for name, made in TABLES.items():
        begin, end = f"<!-- {name}: written by packaging/build_readme.py -->", f"<!-- end of {name} -->"
        between = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        new = f"{begin}\n{made()}\n{end}"
        text = between.sub(lambda _match, new=new: new, text)
    return text


if __name__ == "__main__":
    set_language("en")
    readme = ROOT / "README.md"
    readme.write_text(written(readme.read_text(encoding="utf-8")), encoding="utf-8")
