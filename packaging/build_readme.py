"""Write the table of techniques into README.md from the declarations, between its two marks."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from explorer.techniques import TECHNIQUES  # noqa: E402 - the path must be set first

BEGIN, END = "<!-- techniques: written by packaging/build_readme.py -->", "<!-- end of techniques -->"


def techniques_table() -> str:
    """A Markdown table: technique, what it does, its parameters."""
    rows = ["| technique | what it does | parameters |", "|---|---|---|"]
    for technique in TECHNIQUES:
        parameters = ", ".join(f"`{name}`" for name in technique.model_fields)
        rows.append(f"| `{technique.name}` | {technique.summary} | {parameters} |")
    return "\n".join(rows)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    between = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    table = f"{BEGIN}\n{techniques_table()}\n{END}"
    readme.write_text(between.sub(lambda _match: table, text), encoding="utf-8")
