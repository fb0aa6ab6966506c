"""The command line for tests: in this process, unless the process itself is the point (5 s each on 2 busy cores)."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from explorer.__main__ import main
from explorer.i18n import language, set_language


def around(home: Path, **more: str) -> dict[str, str]:
    """The environment of a terminal without a display, whose runs are in `home`."""
    variables = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    return variables | {"TRAINING_EXPLORER_RUNS": str(home / "runs"), "LANGUAGE": "en", "PYTHONUTF8": "1"} | more


def run(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `training-explorer ARGUMENTS` prints and returns; an error that would leave a traceback is raised here."""
    before, out, err = language(), io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, around(home, **environment), clear=True),
        mock.patch.object(sys, "stdout", out),
        mock.patch.object(sys, "stderr", err),
    ):
        try:
            code = main(list(arguments))
        except SystemExit as end:  # --help
            code = int(end.code or 0)
        finally:
            set_language(before)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def run_alone(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "explorer", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=around(home, **environment), timeout=120)
