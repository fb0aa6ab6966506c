"""Which pictures look the same: copies that were stored anew, resized or a little brighter.

A difference hash (each of 8 × 8 places: is it darker than its right neighbour?) finds candidates, the pixels decide.
The hash alone will not do: of drawings and digits, mostly background, many that differ share it. It is a few lines of
NumPy on what the network sees; the package imagehash brings SciPy and PyWavelets for the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ALIKE = 0.1
"""Greatest root of the mean squared difference of two pictures of equal mean and contrast 1. Of 25 whole photographs
and 269 pieces of them, 160 pixels wide, this share is found again after: half the size 100 and 94 %, JPEG at quality 75
100 and 82 %, at 30 92 and 56 %, WebP 96 and 64 %, a palette 100 and 96 %, contrast by a fifth 100 and 91 %, saturation
by a third 60 and 64 %, a margin of 1 % cut off each side 48 and 68 %, of 2.5 % 0 and 6 %, turned by 1 degree 36 and
25 %; a mirror image never. No two different ones of these, of 200 faces and of 2,100 gauges are taken for alike; of
1,797 digits one pair is, of the 6,000 clothes of fashion-mini two, each of one class (of the clothes 109 below 0.15).
"""
FLAT = 2.0
"""Contrast (standard deviation, of 255) below which pictures are alike only if their pixels are equal."""
_BANDS = 6
"""Pieces of a hash, one of which must be equal: finds pairs that differ in fewer bits than there are pieces."""
_WINDOW = 32
"""With how many neighbours in its order a hash is compared: 100,000 pictures stay a matter of seconds."""
_PAIRS = 4096
_ONES = np.array([number.bit_count() for number in range(256)], np.uint8)


def alike(thumbs: NDArray[np.uint8]) -> NDArray[np.int64]:
    """(P, 2): pairs of pictures that look the same, by their `thumbs` (N, C, 16, 16); the first before the second."""
    # 20,000 pictures take about a second: the cache keeps what comes of it.
    textured = np.flatnonzero(thumbs.reshape(len(thumbs), -1).std(axis=1) > FLAT)
    pairs = textured[_near(hashes(thumbs[textured]))]
    pieces = [pairs[start : start + _PAIRS] for start in range(0, len(pairs), _PAIRS)]
    return np.concatenate([piece[_same(thumbs[piece[:, 0]], thumbs[piece[:, 1]])] for piece in pieces] or [pairs])


def hashes(thumbs: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """(N,): difference hashes of (N, C, 16, 16)."""
    rows = thumbs.sum(axis=1, dtype=np.int32).reshape(-1, 8, 2, 16).sum(axis=2)
    bits = (rows[..., 1::2] > rows[..., ::2]).reshape(-1, 64)
    return np.packbits(bits, axis=1).view(np.uint64)[:, 0]


def _near(codes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """(P, 2): pairs of hashes that differ in fewer than _BANDS bits."""
    found = [np.empty((0, 2), np.int64)]
    octets = codes[:, None].view(np.uint8)
    for band in range(_BANDS):
        # Bits from all over the picture: with whole rows, all pictures on a plain ground would have one in common.
        piece = codes & np.uint64(sum(1 << bit for bit in range(band, 64, _BANDS)))
        order = np.lexsort((codes, piece))
        for shift in range(1, min(_WINDOW, len(order))):
            one, other = order[:-shift], order[shift:]
            equal = piece[one] == piece[other]
            if not equal.any():
                break
            one, other = one[equal], other[equal]
            apart = _ONES[octets[one] ^ octets[other]].sum(axis=1)
            found.append(np.sort(np.stack([one, other], axis=1)[apart < _BANDS], axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _same(some: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(P,): whether (P, C, 16, 16) are alike, apart from brightness and contrast."""
    apart = np.square(_standard(some) - _standard(others)).mean(axis=1)
    return np.asarray(apart < ALIKE**2, np.bool_)


def _standard(thumbs: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(P, C · 16 · 16) with mean 0 and contrast 1 over all channels together, as colours matter."""
    flat = thumbs.reshape(len(thumbs), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= flat.std(axis=1, keepdims=True)
    return flat
