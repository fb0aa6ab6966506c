"""The command `training-explorer`: without arguments the window, or the terminal where there is no display."""

from __future__ import annotations

import gc
import io
import os
import sys

from explorer.i18n import set_language, system_language


def main(arguments: list[str] | None = None) -> int:
    """Run with `arguments` (default: the command line's) and return the exit code: 0 done, 1 failure, 2 bad input."""
    arguments = sys.argv[1:] if arguments is None else arguments
    set_language(system_language())
    _forgive()
    if arguments:
        from explorer.cli.commands import main as command_line

        return command_line(arguments)

    from explorer.display import has_display, missing_for_window

    if not has_display():
        from explorer.cli.without_display import train_without_display

        return train_without_display()
    if problem := missing_for_window():
        print(problem, file=sys.stderr)
        return 1
    # Looking for garbage and for plugins of pydantic takes a tenth of the time to the first paint, and finds nothing.
    gc.disable()  # until Window.tick
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from explorer.gui.app import main as window

    return window(sys.argv[:1])


def _forgive() -> None:
    """Whatever this terminal, pipe or file cannot show becomes a question mark from now on, and never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # there is none under pythonw, and tests may have put in another
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
