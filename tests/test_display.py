"""Whether a window can be shown, and what to install if not: asked without loading Qt."""

import os
import sys
from pathlib import Path

import pytest

from explorer import __main__, display

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X and Wayland are asked on Linux only")


@pytest.fixture(autouse=True)
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@linux
def test_a_display_is_a_server_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not display.has_display()
    monkeypatch.setenv("DISPLAY", ":987")
    assert not display.has_display(), "nobody listens there"
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert display.has_display()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert not display.has_display(), "nobody would see it"


@linux
def test_a_missing_library_gives_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(library: str) -> str:
        missing = "Qt6Widgets" in library or library in ("libEGL.so.1", "libxcb-icccm.so.4")
        return "libEGL.so.1: cannot open shared object file" if missing else ""

    monkeypatch.setattr(display, "_load", load)
    monkeypatch.setattr(display, "has_display", lambda: True)
    assert __main__.main([]) == 1
    said = capsys.readouterr().err
    assert "libEGL.so.1" in said
    assert f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install -y libegl1 libxcb-icccm4" in said


@linux
def test_nothing_is_missing_here() -> None:
    assert display.missing_for_pictures() == ""


def test_each_line_of_the_package_list_is_a_library_and_a_package() -> None:
    lines = (Path(__file__).parents[1] / "resources" / "debian-packages.txt").read_text(encoding="utf-8").splitlines()
    assert all(len(line.split(" ")) == 2 and ".so." in line for line in lines)
