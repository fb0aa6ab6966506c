"""`training-explorer doctor`: what a report of a fault needs to say, and the usual troubles with their remedies."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from explorer import __version__
from explorer.cli.commands.base import Command
from explorer.display import has_display, missing_for_window
from explorer.i18n import _, language
from explorer.resources import cache_folder, version_of
from explorer.runs import runs_folder

PACKAGES = ("torch", "torchvision", "PySide6-Essentials", "pyqtgraph", "numpy", "pydantic", "msgspec", "pillow")
SECONDS = 1.0
"""Of the speed test."""
LITTLE = 2e9
"""Bytes free below which a long run may fail: a checkpoint of a large network has 0.5 GB, and two are kept."""


def facts() -> Iterator[tuple[str, str]]:
    """What and where everything is: (name, value), both for people."""
    yield "Training Explorer", __version__
    yield "Python", f"{platform.python_version()} · {platform.python_implementation()} · {sys.executable}"
    yield _("system"), f"{platform.platform()} · {platform.machine()}"
    for package in PACKAGES:
        yield package, version_of(package)
    yield _("processor"), _("{cores} cores").format(cores=os.cpu_count() or 1)
    yield _("display"), _("yes") if has_display() else _("no")
    yield _("language"), language()
    for name, folder in _folders():
        yield name, f"{folder} · " + _("{free:.1f} GB free").format(free=_free(folder) / 1e9)


def speed() -> Iterator[tuple[str, str]]:
    """What torch sees and does here: device, threads, and products of matrices for a second."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    yield _("device"), torch.cuda.get_device_name() if device == "cuda" else device
    yield _("threads"), str(torch.get_num_threads())
    side, done = 512, 0
    a = torch.rand(side, side, device=device)
    float((a @ a).sum())  # the first one loads what is needed
    began = perf_counter()
    while perf_counter() - began < SECONDS:
        float((a @ a).sum())
        done += 1
    gigaflops = 2 * side**3 * done / (perf_counter() - began) / 1e9
    yield (
        _("speed test"),
        _("{gigaflops:.0f} GFLOP/s in products of {side} × {side} matrices").format(gigaflops=gigaflops, side=side),
    )


def troubles() -> Iterator[str]:
    """What stands in the way here, each with its remedy."""
    if has_display() and (problem := missing_for_window()):
        yield problem
    for _name, folder in _folders():
        if not _writable(folder):
            yield _("{folder} cannot be written. Change its permissions, or name another folder.").format(folder=folder)
        elif _free(folder) < LITTLE:
            text = _("Only {free:.1f} GB are free at {folder}. Delete old runs, or make room.")
            yield text.format(free=_free(folder) / 1e9, folder=folder)
    for package in PACKAGES:
        if version_of(package) == "–":
            yield _("{package} is not installed. Install Training Explorer again.").format(package=package)


def _folders() -> Iterator[tuple[str, Path]]:
    yield _("runs"), runs_folder()
    yield _("cache"), cache_folder()


def _existing(folder: Path) -> Path:
    """`folder`, or what of the way to it is there."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())


def _free(folder: Path) -> int:
    return shutil.disk_usage(_existing(folder)).free


def _writable(folder: Path) -> bool:
    return os.access(_existing(folder), os.W_OK | os.X_OK)


def examine() -> int:
    """Print all of it; 0 if nothing stands in the way, else 1."""
    for name, value in (*facts(), *speed()):
        print(f"{name:18} {value}", flush=True)
    found = list(troubles())
    print()
    for trouble in found:
        print(f"! {trouble}")
    if not found:
        print(_("No trouble found."))
    return 1 if found else 0


COMMAND = Command(
    "doctor",
    lambda: _("say what a report of a fault needs, and find the usual troubles"),
    lambda _parser: None,
    lambda _options: examine(),
)
