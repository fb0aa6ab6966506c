"""Rebuilds resources/data/fashion-mini.npz and its .md from the Debian package dataset-fashion-mnist.

    python packaging/build_fashion_mini.py [folder with the four idx files]

The same input and zlib give the same bytes. Another zlib may compress differently; the arrays stay equal.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from explorer.data import fashion  # noqa: E402
from explorer.data.base import Arrays, stratified  # noqa: E402

ABOUT = """\
# fashion-mini.npz

A selection of [Fashion-MNIST](https://github.com/zalandoresearch/fashion-mnist) (Xiao, Rasul, Vollgraf 2017,
arXiv 1708.07747): grey 28×28 pictures of ten kinds of clothing.

| split | images | per class | from the official |
|---|---|---|---|
| training | 6,000 | 600 | training set |
| validation | 2,000 | 200 | training set, other images than above |
| test | 2,000 | 200 | test set |

Arrays: `<split>_images` uint8 (N, 1, 28, 28), `<split>_labels` uint8 (N,). The images are unchanged, in their
official order, picked at random within each class (seed {seed}). No training image is among the 5,000
validation images that the app takes from the full set.

Made by `packaging/build_fashion_mini.py` from the Debian package `dataset-fashion-mnist`
(0.0~git20200523.55506a9-1); compressed with zlib {zlib}.

    SHA-256 of the file    {file}
    SHA-256 of the arrays  {arrays}

## Licence

The MIT License (MIT). Copyright © 2017 Zalando SE, https://tech.zalando.com

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the
Software, and to permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions
of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED
TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL
THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
DEALINGS IN THE SOFTWARE.
"""


def select(folder: Path) -> dict[str, NDArray[np.uint8]]:
    """The six arrays, in the order in which they are written."""
    train, test = fashion.read_official(folder, "train"), fashion.read_official(folder, "test")
    size = fashion.MINI_PER_CLASS

    def first(count: int, split: Arrays) -> NDArray[np.int64]:
        """The first `count` of each class in an order that never changes."""
        return stratified(split.labels, [count] * len(fashion.CLASSES), fashion.SPLIT_SEED)

    # A network trained on this selection may go on with the full set: none of its training images may be
    # among
    # the full set's validation images, which are the first FULL_VALIDATION_PER_CLASS.
    held_out = fashion.FULL_VALIDATION_PER_CLASS
    training = np.setdiff1d(first(held_out + size["training"], train), first(held_out, train))
    splits: dict[str, Arrays] = {
        "training": train.take(training),
        "validation": train.take(first(size["validation"], train)),
        "test": test.take(first(size["test"], test)),
    }
    arrays: dict[str, NDArray[np.uint8]] = {}
    for name, split in splits.items():
        arrays[f"{name}_images"] = split.images
        arrays[f"{name}_labels"] = split.labels.astype(np.uint8)
    return arrays


def pack(arrays: dict[str, NDArray[np.uint8]]) -> bytes:
    """An .npz as numpy.savez_compressed writes it, but with fixed time stamps, rights and system."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o644 << 16
            raw = io.BytesIO()
            np.lib.format.write_array(raw, array, version=(1, 0), allow_pickle=False)
            archive.writestr(member, raw.getvalue(), compresslevel=9)
    return packed.getvalue()


def about(packed: bytes, arrays: dict[str, NDArray[np.uint8]]) -> str:
    """The page that goes with the file."""
    contents = hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest()
    return ABOUT.format(
        seed=fashion.SPLIT_SEED,
        zlib=zlib.ZLIB_RUNTIME_VERSION,
        file=hashlib.sha256(packed).hexdigest(),
        arrays=contents,
    )


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else fashion.DEBIAN_FOLDER
    arrays = select(folder)
    packed = pack(arrays)
    target = ROOT / "resources" / "data" / "fashion-mini.npz"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(packed)
    target.with_suffix(".md").write_text(about(packed, arrays), encoding="utf-8", newline="\n")
    print(f"{target}: {len(packed):,} bytes")


if __name__ == "__main__":
    main()
