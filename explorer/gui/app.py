"""Starts the window. Nothing heavy is imported before its first paint: torch waits for the first run.

Only on Windows torch comes first: its libraries do not load after Qt's there (pytorch#166628).
"""

from __future__ import annotations

import gc
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType

if sys.platform == "win32":
    import torch  # noqa: F401

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QApplication

from explorer.gui.settings import NAME, Memory, user_settings
from explorer.gui.translation import use_language
from explorer.gui.window import TITLE, Window
from explorer.i18n import _

BEGAN = time.time()
SWITCH_INTERVAL = 0.0005
"""Seconds after which the training thread hands the interpreter over; at Python's 5 ms the window's ticks wait."""
MEASURE = "--measure-start"


def main(argv: list[str] | None = None) -> int:
    """Show the window until it is closed. With --measure-start, print the seconds to the first paint and leave."""
    arguments = sys.argv[1:] if argv is None else argv
    sys.setswitchinterval(SWITCH_INTERVAL)
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication([NAME, *arguments])
    app.setApplicationName(NAME)
    app.setApplicationDisplayName(TITLE)
    memory = Memory(user_settings())
    use_language(memory.language)
    window = Window(memory)
    first = _First(window, MEASURE in arguments)
    window.painted.connect(first.painted)
    app.styleHints().colorSchemeChanged.connect(first.scheme_changed)
    sys.excepthook = first.report
    window.show()
    code = app.exec()
    sys.excepthook = sys.__excepthook__
    return code


class _First(QObject):
    """What happens around the window."""

    def __init__(self, window: Window, measure: bool) -> None:
        super().__init__(window)
        self._window, self._measure = window, measure

    @Slot()
    def painted(self) -> None:
        """What can wait until the window is seen."""
        gc.freeze()  # all that stays for ever need not be searched again and again
        if self._measure:
            print(f"{time.time() - process_start():.3f}")
            self._window.close()
            return
        self._window.show_example()

    @Slot()
    def scheme_changed(self) -> None:
        """The system has become light or dark."""
        self._window.follow_system()

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """An error in the window itself is shown in it; it does not end the program, nor the run."""
        details = "".join(traceback.format_exception(kind, error, trace))
        print(details, file=sys.stderr)
        if not issubclass(kind, KeyboardInterrupt):
            self._window.banner.say(
                _("Something went wrong in the window: {error}").format(error=f"{kind.__name__}: {error}"),
                _("The run is not touched by it. Please report this, with its details."),
                details,
            )


def process_start() -> float:
    """When this process began, in seconds since 1970; where the system does not say, when this module was imported."""
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        import os

        return time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return BEGAN


if __name__ == "__main__":
    sys.exit(main())
