"""The script cut into cells: what it says, imports and settings, each definition, and at the end the run itself."""

from __future__ import annotations

import ast
import json
from typing import Any


def notebook(text: str) -> str:
    """The script `text` as nbformat 4.5; a notebook has no order of its own, so definitions come before the loop."""
    tree, lines = ast.parse(text), text.splitlines()
    said = ast.get_docstring(tree) or ""
    settings: list[str] = []
    definitions: dict[str, str] = {}
    for node in tree.body[1:]:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        code = "\n".join(lines[first - 1 : node.end_lineno])
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            definitions[node.name] = code
        elif not isinstance(node, ast.If):
            settings.append(code)
    loop = definitions.pop("train")
    run = "losses, measured = train()"
    cells = [_cell("markdown", said), *(_cell("code", code) for code in ("\n".join(settings), *definitions.values()))]
    cells += [_cell("code", loop), _cell("code", run)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _cell(kind: str, text: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
