"""The house rules that import-linter cannot see."""

import ast
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from explorer.networks import NETWORKS
from explorer.optimizers import OPTIMIZERS
from explorer.recipe import Recipe
from explorer.runs import RunRecord
from explorer.techniques import TECHNIQUES, Technique

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("module", ["explorer", "explorer.recipe", "explorer.runs", "explorer.cli.commands"])
def test_nothing_waits_for_torch_or_qt_before_it_needs_them(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('torch', 'PySide6', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_the_readme_shows_techniques_as_declared_and_claims_as_measured() -> None:
    script = runpy.run_path(str(ROOT / "packaging" / "build_readme.py"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "| `dropout` |" in readme
    assert "| Clipping rescues" in readme
    assert script["written"](readme) == readme


@pytest.mark.parametrize("declared", [Recipe, *TECHNIQUES, *NETWORKS, *OPTIMIZERS], ids=lambda kind: kind.__name__)
def test_every_field_carries_its_title(declared: type[BaseModel]) -> None:
    """But the `kind` of a network or an optimizer: that is what it is itself, under the class's title."""
    own = issubclass(declared, Technique)
    fields = {name: field for name, field in declared.model_fields.items() if own or name != "kind"}
    assert [name for name, field in fields.items() if not field.title] == []


def test_no_class_of_the_trainer_is_two() -> None:
    """About a dozen public methods and fifteen attributes at most; the loop itself fits a screen or two."""
    for path in (ROOT / "explorer" / "training").rglob("*.py"):
        for found in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(found, ast.ClassDef):
                continue
            methods = [one.name for one in found.body if isinstance(one, ast.FunctionDef) and one.name[0] != "_"]
            assert len(methods) <= 13, (found.name, methods)
            kept = {
                node.attr
                for node in ast.walk(found)
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
                and isinstance(node.value, ast.Name) and node.value.id == "self"
            }  # fmt: skip
            assert len(kept) <= 15, (found.name, kept)
    lines = (ROOT / "explorer" / "training" / "loop.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120


def test_what_is_wrong_is_said_in_the_language_of_whoever_reads_it() -> None:
    """An InputError carries a Message, not a text that was translated where it was raised.

    Files of lessons are read line by line in the terminal; what is wrong in them is told there and then.
    """
    for path in (ROOT / "explorer").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "InputError" and call.args:
                called = [getattr(node.func, "id", "") for node in ast.walk(call) if isinstance(node, ast.Call)]
                built = isinstance(call.args[0], ast.JoinedStr | ast.Constant)
                assert path.name == "reading.py" or not ("_" in called or built), (path, call.lineno)


def test_no_class_and_no_type_has_the_name_of_another() -> None:
    named: dict[str, list[str]] = {}
    for path in (ROOT / "explorer").rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
            names = [node.name] if isinstance(node, ast.ClassDef) else [getattr(one, "id", "") for one in targets]
            for name in names:
                if name[:1].isupper() and name != name.upper():
                    named.setdefault(name, []).append(path.name)
    assert {name: files for name, files in named.items() if len(files) > 1} == {}


def test_a_record_is_its_fold() -> None:
    """What is read off it stands beside it, in runs/timing.py and in the panels."""
    assert len([name for name in vars(RunRecord) if name[0] != "_"]) <= 13
