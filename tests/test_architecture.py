"""The house rules that import-linter cannot see."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("module", ["explorer", "explorer.recipe", "explorer.runs", "explorer.cli.commands"])
def test_nothing_waits_for_torch_or_qt_before_it_needs_them(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('torch', 'PySide6', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_the_readme_shows_every_technique_as_declared() -> None:
    script = runpy.run_path(str(ROOT / "packaging" / "build_readme.py"))
    assert script["techniques_table"]() in (ROOT / "README.md").read_text(encoding="utf-8")
