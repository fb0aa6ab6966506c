"""Turns one picture file of any kind, as people have them, into a small square array."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from explorer.data.view import View
from explorer.i18n import N_, Message

if TYPE_CHECKING:
    from PIL.Image import Image

_ONLY_KNOWN_BY_NAME = frozenset({"BUFR", "GRIB", "HDF5", "MPEG", "WMF", "EPS", "PDF"})
"""Pillow tells these formats but does not decode them, or only with a program of somebody else's."""
_ORIENTATION = 0x0112
HEIC = frozenset({".heic", ".heif", ".hif"})
THUMB = 16, 16
FULL = 16
"""Bits of a pixel of such pictures, unless they use fewer."""
_NUMBERS = ("I", "F")
"""Modes of one large number for each pixel."""


class UnreadablePicture(Exception):  # noqa: N818 - a finding about a file, not a fault of ours
    """The file is no picture, a damaged one, or too large."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


@cache
def suffixes() -> frozenset[str]:
    """Of all files that can be read, in lower case, with the dot; .heic among them where its plug-in is installed."""
    from PIL import Image

    try:
        import pillow_heif

        pillow_heif.register_heif_opener()
    except ImportError:
        pass
    known = Image.registered_extensions()
    return frozenset(suffix for suffix, kind in known.items() if kind in Image.OPEN and kind not in _ONLY_KNOWN_BY_NAME)


def unread(found: Iterable[str]) -> Message:
    """What to say of files with suffixes that were `found` and are not read."""
    if any(suffix.lower() in HEIC for suffix in found):
        text = N_("Files that are not read (photographs in HEIC are, with the package pillow-heif)")
        return Message(text)
    return Message("Files that are not read")


class Picture(NamedTuple):
    """What a file shows."""

    image: NDArray[np.uint8]
    """(C, size, size)"""
    thumb: NDArray[np.uint8]
    """(C, 16, 16): by this it is compared with others."""
    more: bool
    """Whether the file holds more pages or frames than this first one."""


def read_picture(path: Path, view: View) -> Picture:
    """The picture in `path` as `view` says.

    Turned as the camera's EXIF note says, also where the rest of it is broken; transparent parts become white; 16-bit
    grey keeps as many of its bits as the view says; of several pages or frames the first. Raises UnreadablePicture if
    it cannot be decoded, or not without too much memory.
    """
    from PIL import Image

    suffixes()  # registers plug-ins
    try:
        with Image.open(path) as opened:
            # JPEG can decode at 1/2 to 1/8 of its size: photographs load several times faster. Others ignore it.
            opened.draft("RGB", (2 * view.size, 2 * view.size))
            if opened.width * opened.height > (Image.MAX_IMAGE_PIXELS or opened.width * opened.height):
                raise UnreadablePicture(
                    Message("too large: {width} × {height} pixels", width=opened.width, height=opened.height)
                )
            # Cameras put a preview behind the photograph (MPO), which nobody misses.
            more = opened.format != "MPO" and bool(getattr(opened, "is_animated", False))
            small = _fitted(_as_rgb(_upright(opened), view.bits), view)
            small = small if view.colour else small.convert("L")
    except UnreadablePicture:
        raise
    except Exception as error:  # whatever a decoder raises on damaged bytes; the caller counts and names them
        raise UnreadablePicture(_reason(path, error)) from error
    return Picture(_array(small), _array(small.resize(THUMB, Image.Resampling.BOX)), more)


def read_whole(path: Path, side: int, bits: int = FULL) -> NDArray[np.uint8]:
    """(H, W, 3): the whole picture in `path`, upright, at most `side` pixels long. Raises UnreadablePicture."""
    from PIL import Image

    suffixes()
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (side, side))
            picture = _as_rgb(_upright(opened), bits)
            picture.thumbnail((side, side))
            return np.asarray(picture, np.uint8)
    except Exception as error:  # whatever a decoder raises on damaged bytes
        raise UnreadablePicture(_reason(path, error)) from error


def _array(picture: Image) -> NDArray[np.uint8]:
    """(C, H, W)"""
    pixels = np.asarray(picture, np.uint8)
    return pixels[None].copy() if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


class PictureHeader(NamedTuple):
    """What the first bytes of a file say."""

    width: int
    height: int
    format: str
    mode: str


def header(path: Path) -> PictureHeader | None:
    """What the file claims to be, without decoding it; None if it cannot be told."""
    from PIL import Image

    try:
        with Image.open(path) as opened:
            return PictureHeader(opened.width, opened.height, opened.format or "", opened.mode)
    except Exception:  # whatever a decoder raises on damaged bytes
        return None


def _reason(path: Path, error: Exception) -> Message:
    """Why it could not be decoded, for people; never the path again."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning | MemoryError):
        return Message("too large to decode safely")
    if isinstance(error, PermissionError):
        return Message("no permission to read it")
    if isinstance(error, FileNotFoundError):
        return Message("it is no longer there")
    if isinstance(error, UnidentifiedImageError):
        return Message("not a picture") if _has_bytes(path) else Message("an empty file")
    if "truncated" in str(error):
        return Message("the file is cut short")
    return Message("damaged")


def _has_bytes(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _upright(picture: Image) -> Image:
    """Turned as EXIF says. ImageOps.exif_transpose writes the rest of EXIF anew, which fails where that is broken."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    try:
        turn = turns.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # of the many ways in which EXIF is broken; a picture that is itself damaged fails below
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _fitted(picture: Image, view: View) -> Image:
    from PIL import Image, ImageOps

    square, bicubic = (view.size, view.size), Image.Resampling.BICUBIC
    if view.fit == "stretch":
        return picture.resize(square, bicubic)
    if view.fit == "pad":
        return ImageOps.pad(picture, square, bicubic, color="black")
    return ImageOps.fit(picture, square, bicubic)


def _as_rgb(picture: Image, bits: int) -> Image:
    from PIL import Image

    if picture.mode.startswith(_NUMBERS):  # convert() would clip everything above 255 to white
        return Image.fromarray(_as_bytes(np.asarray(picture), bits)).convert("RGB")
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return picture.convert("RGB")


def _as_bytes(numbers: NDArray[np.generic], bits: int) -> NDArray[np.uint8]:
    """Whole numbers of so many `bits`, or fractions from 0 to 1, as 0 to 255."""
    grey = np.nan_to_num(numbers.astype(np.float64), posinf=0, neginf=0)
    fractions = numbers.dtype.kind == "f" and grey.max(initial=0) <= 1
    return np.clip(grey * 255 if fractions else grey / ((2**bits - 1) / 255), 0, 255).astype(np.uint8)
