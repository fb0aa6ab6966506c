"""How many of their bits pictures with 16 bits a pixel use: cameras and scanners fill 10, 12 or 14 of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from explorer.data.picture_file import FULL
from explorer.data.source import Found

SUFFIXES = frozenset({".png", ".tif", ".tiff", ".pgm", ".pnm", ".jp2", ".j2k", ".jpx"})
"""Of the formats that can hold more than 8 bits a pixel."""
LOOKED_AT = 64
"""Pictures from all over the set that are decoded for it: a second or two."""
LEAST = 8


def used(found: Found) -> int:
    """Bits that the brightest pixel of some of the pictures needs; FULL where none has more than 8, or it is black."""
    deep = [path for path in found.paths if path.suffix.lower() in SUFFIXES]
    some = deep[:: max(1, len(deep) // LOOKED_AT)]
    brightest = max(map(_brightest, some), default=0)
    return min(FULL, max(LEAST, brightest.bit_length())) if brightest else FULL


def _brightest(path: Path) -> int:
    """The greatest number in `path` if it has 16 bits a pixel; 0 if it has not, or cannot be read."""
    from PIL import Image

    try:
        with Image.open(path) as opened:
            return int(np.asarray(opened).max()) if opened.mode.startswith("I") else 0
    except Exception:  # whatever a decoder raises on damaged bytes
        return 0
