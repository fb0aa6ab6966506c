"""The one place that finds resources/: beside the package in a checkout, inside it in a wheel or a frozen app."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_PLACES = (_PACKAGE / "_resources", _PACKAGE.parent / "resources")


def resource(*parts: str) -> Path:
    """Path of the bundled file or folder `parts`, whether or not it exists."""
    root = next((place for place in _PLACES if place.is_dir()), _PLACES[-1])
    return root.joinpath(*parts)
