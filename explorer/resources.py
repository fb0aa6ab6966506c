"""The one place that finds resources/, beside the package in a checkout, inside it in a wheel or a frozen app; the
folder for what can be made or fetched again; and what is installed beside us.
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

CACHE_VARIABLE = "TRAINING_EXPLORER_CACHE"

_PACKAGE = Path(__file__).resolve().parent
_PLACES = (_PACKAGE / "_resources", _PACKAGE.parent / "resources")


def resource(*parts: str) -> Path:
    """Path of the bundled file or folder `parts`, whether or not it exists."""
    root = next((place for place in _PLACES if place.is_dir()), _PLACES[-1])
    return root.joinpath(*parts)


def version_of(package: str) -> str:
    """Which version of `package` is installed; a dash where none is, or a frozen program does not say."""
    import importlib.metadata  # 15 ms, which a start need not wait for

    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "–"


def cache_folder() -> Path:
    """The user's folder for weights and pictures that can be fetched or decoded again, whether or not it exists."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else user_cache_path("training-explorer", False)
