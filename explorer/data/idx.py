"""Reads IDX files, the format of MNIST and its successors: magic number, sizes, then bytes."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.errors import InputError
from explorer.i18n import Message

_UINT8 = 0x08


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of bytes in `path`, which is gzipped if its name ends in .gz.

    Source: the format's description at http://yann.lecun.com/exdb/mnist/.
    Raises InputError if the file cannot be read, is cut short, or is no IDX file of bytes with so many
    `dimensions`.
    """
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, str(error)) from error
    header = 4 + 4 * dimensions
    if len(raw) < header or raw[:4] != bytes((0, 0, _UINT8, dimensions)):
        raise _damaged(path, Message("it does not begin as an IDX file does"))
    shape = tuple(int(size) for size in np.frombuffer(raw, ">u4", dimensions, offset=4))
    expected = header + int(np.prod(shape, dtype=object))  # Python integers: a false header cannot overflow
    if len(raw) != expected:
        raise _damaged(path, Message("{have} bytes instead of {expected}", have=len(raw), expected=expected))
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape).copy()  # torch wants writable memory


def _damaged(path: Path, reason: Message | str) -> InputError:
    return InputError(
        Message("{path} is damaged ({reason}). Delete it and install or download it again.", path=path, reason=reason)
    )
