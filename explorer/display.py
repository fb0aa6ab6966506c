"""Whether a window can be shown here, and if not, what to install. Asked before Qt is loaded, which would abort."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

from explorer.i18n import _
from explorer.resources import resource

INVISIBLE = ("offscreen", "minimal", "vnc")


def has_display() -> bool:
    """Whether somebody would see a window: on Linux, a Wayland or X server that is there."""
    if os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in INVISIBLE:
        return False
    if not sys.platform.startswith("linux"):
        return True
    if os.environ.get("WAYLAND_DISPLAY"):
        return True
    host, _colon, number = os.environ.get("DISPLAY", "").rpartition(":")
    if not number:
        return False
    if host not in ("", "unix"):
        return True  # another machine's display, or a forwarded one: Qt will find out
    name = f"/tmp/.X11-unix/X{number.partition('.')[0]}"
    # The server listens on a path, or on a name without a file.
    return Path(name).exists() or f"@{name}" in Path("/proc/net/unix").read_text(encoding="utf-8")


def missing_for_window() -> str:
    """Which system library the window lacks and the line that installs it; empty if none."""
    wayland = bool(os.environ.get("WAYLAND_DISPLAY"))
    return missing_for_pictures() or ("" if wayland else _missing("plugins/platforms/libqxcb.so"))


def missing_for_pictures() -> str:
    """The same for drawing without a window."""
    return _missing("lib/libQt6Widgets.so.6")


def _missing(part_of_qt: str) -> str:
    package = importlib.util.find_spec("PySide6")
    if not sys.platform.startswith("linux") or package is None or not package.submodule_search_locations:
        return ""
    part = Path(package.submodule_search_locations[0]) / "Qt" / part_of_qt
    if not part.exists() or not (problem := _load(str(part))):
        return ""
    lines = resource("debian-packages.txt").read_text(encoding="utf-8").split("\n")
    packages = [package for library, _space, package in (line.partition(" ") for line in lines) if _load(library)]
    return _("Qt cannot start: {problem}. On Debian or Ubuntu, install what it needs with:\n{line}").format(
        problem=problem,
        line=f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install -y {' '.join(packages)}",
    )


def _load(library: str) -> str:
    """Why the system cannot load `library`; empty if it can."""
    try:
        ctypes.CDLL(library)
    except OSError as error:
        return str(error)
    return ""
