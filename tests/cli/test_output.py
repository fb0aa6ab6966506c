"""Whatever an output cannot show becomes a replacement, and names and texts are no orders to the terminal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.__main__ import main
from explorer.cli.terminal import console
from explorer.runs import open_run

ODD = "[red]#a?%41[bold] 🙂 ж → :+1:"
TINY = ["--per-class", "10", "--batch-size", "32", "--width", "4", "--epochs", "1", "--instruments", "none"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with one run, whose name nobody's terminal shows whole."""
    folder = tmp_path_factory.mktemp("odd [b] # ж")
    run = folder / "runs" / ODD
    command = [sys.executable, "-m", "explorer", "train", *TINY, "--out", str(run)]
    environment = os.environ | {"PYTHONIOENCODING": "cp1252", "LANGUAGE": "ru", "PYTHONUTF8": "0"}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr.decode("cp1252")
    assert b"Traceback" not in done.stdout + done.stderr
    assert "[red]#a?%41[bold] ? ? ? :+1:" in done.stdout.decode("cp1252")
    assert open_run(run).ended is not None
    return folder


def printed(monkeypatch: pytest.MonkeyPatch, encoding: str, *arguments: str) -> tuple[int, str]:
    """The exit code and all that `arguments` make the program print in `encoding`; fails on an error that gets out."""
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
    with monkeypatch.context() as patched:
        for name, stream in streams.items():
            patched.setattr(sys, name, stream)
        code = main(list(arguments))
    for stream in streams.values():
        stream.flush()
    return code, "".join(stream.buffer.getvalue().decode(encoding) for stream in streams.values())  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("encoding", ["cp1252", "cp866", "ascii", "utf-8"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["list", "runs"], 0),
        (["list", "techniques"], 0),
        (["list", "data"], 0),
        (["describe", "normalization"], 0),
        (["describe", "[/]"], 2),
        (["export", ODD, "--to", "{target}", "--format", "csv"], 0),
        (["train", "--data", "нет [/red] 🙂"], 2),
        (["train", "--resume", "нет [/red] 🙂"], 2),
        (["compare", "[/red] ж"], 2),
        (["train", "--[/]", "→"], 2),
    ],
    ids=lambda given: given[0] + given[1][:5] if isinstance(given, list) else None,
)
def test_no_output_ends_in_a_traceback(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    encoding: str,
    language: str,
) -> None:
    monkeypatch.setenv("TRAINING_EXPLORER_RUNS", str(home / "runs"))
    monkeypatch.setenv("LANGUAGE", language)
    monkeypatch.setenv("COLUMNS", "200")
    given = [word.format(target=tmp_path / "[/] 🙂 ж") if word == "{target}" else word for word in arguments]
    found, text = printed(monkeypatch, encoding, *given)
    assert (found, bool(text)) == (code, True), text
    if arguments[0] == "list" and arguments[1] == "runs":
        assert ODD.encode(encoding, "replace").decode(encoding) in text
    if "[/]" in arguments:
        assert "[/]" in text
    monkeypatch.setenv("LANGUAGE", "en")
    printed(monkeypatch, "utf-8", "list", "data")


@pytest.mark.parametrize("encoding", ["cp1252", "cp866", "ascii", "utf-8"])
def test_json_loses_nothing(home: Path, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.setenv("TRAINING_EXPLORER_RUNS", str(home / "runs"))
    monkeypatch.setenv("LANGUAGE", "en")
    _code, text = printed(monkeypatch, encoding, "list", "runs", "--json")
    assert ODD in json.dumps(json.loads(text), ensure_ascii=False)


def test_the_terminal_takes_no_orders_from_names() -> None:
    terminal = console()
    with terminal.capture() as said:
        terminal.print("[red]a[/] :+1: [link=x]b[/link] [/nothing]")
    assert said.get() == "[red]a[/] :+1: [link=x]b[/link] [/nothing]\n"
