"""The house rules that import-linter cannot see."""

import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from explorer.techniques import TECHNIQUES

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "explorer").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_over_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_every_technique_stands_in_the_contract_of_independence() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    listed = next(c["modules"] for c in contracts if c["name"] == "techniques do not know each other")
    assert set(listed) == {technique.__module__ for technique in TECHNIQUES}


@pytest.mark.parametrize("module", ["explorer", "explorer.recipe", "explorer.runs", "explorer.cli"])
def test_nothing_waits_for_torch_or_qt_before_it_needs_them(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('torch', 'PySide6', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_the_readme_shows_every_technique_as_declared() -> None:
    script = runpy.run_path(str(ROOT / "packaging" / "build_readme.py"))
    assert script["techniques_table"]() in (ROOT / "README.md").read_text(encoding="utf-8")
