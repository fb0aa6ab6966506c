"""Turns one picture file of any kind, as people have them, into a small square RGB array."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from explorer.errors import InputError
from explorer.i18n import _

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


class UnreadablePicture(Exception):  # noqa: N818 - a finding about a file, not a fault of ours
    """The file is no picture, or a damaged one."""


def read_picture(path: Path, size: int) -> NDArray[np.uint8]:
    """The middle square of the picture in `path`, uint8 (3, size, size).

    Turned as the camera's EXIF note says; transparent parts become white; 16-bit grey keeps its range.
    Raises UnreadablePicture if it cannot be decoded, InputError if decoding would take too much memory.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as opened:
            # JPEG can decode at 1/2 to 1/8 of its size: photographs load several times faster. Others ignore
            # it.
            opened.draft("RGB", (2 * size, 2 * size))
            upright = ImageOps.exif_transpose(opened)
            small = ImageOps.fit(_as_rgb(upright), (size, size), Image.Resampling.BICUBIC)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InputError(
            _("{path} is too large to decode safely ({reason}). Make it smaller or take it out.").format(
                path=path, reason=error
            )
        ) from error
    except Exception as error:  # whatever a decoder raises on damaged bytes; the caller counts and names them
        raise UnreadablePicture(str(error)) from error
    return np.ascontiguousarray(np.asarray(small, np.uint8).transpose(2, 0, 1))


def _as_rgb(picture: Image) -> Image:
    from PIL import Image

    if picture.mode.startswith("I"):  # convert() would clip everything above 255 to white
        grey = np.asarray(picture).astype(np.float64) / 257
        return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return picture.convert("RGB")
