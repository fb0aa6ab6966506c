"""Whether a window can be shown here, and if not, what to install. Asked before Qt is loaded, which would abort."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from pathlib import Path

from explorer.i18n import _

INVISIBLE = ("offscreen", "minimal", "vnc")
DEBIAN_PACKAGES = (
    "libegl1 libgl1 libopengl0 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 libxkbcommon-x11-0 libxcb-cursor0 "
    "libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0"
)


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
    return missing_for_pictures() or _missing("plugins/platforms/libqxcb.so")


def missing_for_pictures() -> str:
    """The same for drawing without a window."""
    return _missing("lib/libQt6Widgets.so.6")


def _missing(library: str) -> str:
    if not sys.platform.startswith("linux"):
        return ""
    package = importlib.util.find_spec("PySide6")
    if package is None or not package.submodule_search_locations:
        return _("PySide6 is not installed. Install it with: {line}").format(
            line=f"{sys.executable} -m pip install PySide6-Essentials"
        )
    path = Path(package.submodule_search_locations[0]) / "Qt" / library
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        found = re.match(r"(lib[\w.+-]+\.so[\d.]*): cannot open shared object", str(error))
        return _("Qt needs the system library {library}. On Debian or Ubuntu, install it with: {line}").format(
            library=found[1] if found else error,
            line=f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install -y {DEBIAN_PACKAGES}",
        )
    return ""
